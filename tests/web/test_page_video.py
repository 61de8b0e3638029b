"""A video of the server: draw with the mouse, track, save; and two people at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers import read_video
from tests.web.browser import Desk, Sample, overlap
from tracker.formats import read_rows

pytestmark = pytest.mark.slow
Open = Callable[..., Desk]


def test_a_drawn_box_is_tracked_and_all_downloads_open_again(
    desk: Open, samples: dict[str, Sample], tmp_path: Path
) -> None:
    sample = samples["short"]
    page = desk().open("short.mp4")
    assert page.page.locator("[data-form=csv]").is_disabled()
    page.draw(sample.boxes[0])
    page.page.get_by_role("button", name="Rename target 1").click()
    page.page.keyboard.type("ladybird")
    page.page.keyboard.press("Enter")
    page.fastest()
    page.track()
    for form in ("csv", "jsonl", "mot", "coco"):
        rows = read_rows(page.download(form, tmp_path), form)
        assert [row.frame for row in rows] == list(range(60))
        assert {row.id for row in rows} == {1}
        assert overlap([row.box for row in rows], sample.boxes) >= 0.7
        assert form == "mot" or {row.name for row in rows} == {"ladybird"}
    frames, plain = read_video(page.download("video", tmp_path)), read_video(sample.path)
    assert len(frames) == 60
    assert frames[0].shape == plain[0].shape
    box = read_rows(tmp_path / "short.csv")[30].box
    frame = np.zeros(plain[30].shape[:2], np.uint8)
    x, y, w, h = map(round, box.xywh)
    cv2.rectangle(frame, (x, y), (x + w, y + h), 1, 2)
    changed = cv2.absdiff(frames[30], plain[30]).max(axis=2)
    assert np.median(changed[frame > 0]) > 40  # the box is drawn
    assert np.median(changed[frame == 0]) < 10  # the rest is as it was


def test_two_people_do_not_see_each_other(desk: Open, samples: dict[str, Sample], tmp_path: Path) -> None:
    first, second = desk().open("short.mp4"), desk().open("hidden.mp4")
    first.draw(samples["short"].boxes[0])
    assert second.targets == 0
    second.draw(samples["hidden"].boxes[0])
    second.draw(samples["short"].boxes[0])
    first["track"].click()
    second["track"].click()
    first.until(lambda: first.frame > 8, "the first does not play")
    second.until(lambda: second.frame > 8, "the second does not play")
    assert (first.targets, second.targets) == (1, 2)
    for page in (first, second):
        page["track"].click()
        page.until(lambda page=page: page["track-word"].inner_text() == "Track", "does not pause")
    found = {page: read_rows(page.download("csv", tmp_path), "csv") for page in (first, second)}
    assert {row.id for row in found[first]} == {1}
    assert {row.id for row in found[second]} == {1, 2}
    addresses = [page.page.evaluate("sessionStorage.getItem('siamsa.session')") for page in (first, second)]
    assert addresses[0] != addresses[1]
    first.page.reload()
    first.wait_for_picture()
    assert first.targets == 1  # a reload finds the session again
