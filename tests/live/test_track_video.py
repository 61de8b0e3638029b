"""`track_video`: one loop from boxes in any form to steps and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.helpers import FRAMES, START, TemplateTracker, read_video, true_box
from tracker.box import Box, iou
from tracker.errors import InputError
from tracker.formats import read_rows
from tracker.live.track_video import track_video

ASIDE = (100, 70, 30, 30)


def steps(video: Path, boxes: Any, **how: Any) -> Any:
    return track_video(video, boxes, tracker=TemplateTracker(), **how)


@pytest.mark.parametrize("box", [START, START.xywh, list(START.xywh), np.array(START.xywh), [START.xywh]])
def test_one_box_in_any_form(video: Path, box: Any) -> None:
    found = list(steps(video, box))
    assert [step.index for step in found] == list(range(FRAMES))
    assert iou([step.result.box.xywh for step in found], [true_box(i).xywh for i in range(FRAMES)]).mean() > 0.9
    assert found[-1].result.state == "tracking" and found[-1].image.shape == (120, 160, 3)


@pytest.mark.parametrize("boxes", [[START, ASIDE], np.array([START.xywh, ASIDE]), (START.xywh, Box(*ASIDE))])
def test_several_boxes(video: Path, boxes: Any) -> None:
    *_, last = steps(video, boxes, stop=10)
    assert sorted(last.results) == [1, 2] and list(last.named) == ["target 1", "target 2"]
    assert last.results[2].box.xywh == pytest.approx(ASIDE, abs=2)


def test_boxes_by_name_and_files_by_ending(video: Path, tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "a.mot", tmp_path / "a.mp4"]
    for step in steps(video, {"car": START, "leaf": ASIDE}, outputs=files, stride=2):
        assert step.named["car"] is step.results[1] and not files[0].exists(), "there only when all is done"
    rows = read_rows(files[0])
    assert {row.name for row in rows} == {"car", "leaf"} and len(rows) == len(read_rows(files[1])) == FRAMES
    assert len(read_video(files[2])) == FRAMES // 2
    assert cv2.VideoCapture(str(files[2])).get(cv2.CAP_PROP_FPS) == 12.5, "it plays as fast as its source"


@pytest.mark.parametrize("kind", [str, Path])
def test_one_output_need_not_be_in_a_list(video: Path, tmp_path: Path, kind: Any) -> None:
    list(steps(video, START, outputs=kind(tmp_path / "a.csv"), stop=3))
    assert len(read_rows(tmp_path / "a.csv")) == 3


def test_a_loop_that_is_left_early_leaves_whole_files(video: Path, tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "a.mp4"]
    for step in steps(video, START, outputs=files):
        if step.index == 9:
            break
    assert [row.frame for row in read_rows(files[0])] == list(range(10)) and len(read_video(files[1])) == 10
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.mp4"]


def test_an_error_in_the_loop_keeps_what_was_tracked(video: Path, tmp_path: Path) -> None:
    def work() -> None:
        for step in steps(video, START, outputs=[tmp_path / "a.csv"]):
            if step.index == 9:
                raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        work()
    assert len(read_rows(tmp_path / "a.csv")) in (9, 10)


@pytest.mark.parametrize(
    ("boxes", "how", "wrong"),
    [
        ((1, 2, 3), {}, "expected x, y, w, h"),
        ([], {}, "expected x, y, w, h"),
        ([START, "x"], {}, "expected x, y, w, h"),
        ("20,40,24,24", {}, "got '20,40,24,24'"),
        ({}, {}, "at least one"),
        (START, {"outputs": ["{place}/a.xls"]}, "form of the box file is not known"),
        ([START, ASIDE], {"outputs": ["{place}/a.txt"]}, "holds one target"),
        (START, {"outputs": ["{place}/there.csv"]}, r"exists already; .*\(in Python: overwrite=True\)"),
        (START, {"stride": 0}, "must be 1 or more"),
    ],
)
def test_what_is_no_good_is_said_at_once(
    video: Path, tmp_path: Path, boxes: Any, how: dict[str, Any], wrong: str
) -> None:
    (tmp_path / "there.csv").write_text("mine")
    if "outputs" in how:
        how = {"outputs": [name.format(place=tmp_path) for name in how["outputs"]]}
    with pytest.raises(InputError, match=wrong):
        steps(video, boxes, **how)


def test_a_source_or_box_that_is_no_good_is_said_with_the_first_step(video: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone.mp4"):
        next(steps(tmp_path / "gone.mp4", START))
    with pytest.raises(InputError, match="lies outside the frame"):
        next(steps(video, (500, 0, 5, 5), outputs=[tmp_path / "a.csv"]))
    assert not list(tmp_path.iterdir())
