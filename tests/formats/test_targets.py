"""Box files that `siamsa track` writes are read back target by target, and found beside a video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tracker.box import Box
from tracker.formats import Clip, Row, write_rows
from tracker.formats.targets import beside, endings_alone, read_boxes

BOXES = [Box(10, 20.5, 30, 40), Box(11.25, 21, 30, 40), Box(12, 22, 31, 41)]
CLIP = Clip("a", (160, 120))


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".ndjson", ".mot", ".mot.txt", ".txt", ".xml", ".json"])
def test_what_track_writes(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"clip{ending}"
    write_rows(path, [Row(i, 1, box, 0.5, i == 1) for i, box in enumerate(BOXES)], clip=CLIP)
    assert beside(tmp_path / "clip") == path and beside(tmp_path / "cli") is None
    (found,) = read_boxes(path)
    assert found.name == "1" and found.frames.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.boxes, [box.xywh for box in BOXES])
    flagged = ending != ".txt"  # which has no place for it
    assert found.lost.tolist() == [False, flagged, False]


def test_several_targets_are_told_apart_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    names = {1: "", 2: "left wing", 3: ""}
    write_rows(path, [Row(f, i, BOXES[f], name=names[i]) for f in range(3) for i in names if f != i])
    objects = read_boxes(path)
    assert [thing.name for thing in objects] == ["1", "left wing", "3"]
    assert [thing.frames.tolist() for thing in objects] == [[0, 2], [0, 1], [0, 1, 2]]
    path.write_text("frame,object,x,y,w,h\n1,b,1,2,3,4\n0,b,1,2,3,4\n0,a,5,6,7,8\n")
    assert {thing.name: thing.frames.tolist() for thing in read_boxes(path)} == {"b": [0, 1], "a": [0]}


def test_which_file_beside_a_video_counts(tmp_path: Path) -> None:
    for name in ("clip.json", "clip.xml", "clip.txt", "clip.csv", "clip.zip"):
        (tmp_path / name).touch()
    assert beside(tmp_path / "clip") == tmp_path / "clip.csv"
    assert ".zip" not in endings_alone(), "it cannot be read without the size of the video"
    assert {".txt", ".vot"} == {e for e in endings_alone() if e not in endings_alone(numbered=True)} - {".vot.txt"}
