from __future__ import annotations

import csv
import json
from errno import ENOSPC
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import draw_frame, index_of, read_video
from tracker.box import Box
from tracker.errors import InputError
from tracker.formats import FORMATS, read_rows, write_rows
from tracker.live.sinks import FileSink, check_outputs
from tracker.live.sinks.boxes import Boxes, rows_of
from tracker.live.sinks.video import Video, fit
from tracker.live.step import Step
from tracker.tracking.result import Result

IMAGE = draw_frame(0)
STEPS = [
    Step(4, IMAGE, {1: Result(Box(10, 20.5, 30, 40), 1.0, False)}),
    Step(6, IMAGE, {1: Result(Box(-1.23456, 2 / 3, 30.1, 40), 0.87654321, False)}),
    Step(8, IMAGE, {1: Result(Box(0, 0, 1e3, 7), 0.0, True)}, readable=False),
]


def written(sink: FileSink, steps: list[Step] = STEPS) -> Path:
    with sink:
        for step in steps:
            sink.write(step)
        assert not sink.path.exists() and sink.partial.exists(), "moved into place only at the end"
    assert list(sink.path.parent.iterdir()) == [sink.path]
    return sink.path


def test_csv(tmp_path: Path) -> None:
    path = written(Boxes(tmp_path / "a.csv"))
    assert path.read_text() == (
        "frame,x,y,w,h,score,lost\n4,10,20.5,30,40,1,0\n6,-1.2346,0.6667,30.1,40,0.8765,0\n8,0,0,1000,7,0,1\n"
    )
    assert [float(row["w"]) for row in csv.DictReader(path.open())] == [30, 30.1, 1000]


def test_jsonl_has_the_keys_and_values_of_csv(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in written(Boxes(tmp_path / "a.jsonl")).read_text().splitlines()]
    assert rows[0] == {"frame": 4, "x": 10, "y": 20.5, "w": 30, "h": 40, "score": 1, "lost": 0}
    assert list(rows[0]) == ["frame", "x", "y", "w", "h", "score", "lost"]
    assert (rows[1]["x"], rows[2]["lost"], len(rows)) == (-1.2346, 1, 3)


def test_otb_counts_pixels_from_one(tmp_path: Path) -> None:
    got = np.loadtxt(written(Boxes(tmp_path / "a.txt")), delimiter=",")
    assert got[4::2].tolist() == [[11, 21.5, 30, 40], [-0.2346, 1.6667, 30.1, 40], [1, 1, 1000, 7]]


@pytest.mark.parametrize("name", ["a.txt", "a.vot"])
def test_line_i_is_frame_i_where_lines_have_no_number(tmp_path: Path, name: str) -> None:
    path = written(Boxes(tmp_path / name))
    assert len(path.read_text().splitlines()) == 9
    seen = {row.frame: row.box.x for row in read_rows(path) if not row.lost}
    first = {4: 10.0} if name == "a.txt" else {}  # VOT has no box in the frame of the start
    assert seen == pytest.approx({**first, 6: -1.2346, 8: 0.0}, abs=1e-9)
    write_rows(tmp_path / f"converted{name[1:]}", [row for step in STEPS for row in rows_of(step)])
    assert (tmp_path / f"converted{name[1:]}").read_text() == path.read_text(), "as `siamsa convert` writes it"


def test_mot_counts_frames_from_one(tmp_path: Path) -> None:
    got = np.loadtxt(written(Boxes(tmp_path / "a.mot.txt")), delimiter=",")
    assert got.shape == (3, 10)
    assert got[0].tolist() == [5, 1, 10, 20.5, 30, 40, 1, -1, -1, -1]
    assert got[:, 0].tolist() == [5, 7, 9]


def test_form_can_be_named_and_an_unknown_ending_lists_the_known() -> None:
    assert Boxes("a.txt", "mot").form is FORMATS["mot"]
    with pytest.raises(InputError, match=r"a.xyz.*\.csv.*\.txt"):
        Boxes("a.xyz")


@pytest.mark.parametrize("ending", [".mp4", ".avi", ".mkv", ".mov"])
def test_video_holds_every_frame(tmp_path: Path, ending: str) -> None:
    steps = [Step(i, draw_frame(i), {1: Result(Box(60, 40, 24, 24), 0.9, False)}) for i in range(12)]
    frames = read_video(written(Video(tmp_path / f"a{ending}", 10), steps))
    assert [index_of(frame) for frame in frames] == list(range(12))


def test_video_keeps_frames_of_other_sizes_and_kinds(tmp_path: Path) -> None:
    result = Result(Box(5, 5, 20, 20), 0.9, False)
    images = [
        draw_frame(0),
        np.full((50, 300, 3), 200, np.uint8),
        np.full((300, 50), 200, np.uint8),
        np.full((121, 161, 4), 200, np.uint8),
        np.full((120, 160), 51400, np.uint16),
    ]
    frames = read_video(written(Video(tmp_path / "a.mp4"), [Step(i, m, {1: result}) for i, m in enumerate(images)]))
    assert [frame.shape for frame in frames] == [(120, 160, 3)] * 5
    assert abs(frames[1][60, 150].mean() - 200) < 12 and frames[1][5, 5].mean() < 12, "bars above and below"
    assert abs(frames[2][110, 80].mean() - 200) < 12 and frames[2][60, 5].mean() < 12, "bars at the sides"
    assert abs(frames[4][100, 100].mean() - 200) < 12


def test_fit_keeps_the_shape() -> None:
    wide = fit(np.full((10, 40, 3), 255, np.uint8), (20, 20))
    assert wide.shape == (20, 20, 3)
    assert np.flatnonzero(wide[:, 10, 0]).tolist() == list(range(7, 12)), "a quarter as high as wide"
    assert fit(np.zeros((1, 1, 3), np.uint8), (2, 2)).shape == (2, 2, 3)


def test_video_refuses_an_ending_it_cannot_write() -> None:
    with pytest.raises(InputError, match=r"a.webm.*\.mp4"):
        Video("a.webm")


class Broken(Exception):
    pass


@pytest.mark.parametrize("name", ["a.csv", "a.mp4"])
@pytest.mark.parametrize(
    ("rows", "error", "kept"),
    [
        (0, Broken, False),
        (1, Broken, False),
        (2, Broken, True),
        (0, KeyboardInterrupt, False),
        (1, KeyboardInterrupt, True),
    ],
)
def test_what_is_left_after_a_failure(
    tmp_path: Path, name: str, rows: int, error: type[BaseException], kept: bool
) -> None:
    sink = Video(tmp_path / name) if name.endswith("mp4") else Boxes(tmp_path / name)
    with pytest.raises(error), sink:
        for step in STEPS[:rows]:
            sink.write(step)
        raise error
    assert [p.name for p in tmp_path.iterdir()] == ([name] if kept else [])


class Full(FileIO):
    """A file on a disk that has room for a few bytes more, and then for none."""

    def __init__(self, file: Any, mode: str) -> None:
        super().__init__(file, mode)
        self.room = 300

    def write(self, data: Any) -> int:
        if not self.room:
            raise OSError(ENOSPC, "No space left on device")
        count = super().write(bytes(data)[: self.room])
        self.room -= count
        return count


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt", "a.mot", "a.vot"])
def test_a_full_disk_costs_no_row_that_was_written(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "open", lambda self, mode, buffering=-1: Full(str(self), mode))
    steps = [Step(i, IMAGE, {1: Result(Box(10 + i / 7, 20, 30, 40), 0.5, False)}) for i in range(30)]
    sink = Boxes(tmp_path / name)
    with pytest.raises(OSError, match=rf"{name}: cannot be written \(No space"), sink:
        for step in steps:
            sink.write(step)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == [tmp_path / name]
    rows = read_rows(tmp_path / name)
    assert rows and (tmp_path / name).read_bytes().endswith(b"\n"), "whole lines"
    assert all(row.box.x == pytest.approx(10 + row.frame / 7, abs=1e-3) for row in rows)


def test_outputs_never_destroy(tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"x")
    other = tmp_path / "b.csv"
    other.write_text("kept")
    check_outputs([tmp_path / "new" / "a.csv", tmp_path / "a.mp4"], str(source), overwrite=False)
    check_outputs([other], str(source), overwrite=True)
    for paths, overwrite, says in [
        ([other], False, "--overwrite"),
        ([source], True, "source itself"),
        ([tmp_path], True, "folder"),
        ([tmp_path / "c.csv", tmp_path / "." / "c.csv"], False, "two outputs"),
        ([other / "c.csv"], False, "nothing can be written"),
    ]:
        with pytest.raises(InputError, match=says):
            check_outputs(paths, str(source), overwrite)
    assert other.read_text() == "kept"
