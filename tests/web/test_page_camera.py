"""The browser's camera: Chromium's fake device plays a rendered clip to and fro, each frame with its number."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.helpers import index_of, mark, read_video
from tests.web.browser import CHROMIUM, FLAGS, SIZE, Desk, overlap
from tracker.box import Box
from tracker.data.render import Clip, Scene
from tracker.formats import read_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright, Route

pytestmark = pytest.mark.slow
FAKE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
FRAMES = 40


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Box]]:
    """The camera's pictures as a file, and where the target is by the number that they carry."""
    scene = Scene(Clip(FRAMES, SIZE, seed=2, speed=0.006, occluded=0, distractor=False))
    drawn = [scene.draw(index) for index in range(FRAMES)]
    for index, one in enumerate(drawn):
        mark(one.frame, index)
    path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    path.write_bytes(b"".join(cv2.imencode(".jpg", one.frame)[1].tobytes() for one in [*drawn, *drawn[::-1]]))
    return path, [one.box for one in drawn]


@pytest.fixture(scope="module")
def browser(playwright: Playwright, boxes: tuple[Path, list[Box]]) -> Iterator[Browser]:
    flags = [*FLAGS, *FAKE, f"--use-file-for-fake-video-capture={boxes[0]}"]
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield started
    started.close()


def picture(desk: Desk) -> np.ndarray:
    """What is seen of the picture, at the camera's size."""
    (left, top), (right, bottom) = desk.place(0, 0), desk.place(*SIZE)
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    shot = cv2.imdecode(np.frombuffer(desk.page.screenshot(clip=clip), np.uint8), cv2.IMREAD_COLOR)
    return cv2.resize(shot, SIZE, interpolation=cv2.INTER_AREA)


def test_what_the_camera_sees_is_tracked(
    desk: Callable[..., Desk], boxes: tuple[Path, list[Box]], tmp_path: Path
) -> None:
    page = desk().open()
    page["camera"].click()
    page.wait_for_picture()
    assert "320×240" in page["source-name"].inner_text()
    assert page["scrub"].is_disabled()
    page["new-box"].click()  # holds the picture
    page.draw(boxes[1][index_of(picture(page))])
    page.until(lambda: page.frame_number() > 25, "no results arrive")
    assert page.state() in ("tracking", "uncertain")
    assert page["rate"].inner_text().endswith("frames/s")
    assert page["news"].inner_text() == "Tracking live"
    begin, said = time.monotonic(), clock(page)
    page.page.wait_for_timeout(4000)
    assert abs(clock(page) - said - (time.monotonic() - begin)) < 1.6, "the clock goes wrong"
    page["track"].click()
    page.until(lambda: page["news"].inner_text() == "Paused", "does not pause")
    rows = read_rows(page.download("csv", tmp_path), "csv")
    assert len(rows) > 20
    known = []
    for row in rows:
        image = page.ask(f"frame/{row.frame}.jpg")
        assert image is not None
        known.append(boxes[1][index_of(cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR))])
    assert overlap([row.box for row in rows], known) >= 0.7
    frames = read_video(page.download("video", tmp_path))
    assert len(frames) == rows[-1].frame + 1
    seen = [overlap([row.box], [boxes[1][index_of(frames[row.frame])]]) for row in rows]
    assert np.mean(seen) >= 0.7, "the boxes are those of other frames"
    assert leaves_with_a_question(page) == "beforeunload"


def clock(desk: Desk) -> int:
    """The seconds that the page shows."""
    minutes, seconds = desk["where"].inner_text().split("·")[1].split(":")
    return 60 * int(minutes) + int(seconds)


def leaves_with_a_question(desk: Desk) -> str:
    """The kind of dialog that opens where the page with new boxes is closed; it stays."""
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    asked: list[str] = []
    desk["track"].click()  # further boxes: those from before were saved
    desk.until(lambda: desk["news"].inner_text() == "Tracking live", "does not go on")
    desk.page.wait_for_timeout(500)
    desk.page.close(run_before_unload=True)
    desk.until(lambda: bool(asked), "it closes without a question")
    return asked[0]


def test_without_a_camera_it_says_so(playwright: Playwright, served: str) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, FAKE[0]])
    page = Desk(browser.new_page(), served)
    held: list[Route] = []
    page.page.route("**/api/info", lambda route: held.append(route))
    page.open()
    page["camera"].click()
    page["message"].wait_for()
    held[0].continue_()  # what the server offers comes later: the message stays
    page.page.get_by_role("button", name="short.mp4").wait_for()
    assert page["message-text"].inner_text() == "No camera was found on this device."
    page["message-close"].click()
    page.page.get_by_role("button", name="short.mp4").click()  # and nothing is blocked
    page.wait_for_picture()
    browser.close()
