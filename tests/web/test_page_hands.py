"""What a click, a key or the wheel does: cards of targets, their names, arrows anywhere, a closer look."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from tests.web.browser import Desk, Sample, serving
from tracker.box import Box

pytestmark = pytest.mark.slow
Open = Callable[..., Desk]
LARGE = (960, 540)
FOCUS = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
DRAWN = Box(60, 60, 80, 60)


@pytest.fixture(scope="module")
def served(playwright: object, samples: dict[str, Sample], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clips")
    (folder / "short.mp4").write_bytes(samples["short"].path.read_bytes())
    writer = cv2.VideoWriter(str(folder / "large.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, LARGE)
    for shade in (60, 90, 120):
        writer.write(np.full((LARGE[1], LARGE[0], 3), shade, np.uint8))
    writer.release()
    with serving("--videos", str(folder)) as address:
        yield address


def card(desk: Desk, id: int) -> str:
    """The classes of a target's card."""
    return desk.page.locator(f"#targets > li:nth-child({id})").get_attribute("class") or ""


def test_a_click_on_a_card_chooses_and_keys_stay_the_pictures(desk: Open) -> None:
    page = desk().open("short.mp4")
    page.draw(DRAWN)
    page.draw(Box(200, 120, 60, 60))
    page.page.locator("#targets > li:nth-child(1) .name").click(force=True)
    page.until(
        lambda: "chosen" in card(page, 1) and "chosen" not in card(page, 2), "a click on the name does not choose it"
    )
    page.page.keyboard.press("r")
    page.until(lambda: "new box of target 1" in page["news"].inner_text(), "R does not arm it")
    page.page.keyboard.press("Escape")
    page.page.locator("#targets > li:nth-child(2) .measure").click()
    page.until(lambda: "chosen" in card(page, 2), "a click on the score does not choose it")
    page.page.keyboard.press("Delete")
    page.until(lambda: page.targets == 1, "Del does not remove it")


def test_a_name_is_taken_with_enter_and_dropped_with_escape(desk: Open) -> None:
    page = desk().open("short.mp4")
    page.draw(DRAWN)
    keys = page.page.keyboard
    keys.press("F2")
    keys.type("left one")
    keys.press("Enter")
    page.until(lambda: page.page.get_by_role("button", name="Remove left one").is_visible(), "not named")
    assert page.page.evaluate(FOCUS) == "picture"
    keys.press("ArrowRight")
    page.until(lambda: page.near(page.known(0), Box(61, 60, 80, 60), 0.6), "the arrow does not move it")
    page.page.locator("#targets > li").dblclick(position={"x": 80, "y": 20})
    keys.type("wrong")
    keys.press("Escape")
    page["step"].click()
    page.until(lambda: page.shows(1), "no step")
    assert page.page.get_by_role("button", name="Remove left one").is_visible()
    assert page.page.locator("#targets .name").input_value() == "left one"


def test_arrows_move_the_box_wherever_the_focus_is(desk: Open) -> None:
    page = desk().open("short.mp4")
    page.draw(DRAWN)
    at = page.known(0)
    assert at is not None
    page["trails"].focus()
    page.page.keyboard.press("ArrowDown")
    page.until(lambda: page.near(page.known(0), Box(at.x, at.y + 1, at.w, at.h), 0.1), "it does not move")
    page["scrub"].focus()
    page.page.keyboard.press("ArrowRight")
    page.until(lambda: page.shows(1), "the slider has lost its arrows")


def test_play_does_not_say_that_it_tracks_where_nothing_can_be_followed(desk: Open, samples: dict[str, Sample]) -> None:
    page = desk().open("short.mp4")
    page.draw(samples["short"].boxes[0])
    page.seek(30)
    page.until(lambda: page["track-word"].inner_text() == "Play", "it offers to track")
    assert page["news"].inner_text() == "No target has a box here: draw one, or go back to frame 0"
    page["track"].click()
    page.until(lambda: page["news"].inner_text() == "Playing", "it says that it tracks")
    page["track"].click()
    page.seek(0)
    page.until(lambda: page["track-word"].inner_text() == "Track", "it does not offer to track")


def test_a_closer_look_and_a_tiny_box(desk: Open) -> None:
    page = desk().open("short.mp4")
    x, y = page.place(100, 80)
    page.page.mouse.move(x, y)
    for _ in range(6):
        page.page.mouse.wheel(0, -200)
    page.until(lambda: page["zoom"].inner_text() == "6.0×", "the wheel does not enlarge it")
    factor = 1.0015**1200
    scale = factor * (page.place(1, 0)[0] - page.place(0, 0)[0])  # CSS pixels of one of the video
    page.page.mouse.move(x - 3 * scale, y - 3 * scale)
    page.page.mouse.down()
    page.page.mouse.move(x, y)
    page.page.mouse.move(x + 3 * scale, y + 3 * scale)
    page.page.mouse.up()
    page.until(lambda: page.near(page.known(0), Box(97, 77, 6, 6), 0.5), f"drawn elsewhere: {page.known(0)}")
    page.page.mouse.move(x, y)
    page.page.mouse.down(button="middle")
    page.page.mouse.move(x + 50, y)
    page.page.mouse.up(button="middle")
    assert page.targets == 1, "to move the picture draws"
    page["picture"].focus()
    page.page.keyboard.press("0")
    page.until(lambda: page["zoom"].is_hidden(), "the whole picture is not shown again")
    page.page.keyboard.press("+")
    page.until(lambda: page["zoom"].inner_text() == "1.5×", "the key does not enlarge it")


def test_a_closer_look_shows_all_pixels(desk: Open) -> None:
    page = desk(viewport={"width": 316, "height": 740}).open("large.mp4")
    page["picture"].hover()
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.page.mouse.wheel(0, -900)
    page.until(lambda: any(url.endswith("/frame/0.jpg") for url in asked), "the whole frame is not asked for")
    page["step"].click()
    page.until(lambda: any(url.endswith("/frame/1.jpg") for url in asked), "nor the next one")
