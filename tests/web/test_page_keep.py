"""Work is not lost: questions before it ends, what was removed comes back, Back and reload find it, an end is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.web.browser import SIZE, Desk, Sample, serving
from tracker.box import Box
from tracker.formats import read_rows

pytestmark = pytest.mark.slow
Open = Callable[..., Desk]
IDLE = 4
HIDE = "Object.defineProperty(document, 'visibilityState', { get: () => window.hide ? 'hidden' : 'visible' })"


@pytest.fixture(scope="module")
def served(playwright: object, samples: dict[str, Sample], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clips")
    for name, sample in samples.items():
        (folder / f"{name}.mp4").write_bytes(sample.path.read_bytes())
    writer = cv2.VideoWriter(str(folder / "single.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, SIZE)
    writer.write(np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))
    writer.release()
    with serving("--videos", str(folder), "--idle", str(IDLE)) as address:
        yield address


def with_steps(desk: Desk, sample: Sample, steps: int = 4) -> Desk:
    """A video with a target that was followed a little."""
    desk.open("short.mp4")
    desk.draw(sample.boxes[0])
    for frame in range(1, steps + 1):
        desk["step"].click()
        desk.until(lambda frame=frame: desk.shows(frame), "no step")
    return desk


def choose(desk: Desk, video: str) -> None:
    desk["change"].click()
    desk.page.get_by_role("button", name=video).click()


def test_another_video_does_not_end_work_without_a_question(
    desk: Open, samples: dict[str, Sample], tmp_path: Path
) -> None:
    page = with_steps(desk(), samples["short"])
    choose(page, "hidden.mp4")
    page["ask-dialog"].wait_for()
    assert page.page.evaluate("document.activeElement.id") == "ask-no"
    page.page.keyboard.press("Escape")
    page["picture"].wait_for()
    assert page.targets == 1 and page.known(4) is not None and "short" in page["source-name"].inner_text()
    page.download("csv", tmp_path)
    choose(page, "hidden.mp4")  # nothing is lost now
    page.until(lambda: "hidden" in page["source-name"].inner_text(), "it asks although all was saved")
    page.wait_for_picture()
    page.draw(Box(40, 40, 50, 50))
    choose(page, "short.mp4")
    page["ask-yes"].click()
    page.until(lambda: "short" in page["source-name"].inner_text() and page.targets == 0, "it is not opened")


def test_a_removed_target_comes_back(desk: Open, samples: dict[str, Sample]) -> None:
    page = with_steps(desk(), samples["short"])
    before = page.known(3)
    assert before is not None
    page.page.keyboard.press("Delete")
    page.until(lambda: page.targets == 0, "not removed")
    assert page["message-text"].inner_text() == "Removed target 1"
    page["message-act"].click()
    page.until(lambda: page.targets == 1, "it does not come back")
    assert page.near(page.known(3), before, 0.01)
    page["picture"].focus()
    page.page.keyboard.press("Delete")
    page.until(lambda: page.targets == 0, "not removed")
    page.page.keyboard.press("Control+z")
    page.until(lambda: page.targets == 1, "the key does not take it back")
    assert page.near(page.known(3), before, 0.01)


def test_a_page_that_is_seen_keeps_its_session(desk: Open, samples: dict[str, Sample]) -> None:
    page = with_steps(desk(), samples["short"], 1)
    for step in range(8):  # a third of the time-out each: nobody asks for anything
        page.page.wait_for_timeout(IDLE * 1000 / 3)
        page.page.mouse.move(300 + 5 * step, 300)
    assert page["message"].is_hidden() and page["track"].is_enabled()
    assert page.known(1) is not None


def test_an_end_is_warned_of_and_told_and_it_can_be_opened_again(desk: Open, samples: dict[str, Sample]) -> None:
    page = desk(may_log="status of 4")
    page.page.add_init_script(HIDE)
    with_steps(page, samples["short"], 1)
    page.page.evaluate("window.hide = true")
    page["message-act"].wait_for()
    assert page["message-act"].inner_text() == "Keep it"
    page["message-act"].click()
    page.until(lambda: page["message"].is_hidden(), "the warning stays")
    assert page.known(1) is not None
    page.until(lambda: page["news"].inner_text() == "Ended", "it does not end", 20)
    assert "nothing was heard of it for 4 s" in page["message-text"].inner_text()
    for id in ("track", "step", "scrub", "new-box", "speed"):
        assert page[id].is_disabled(), id
    assert page["track-word"].inner_text() == "Track" and page["rate"].inner_text() == ""
    assert page.page.locator("[data-form=csv]").is_disabled()
    assert "gone" in page["downloads-why"].inner_text()
    page.page.evaluate("window.hide = false")
    page.page.get_by_role("button", name="Open it again").click()
    page.wait_for_picture()
    page.until(lambda: page.targets == 0, "the old targets are still listed")
    page.draw(samples["short"].boxes[0])


def test_a_video_opens_with_its_picture_in_view(desk: Open) -> None:
    page = desk(viewport={"width": 740, "height": 300}).open()
    button = page.page.get_by_role("button", name="short.mp4")
    button.scroll_into_view_if_needed()
    assert page.page.evaluate("scrollY") > 0
    button.click()
    page.wait_for_picture()
    assert page.page.evaluate("scrollY") == 0


def test_back_goes_to_the_list_and_forward_to_the_picture(desk: Open, samples: dict[str, Sample]) -> None:
    page = with_steps(desk(), samples["short"], 1)
    page.page.go_back()
    page["chooser"].wait_for()
    page.page.go_forward()
    page["picture"].wait_for()
    assert page.targets == 1
    page["change"].click()
    page["chooser-back"].click()
    page["picture"].wait_for()
    page.page.reload()
    page.wait_for_picture()
    page.until(lambda: page.targets == 1, "the reload lost it")
    page.page.go_back()
    page["chooser"].wait_for()
    assert page.page.url == page.address


def test_trails_and_hints_are_right_after_a_reload(desk: Open, samples: dict[str, Sample]) -> None:
    page = desk().open("short.mp4")
    page.draw(samples["short"].boxes[0])
    page.fastest()
    page.track()
    page.page.reload()
    page.wait_for_picture()
    page.until(
        lambda: page.targets == 1 and "of 1 target" in (page["timeline"].get_attribute("aria-label") or ""), "lost"
    )
    page.seek(59)
    assert "goes on" not in page["news"].inner_text() + page["hint"].inner_text()

    def seen() -> np.ndarray:
        page.page.wait_for_timeout(200)
        shot = cv2.imdecode(np.frombuffer(page["picture"].screenshot(), np.uint8), cv2.IMREAD_COLOR)
        return np.asarray(shot).astype(int)

    with_trail = seen()
    page["trails"].click()
    changed = np.abs(with_trail - seen()).max(axis=2) > 40
    assert np.ptp(np.nonzero(changed)[1]) > 60, "there is no trail"


def test_a_drawn_box_alone_can_be_downloaded(desk: Open, tmp_path: Path) -> None:
    page = desk().open("single.mp4")
    assert page["where"].inner_text() == "1 frame"
    assert "Draw a box first" in page["downloads-why"].inner_text()
    page.draw(Box(60, 60, 80, 60))
    (row,) = read_rows(page.download("csv", tmp_path), "csv")
    assert row.frame == 0 and page.near(row.box, Box(60, 60, 80, 60))
