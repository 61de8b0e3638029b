"""A telephone: 360 x 740, touch only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.browser import Desk, Sample, overlap
from tracker.box import Box

pytestmark = pytest.mark.slow
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}

# Controls that are seen, as [name, width, height, whether they can be hit].
CONTROLS = """(root) => [...document.querySelector(root).querySelectorAll("button, select, input, canvas, a[href]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(".sr, [readonly]"))
  .map((one) => one.closest("label.check") || one)
  .map((one) => {
    one.scrollIntoView({ block: "center", behavior: "instant" });
    const { left, top, width, height } = one.getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    const inside = left >= 0 && left + width <= innerWidth;
    return [one.id || one.getAttribute("aria-label") || one.innerText, width, height,
      inside && Boolean(hit) && (hit === one || one.contains(hit))];
  })"""


def touch(desk: Desk, box: Box) -> None:
    """Draw with a finger."""
    client = desk.page.context.new_cdp_session(desk.page)
    corners = [(box.x, box.y), (box.x + box.w / 2, box.y + box.h / 2), (box.x + box.w, box.y + box.h)]
    points = [desk.place(*corner) for corner in corners]
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), points, strict=True):
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def fits(desk: Desk, root: str = "body") -> None:
    """Nothing is wider than the screen, every control can be reached and is as large as a finger."""
    assert desk.page.evaluate("document.scrollingElement.scrollWidth") <= 360
    controls = desk.page.evaluate(CONTROLS, root)
    assert controls
    assert [one for one in controls if one[1] < 44 or one[2] < 44] == []
    assert [one[0] for one in controls if not one[3]] == []
    desk.page.evaluate("scrollTo(0, 0)")


def helps(desk: Desk) -> None:
    """Gestures come first; it is seen that the dialog goes on below, and at its end it can still be closed."""
    first, keys = desk["gestures"].bounding_box(), desk["keys"].bounding_box()
    assert first is not None and keys is not None and first["y"] + first["height"] < keys["y"]
    dialog = "const dialog = document.getElementById('help-dialog');"
    assert desk.page.evaluate(f"{dialog} dialog.scrollHeight > dialog.clientHeight")
    style = "getComputedStyle(dialog, '::-webkit-scrollbar').width, getComputedStyle(dialog, '::after').position"
    bar = desk.page.evaluate(f"{dialog} [{style}]")  # the browser of the tests hides all bars
    assert bar == ["9px", "sticky"], "neither a scroll bar shows nor does the text fade"
    desk.page.evaluate(f"{dialog} dialog.scrollTo(0, dialog.scrollHeight)")
    close = desk["help-close"].bounding_box()
    assert close is not None and close["y"] >= 0


def test_a_small_screen(desk: Callable[..., Desk], samples: dict[str, Sample]) -> None:
    sample = samples["short"]
    page = desk(**PHONE).open()
    page.page.get_by_role("button", name="short.mp4").wait_for()
    fits(page)
    page.page.get_by_role("button", name="short.mp4").tap()
    page.wait_for_picture()
    fits(page)
    touch(page, sample.boxes[0])
    page.until(lambda: page.targets == 1, "the box is not taken")
    page["track"].tap()
    page.until(lambda: page.frame > 8, "it does not track")
    page["track"].tap()
    page.until(lambda: page["track-word"].inner_text() == "Track", "it does not pause")
    drawn = page.known(0)
    assert drawn is not None
    assert overlap([drawn], [sample.boxes[0]]) > 0.85
    fits(page)
    page["help"].tap()
    fits(page, "#help-dialog")
    helps(page)
    page["help-close"].tap()
    page.page.set_viewport_size({"width": 740, "height": 360})  # turned
    assert page.page.evaluate("document.scrollingElement.scrollWidth") <= 740
    for id in ("picture", "track", "scrub", "timeline-box"):
        place = page[id].bounding_box()
        assert place is not None and place["y"] + place["height"] <= 360, f"{id} is below the fold"
    at = page["picture"].bounding_box()
    assert at is not None
    assert at["height"] >= 200
