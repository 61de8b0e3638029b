"""Labelling with `siamsa track`: corrected frames, frames without a target, and the overlap with known boxes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracker
from tests.helpers import FRAMES, SIZE, TemplateTracker, damage, true_box, write_video
from tracker.box import Box, iou
from tracker.cli.main import main
from tracker.data.datasets import read
from tracker.tracking.result import Result

TRUE = np.array([true_box(i).xywh for i in range(FRAMES)])
WRONG = "90,80,24,24"  # beside the target


@pytest.fixture(autouse=True)
def template_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(**settings: Any) -> TemplateTracker:
        return TemplateTracker()

    monkeypatch.setitem(vars(tracker), "load", load)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def siamsa(*words: object) -> int:
    return main(["track", *map(str, words)])


def rows(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def table(path: Path, lines: Sequence[Sequence[object]]) -> Path:
    path.write_text("frame,x,y,w,h\n" + "".join(",".join(map(str, line)) + "\n" for line in lines))
    return path


def test_tracking_starts_afresh_at_corrected_frames(video: Path, tmp_path: Path) -> None:
    boxes, fixes = tmp_path / "a.csv", table(tmp_path / "fix.csv", [(20, *TRUE[20]), (35, *TRUE[35])])
    assert siamsa(video, "--box", WRONG, "--boxes", boxes) == 0
    before = iou(rows(boxes)[:, 1:5], TRUE)
    assert before[21:].mean() < 0.2
    assert siamsa(video, "--box", WRONG, "--boxes", boxes, "--overwrite", "--correct", fixes) == 0
    got = rows(boxes)
    after = iou(got[:, 1:5], TRUE)
    assert after[1:15].mean() < 0.2 and after[20:].min() > 0.7
    for frame in (0, 20, 35):
        assert got[frame, 5:].tolist() == [1, 0], "a given box says so by its score"
    assert (after[[20, 35]] == 1).all()


def test_a_box_file_corrects_too_and_gives_the_first_box(video: Path, tmp_path: Path) -> None:
    fixes, boxes = tmp_path / "fix.jsonl", tmp_path / "a.csv"
    row = dict(zip("xywh", TRUE[5].tolist(), strict=True)) | {"frame": 5, "score": 0.9, "lost": 0}
    fixes.write_text(json.dumps(row) + "\n")
    assert siamsa(video, "--start", 5, "--boxes", boxes, "--correct", fixes) == 0
    assert iou(rows(boxes)[:, 1:5], TRUE[5:]).min() > 0.7


def test_frames_without_a_target_are_lost_and_not_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = write_video(tmp_path / "a.mp4")
    fixes = table(tmp_path / "fix.txt.csv", [(0, *TRUE[0]), (10, 0, 0, 0, 0), (30, *TRUE[30])])
    assert siamsa(video, "--boxes", tmp_path / "a.csv", "--correct", fixes) == 0
    said = capsys.readouterr().out
    assert "20 frames without a target" in said and "rows are lost" not in said
    got = rows(tmp_path / "a.csv")
    assert len(got) == FRAMES
    assert (got[10:30, 5] == 0).all() and (got[10:30, 6] == 1).all() and (got[10:30, 1:5] == got[9, 1:5]).all()
    assert iou(got[30:, 1:5], TRUE[30:]).min() > 0.7
    (track,) = read("video", tmp_path).tracks
    assert track.numbers.tolist() == [*range(10), *range(30, FRAMES)]


def test_the_overlap_with_known_boxes_is_printed(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = table(tmp_path / "truth.csv", [(i, *TRUE[i]) for i in range(0, FRAMES, 2)] + [(41, 0, 0, 0, 0)])
    assert siamsa(video, "--truth", truth, "--boxes", tmp_path / "a.csv") == 0
    mine = iou(rows(tmp_path / "a.csv")[2::2, 1:5], TRUE[2::2])
    assert f"mean overlap {mine.mean():.3f} over 29 frames (lowest {mine.min():.2f})" in capsys.readouterr().out
    assert siamsa(video, "--truth", truth, "--start", 58) == 0
    assert "no frame after the first" in capsys.readouterr().out


def test_corrections_that_come_to_nothing_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = damage(write_video(tmp_path / "a.mp4"))
    assert siamsa(path, "--box", "20,40,24,24", "--boxes", tmp_path / "a.csv") == 0
    got = rows(tmp_path / "a.csv")
    bad = int(np.flatnonzero((got[:, 5] == 0) & (got[:, 6] == 1))[0])
    fixes = table(tmp_path / "fix.csv", [(bad, *TRUE[bad]), (400, 1, 1, 9, 9)])
    capsys.readouterr()
    assert siamsa(path, "--box", "20,40,24,24", "--correct", fixes) == 0
    assert f"2 corrections were of no use, their frames are beyond the end or unreadable: {bad}, 400" in (
        capsys.readouterr().out
    )


BAD = {
    "fix.txt": ("1,1,9,9\n", "must end in .csv"),
    "missing.csv": (None, "missing.csv"),
    "empty.csv": ("frame,x,y,w,h\n", "no boxes"),
    "text.csv": ("frame,x,y,w,h\n3,a,b,c,d\n", "line 2"),
    "first.csv": ("frame,x,y,w,h\n0,1,1,9,9\n", "so has --box"),
    "before.csv": ("frame,x,y,w,h\n-1,1,1,9,9\n", "frame -1 is not among"),
    "two.csv": ("frame,object,x,y,w,h\n3,a,1,1,9,9\n3,b,1,1,9,9\n", "2 objects"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_corrections_are_one_line_and_leave_nothing(
    name: str, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, says = BAD[name]
    if text is not None:
        (tmp_path / name).write_text(text)
    out = tmp_path / "out"
    assert siamsa(video, "--box", "20,40,24,24", "--correct", tmp_path / name, "--boxes", out / "a.csv") == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and says in said.err and said.out == ""
    assert not out.exists()


@pytest.mark.parametrize("option", ["--correct", "--truth"])
def test_what_is_read_is_not_written(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    fixes = table(tmp_path / "fix.csv", [(3, 1, 1, 9, 9)])
    before = fixes.read_text()
    assert siamsa(video, "--box", "20,40,24,24", option, fixes, "--boxes", fixes, "--overwrite") == 2
    assert "is read and would be written" in capsys.readouterr().err and fixes.read_text() == before


def test_a_box_outside_its_frame_is_refused_by_the_frames_number(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixes = table(tmp_path / "fix.csv", [(0, 20, 40, 24, 24), (3, SIZE[0], 1, 9, 9)])
    assert siamsa(video, "--correct", fixes) == 2
    assert "frame 3" in capsys.readouterr().err
    fixes = table(tmp_path / "fix.csv", [(0, 0, 0, 0, 0)])
    assert siamsa(video, "--correct", fixes) == 2
    assert "is the first and must have a box" in capsys.readouterr().err


def test_boxes_before_a_correction_are_pulled_onto_it(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tracker that falls behind by a pixel a frame and shrinks evenly: the drift is known at frame 20."""

    class Drifting(TemplateTracker):
        def init(self, frame: np.ndarray, box: Box) -> None:
            self.box, self.n = box, 0

        def update(self, frame: np.ndarray) -> Result:
            self.n += 1
            size = self.box.w * 2 ** (-self.n / 20)
            return Result(Box.from_centre(self.box.centre[0] - self.n, self.box.centre[1], size, size), 0.8, False)

    monkeypatch.setitem(vars(tracker), "load", lambda **settings: Drifting())
    boxes, fixes = tmp_path / "a.csv", table(tmp_path / "fix.csv", [(20, 20, 40, 24, 24), (30, 0, 0, 0, 0)])
    assert siamsa(video, "--box", "20,40,24,24", "--boxes", boxes, "--correct", fixes) == 0
    got = rows(boxes)
    assert got[:, 0].tolist() == list(range(FRAMES))
    np.testing.assert_allclose(got[:21, 1:5], np.tile([20, 40, 24, 24], (21, 1)), atol=0.01)
    assert (got[1:20, 5] == 0.8).all()
    assert got[25, 3] == pytest.approx(24 * 2 ** (-5 / 20), abs=0.01), (
        "nothing is known of the drift after the last box"
    )
