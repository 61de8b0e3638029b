"""Files for which there is no more room: what they have is kept, and one line says so.

A limit on the size of files stands for the full disk: it fails all that writes, OpenCV too.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracker
from tests.helpers import FRAMES, TemplateTracker, draw_frame, read_video, write_video
from tests.live.batching import BOX, clips
from tracker.box import Box
from tracker.cli.main import main
from tracker.formats import Clip, read_rows
from tracker.live.batch.jobs import read_jobs
from tracker.live.batch.records import Store
from tracker.live.batch.run import execute
from tracker.live.batch.work import Wanted
from tracker.live.sinks import boxes
from tracker.live.sinks.boxes import Boxes
from tracker.live.sinks.video import Video
from tracker.live.step import Step
from tracker.live.window.recorder import Recorder
from tracker.tracking.result import Result

resource = pytest.importorskip("resource", reason="limits of Unix")
IMAGE = draw_frame(0)
STEPS = [Step(i, IMAGE, {1: Result(Box(10 + i / 70, 20, 30, 40), 0.5, False)}) for i in range(1000)]
NOISE = np.random.default_rng(0).integers(0, 255, (60, 120, 160, 3), np.uint8)


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file gets larger than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def fail(sink: Boxes | Video, size: int, steps: list[Step] = STEPS) -> str:
    """The line about a file that has no room."""
    with room(size), pytest.raises(OSError) as caught, sink:
        for step in steps:
            sink.write(step)
    assert "\n" not in str(caught.value) and caught.value.errno is None
    return str(caught.value)


def noise(count: int) -> list[Step]:
    return [Step(i, NOISE[i], {1: Result(Box(10, 20, 30, 40), 0.5, False)}) for i in range(count)]


@pytest.mark.parametrize("name", ["a.json", "a.xml", "a.zip"])
def test_boxes_that_are_written_at_the_end_are_kept_as_csv(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.kept.csv").write_text("of yesterday")
    said = fail(Boxes(tmp_path / name), 60_000)
    assert said.startswith(f"{tmp_path / name}: cannot be written (")
    assert said.endswith(f"); its boxes are kept in {tmp_path / 'a.kept-2.csv'}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.kept-2.csv", "a.kept.csv"]
    assert (tmp_path / "a.kept.csv").read_text() == "of yesterday"
    rows = read_rows(tmp_path / "a.kept-2.csv")
    assert [row.frame for row in rows] == list(range(len(STEPS)))
    assert all(row.box.x == pytest.approx(10 + row.frame / 70, abs=1e-3) for row in rows)


def test_they_are_kept_elsewhere_where_there_is_no_room_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, other = tmp_path / "here", tmp_path / "other"
    other.mkdir()

    def write(path: Path, rows: Any) -> None:
        if path.parent == here:
            raise OSError("no room")
        write_rows(path, rows)

    write_rows = boxes.write_rows
    monkeypatch.setattr(boxes, "write_rows", write)
    monkeypatch.setattr(tempfile, "tempdir", str(other))
    fail(Boxes(here / "a.json"), 60_000)
    (kept,) = other.rglob("*.csv")
    assert len(read_rows(kept)) == len(STEPS) and not list(here.iterdir())
    assert fail(Boxes(here / "b.json"), 100).endswith("its boxes are lost")


def test_what_is_done_again_is_not_kept(tmp_path: Path) -> None:
    clips(tmp_path / "clips", 1, FRAMES)
    jobs, store = read_jobs(tmp_path / "clips"), Store(tmp_path / "out", Wanted("coco"), {"weights": "1"})
    with room(6000):
        (outcome,) = execute(store, jobs.jobs, TemplateTracker, 0)
    assert "cannot be written" in outcome.error and "kept" not in outcome.error
    assert not list(tmp_path.rglob("*.kept*"))


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.mov"])
def test_a_video_ends_while_there_is_room_for_its_end(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter(range(1_200_000, 0, -5000))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=next(free)))
    sink = Video(tmp_path / name)
    with pytest.raises(OSError) as caught, sink:
        for step in STEPS:
            sink.write(step)
    assert 5 < sink.rows < 40 and len(read_video(tmp_path / name)) == sink.rows
    assert str(caught.value) == f"{tmp_path / name}: the disk is full; its first {sink.rows} frames are kept"
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize(("name", "readable"), [("a.mkv", True), ("a.avi", True), ("a.mp4", False)])
def test_a_video_that_was_cut_is_kept_where_it_can_be_read(tmp_path: Path, name: str, readable: bool) -> None:
    said = fail(Video(tmp_path / name), 300_000, noise(60))
    frames = len(read_video(tmp_path / name))
    assert f"only {frames} of 60 frames were written{', which are kept' if readable else ''}; is the disk full?" in said
    assert (frames > 5) == readable
    assert list(tmp_path.iterdir()) == ([tmp_path / name] if readable else [])


def test_a_recording_ends_and_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path, 25)
    path = recorder.start()
    for step in noise(3):
        recorder.write(step, step.image)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100))
    with pytest.raises(OSError, match="its first 3 frames are kept"):
        recorder.write(STEPS[3], IMAGE)
    assert not recorder.recording and recorder.saved == [path] and len(read_video(path)) == 3


def test_the_command_fails_and_names_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(vars(tracker), "load", lambda **_: TemplateTracker())
    video, made = write_video(tmp_path / "clip.mp4"), tmp_path / "made"
    words = ["track", str(video), "--box", BOX, "--no-window", "--boxes", f"{made}/a.json", "--output", f"{made}/a.mp4"]
    with room(10_000):
        assert main(words) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "a.mp4: only " in error and f"its boxes are kept in {made}/a.kept.csv" in error
    assert len(read_rows(made / "a.kept.csv")) == FRAMES
    assert main(["convert", f"{made}/a.kept.csv", f"{made}/a.json", "--size", "160x120"]) == 0
    assert len(read_rows(made / "a.json", clip=Clip("a", (160, 120)))) == FRAMES
