"""Makes the README's pictures of `siamsa serve` in docs/images: python -m docs.make_screenshots

To be run in the project's folder. A clip is rendered, served and tracked in Chromium as a person would do it.
serve.jpg: the desk, two targets, one of which a leaf hides for a while. serve-phone.jpg: the same on a telephone, in
the dark. Needs what the browser tests need: Chromium, Playwright, and the extra `web`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.web import browser
from tests.web.browser import CHROMIUM, FLAGS, Desk, Sample, render, serving
from tracker.box import Box
from tracker.data.render import Clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).resolve().parent / "images"
CLIP = Clip(120, (640, 480), seed=2, hidden=12)  # a ladybird walks under a leaf, another one passes
OTHER = Box(503, 222, 80, 72)  # where the other one is in the first frame
MOMENT = 106  # the first is found again, the other one is under the leaf
LARGEST = 200_000  # bytes
DESK: dict[str, Any] = {"viewport": {"width": 1200, "height": 770}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "color_scheme": "dark",
}


def main() -> None:
    """Make both pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=IMAGES, metavar="DIR", help="other folder than docs/images")
    folder = parser.parse_args().output
    from playwright.sync_api import sync_playwright

    browser.SIZE = CLIP.size
    with tempfile.TemporaryDirectory() as videos:
        sample = render(Path(videos) / "garden.mp4", CLIP)
        with serving("--videos", videos) as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for name, look in (("serve.jpg", DESK), ("serve-phone.jpg", PHONE)):
                save(folder / name, tracked(chromium, address, sample, look))
            chromium.close()


def tracked(chromium: Browser, address: str, sample: Sample, look: dict[str, Any]) -> Desk:
    """A page with both targets drawn, named and tracked to the end, at the MOMENT."""
    desk = Desk(chromium.new_page(**look), address).open(sample.path.name)
    desk.fastest()
    for box, name in ((sample.boxes[0], "ladybird"), (OTHER, "the other")):
        desk.draw(box)
        desk.page.keyboard.press("F2")
        desk.page.keyboard.type(name)
        desk.page.keyboard.press("Enter")
    desk.track()
    desk.page.get_by_role("button", name="Choose ladybird").click()
    desk.seek(MOMENT)
    desk.until(lambda: desk["news"].inner_text() == "Paused", "news of a moment do not go")
    desk["picture"].hover(position={"x": 4, "y": 4})
    desk.page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    return desk


def save(path: Path, desk: Desk) -> None:
    """Write what is seen, at the best quality that is small enough."""
    for quality in range(90, 40, -6):
        path.write_bytes(desk.page.screenshot(type="jpeg", quality=quality))
        if path.stat().st_size <= LARGEST:
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
            return
    raise SystemExit(f"{path}: larger than {LARGEST / 1000:.0f} kB")


if __name__ == "__main__":
    main()
