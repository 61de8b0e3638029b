"""Box files that the sinks of `siamsa track` write are read back, and damage in them is named by its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.layouts import SIZE
from tracker.box import Box
from tracker.data.boxfiles import beside, read_boxes
from tracker.errors import InputError
from tracker.live.sinks import Step
from tracker.live.sinks.boxes import open_boxes
from tracker.tracking.result import Result

IMAGE = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
BOXES = [Box(10, 20.5, 30, 40), Box(11.25, 21, 30, 40), Box(12, 22, 31, 41)]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".ndjson", ".mot", ".mot.txt", ".txt"])
def test_what_track_writes(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"clip{ending}"
    with open_boxes(path) as sink:
        for i, box in enumerate(BOXES):
            sink.write(Step(i, IMAGE, Result(box, 0.5, i == 1)))
    assert beside(tmp_path / "clip") == path and beside(tmp_path / "cli") is None
    (found,) = read_boxes(path)
    assert found.frames.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.boxes, [box.xywh for box in BOXES])
    flagged = ending in (".csv", ".jsonl", ".ndjson")  # the other forms have no place for it
    assert found.lost.tolist() == [False, flagged, False]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "frame,x,y,w,h\n0,1,2,3,4\n1,1,2,3\n", "a.csv, line 3"),
        ("a.csv", "0,1,2,3,4\n1,1,2,3,4\n", "below a line with these names"),
        ("a.csv", "frame,x,y,w,h\n0,1,2,3,4\n0,1,2,3,4\n", "frame 0 has two boxes"),
        ("a.csv", "frame,x,y,w,h\n", "no boxes in it"),
        ("a.jsonl", '{"frame": 0, "x": 1}\n', "a.jsonl, line 1"),
        ("a.jsonl", "[1]\n", "a.jsonl, line 1"),
        ("a.mot", "1,1,2,2\n", "a.mot, line 1"),
        ("a.mot", "0,1,2,2,5,5,1,-1,-1,-1\n", "frames counted from 1"),
        ("a.txt", "1,2,3\n", "a.txt, line 1"),
    ],
)
def test_damage_is_named(name: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_boxes(tmp_path / name)
