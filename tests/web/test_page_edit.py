"""Boxes drawn in the middle, adjusted, tracked backward; uploads; lost spans in the timeline; a broken connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import Desk, Sample, overlap
from tracker.box import Box
from tracker.formats import read_rows

if TYPE_CHECKING:
    from playwright.sync_api import WebSocketRoute

pytestmark = pytest.mark.slow
Open = Callable[..., Desk]
MIDDLE = 24


def test_upload_backward_and_redrawn(desk: Open, samples: dict[str, Sample], tmp_path: Path) -> None:
    sample = samples["short"]
    page = desk().open()
    with page.page.expect_file_chooser() as chooser:
        page["upload"].click()
    chooser.value.set_files(sample.path)
    page.wait_for_picture()
    page.fastest()
    page.seek(MIDDLE)
    page.draw(sample.boxes[MIDDLE])
    page.track("track-back")
    rows = read_rows(page.download("jsonl", tmp_path), "jsonl")
    assert [row.frame for row in rows] == list(range(MIDDLE + 1))
    assert overlap([row.box for row in rows], sample.boxes[: MIDDLE + 1]) >= 0.7

    page.seek(8)
    page.page.keyboard.press("r")  # the target that was drawn last is chosen
    wanted = Box(200, 30, 60, 50)
    page.drag(wanted.x, wanted.y, wanted.x + wanted.w, wanted.y + wanted.h)
    page.until(lambda: page.near(page.known(8), wanted), "not redrawn")
    assert page.targets == 1
    page["step"].click()
    page.until(lambda: page.shows(9), "no step")
    assert overlap([page.known(9)], [sample.boxes[9]]) < 0.3  # what followed from the old box is replaced
    assert overlap([page.known(MIDDLE)], [sample.boxes[MIDDLE]]) > 0.9  # up to the next drawn one


def test_boxes_are_adjusted_named_and_removed(desk: Open, samples: dict[str, Sample]) -> None:
    page = desk().open("short.mp4")
    page.draw(Box(60, 60, 80, 60))
    page.draw(Box(200, 120, 60, 60))  # the second by dragging again at once
    page["step"].click()
    page.until(lambda: page.shows(1), "no step")
    page["step-back"].click()
    page.until(lambda: page.shows(0), "no step back")
    page.page.get_by_role("button", name="Choose target 1").click()
    page.drag(140, 120, 160, 140)  # its corner
    page.until(lambda: page.near(page.known(0), Box(60, 60, 100, 80)), "not sized")
    page.drag(100, 100, 120, 90)  # its inside
    page.until(lambda: page.near(page.known(0), Box(80, 50, 100, 80)), "not moved")
    at = page.known(0)
    assert at is not None
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Shift+ArrowDown")
    page.until(lambda: page.near(page.known(0), Box(at.x + 1, at.y, at.w, at.h + 1), 0.1), "keys do not move it")
    page.page.keyboard.press("F2")
    page.page.keyboard.type("left one")
    page.page.keyboard.press("Enter")
    page.until(lambda: page.page.get_by_role("button", name="Remove left one").is_visible(), "not named")
    page.page.get_by_role("button", name="Remove target 2").click()
    page.until(lambda: page.targets == 1, "not removed")
    page.drag(250, 200, 251, 200)  # a click beside it chooses none
    page.page.keyboard.press("Delete")
    page["step"].click()  # done after whatever the key did
    page.until(lambda: page.shows(1), "no step")
    assert page.targets == 1


def test_a_lost_span_can_be_clicked(desk: Open, samples: dict[str, Sample]) -> None:
    page = desk().open("hidden.mp4")
    page.fastest()
    page.draw(samples["hidden"].boxes[0])
    page.track()
    spans = page["lost"].get_by_role("button")
    page.until(lambda: spans.count() > 0, "nothing was lost behind the leaf", 20)
    ranges = [tuple(map(int, text.split()[-1].split("–"))) for text in spans.all_inner_texts()]
    first, last = max(ranges, key=lambda span: span[1] - span[0])
    assert last > first + 5
    at = page["timeline"].bounding_box()
    assert at is not None
    gutter = page["scrub"].bounding_box()["x"] - at["x"]  # type: ignore[index]
    middle = gutter + 11 + (first + last) / 2 / 69 * (at["width"] - gutter - 22)
    page["timeline"].click(position={"x": middle, "y": 10})
    page.until(lambda: page.shows(first), "the timeline does not go there")
    assert page.state() == "lost"
    page.seek(0)
    spans.nth(ranges.index((first, last))).click()
    page.until(lambda: page.shows(first), "the button does not go there")
    page.seek(first - 1)
    page["picture"].focus()
    page.page.keyboard.press("g")
    page.until(lambda: page.shows(first), "the key does not go there")


def test_no_video_is_one_line_that_does_not_block(desk: Open, tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no video " * 99)
    page = desk(may_log="415").open()
    page["upload-file"].set_input_files(text)
    page["message"].wait_for()
    said = page["message-text"].inner_text().strip()
    assert "\n" not in said and said.startswith("This is no video")
    assert page["upload"].is_enabled()
    page.page.get_by_role("button", name="short.mp4").click()
    page.wait_for_picture()
    assert page["message"].is_hidden()


def test_a_broken_connection_is_taken_up_again(desk: Open, samples: dict[str, Sample]) -> None:
    page = desk()
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.page.route_web_socket("**/live*", through)
    page.open("short.mp4")
    page.draw(samples["short"].boxes[0])
    sockets[0].close(code=1012)
    page.until(lambda: "trying again" in page["news"].inner_text(), "it is not said", 20)
    page.until(lambda: len(sockets) > 1, "it does not try again", 20)
    page.until(lambda: page.targets == 1, "the target is gone", 20)
    page["step"].click()
    page.until(lambda: page.shows(1), "it does not go on", 20)
