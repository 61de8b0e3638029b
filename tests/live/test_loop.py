from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import FRAMES, START, TemplateTracker, damage, true_box, write_video
from tracker.box import Box, iou
from tracker.errors import InputError
from tracker.live.loop import track
from tracker.live.prefetch import Reader
from tracker.live.sinks.boxes import Boxes
from tracker.live.sources import Frame, Source, Span, open_source
from tracker.live.stop import Stop
from tracker.tracking.result import Result


def rows(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def test_the_target_is_followed(video: Path, tmp_path: Path) -> None:
    with open_source(str(video)) as source:
        summary = track(source, TemplateTracker(), START, [Boxes(tmp_path / "a.csv")], progress=False)
    got = rows(tmp_path / "a.csv")
    assert got[0].tolist() == [0, *START.xywh, 1, 0]
    assert got[:, 0].tolist() == list(range(FRAMES))
    assert iou(got[:, 1:5], [true_box(i).xywh for i in range(FRAMES)]).mean() > 0.9
    assert (summary.frames, summary.bad, summary.stopped) == (FRAMES, 0, None)
    assert all(spent > 0 for spent in summary.seconds.values())
    assert summary.fps == pytest.approx(FRAMES / summary.elapsed)


def test_a_stride_tracks_and_counts_in_the_source(video: Path, tmp_path: Path) -> None:
    with open_source(str(video), Span(10, 40, 5)) as source:
        track(source, TemplateTracker(), true_box(10), [Boxes(tmp_path / "a.csv")], progress=False)
    got = rows(tmp_path / "a.csv")
    assert got[:, 0].tolist() == [10, 15, 20, 25, 30, 35]
    assert iou(got[:, 1:5], [true_box(i).xywh for i in range(10, 40, 5)]).mean() > 0.9


def test_an_unreadable_frame_repeats_the_box_as_lost(tmp_path: Path) -> None:
    path = damage(write_video(tmp_path / "a.mp4"))
    with open_source(str(path)) as source:
        summary = track(source, TemplateTracker(), START, [Boxes(tmp_path / "a.csv")], progress=False)
    got = rows(tmp_path / "a.csv")
    bad = np.flatnonzero((got[:, 5] == 0) & (got[:, 6] == 1))
    assert len(got) == FRAMES and summary.frames == FRAMES
    assert len(bad) == summary.bad > 0
    assert (got[bad[0], 1:5] == got[bad[0] - 1, 1:5]).all()
    assert got[-1, 5] > 0, "tracking went on after the damage"


@pytest.mark.parametrize(
    ("box", "field"),
    [
        (Box(500, 0, 10, 10), "box x"),
        (Box(0, -50, 10, 10), "box y"),
        (Box(0, 0, 0, 10), "box w"),
        (Box(0, 0, 5, float("nan")), "box h"),
    ],
)
def test_a_box_that_cannot_be_tracked_is_refused_before_anything_is_written(
    video: Path, tmp_path: Path, box: Box, field: str
) -> None:
    with open_source(str(video)) as source, pytest.raises(InputError, match=field):
        track(source, TemplateTracker(), box, [Boxes(tmp_path / "a.csv")], progress=False)
    assert not list(tmp_path.iterdir())


class Failing(TemplateTracker):
    """Fails at the given update."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def update(self, frame: np.ndarray) -> Result:
        self.left -= 1
        if self.left == 0:
            raise RuntimeError("out of memory")
        return super().update(frame)


@pytest.mark.parametrize(("at", "lines"), [(1, None), (5, 6)])
def test_a_failure_keeps_what_is_useful_and_stops_the_reader(
    video: Path, tmp_path: Path, at: int, lines: int | None
) -> None:
    with open_source(str(video)) as source, pytest.raises(RuntimeError, match="out of memory"):
        track(source, Failing(at), START, [Boxes(tmp_path / "a.csv")], progress=False)
    assert not [t for t in threading.enumerate() if t.name == "reader"]
    files = list(tmp_path.iterdir())
    assert [len(f.read_text().splitlines()) for f in files] == ([lines] if lines else [])


def test_a_request_to_stop_ends_after_the_frame(video: Path, tmp_path: Path) -> None:
    stop = Stop()
    stop.request("a test", 7)
    stop.request("later", 9)
    with open_source(str(video)) as source:
        boxes = Boxes(tmp_path / "a.csv")
        summary = track(source, TemplateTracker(), START, [boxes], stop=stop, progress=False)
    assert (summary.frames, summary.stopped, stop.exit_code) == (1, "a test", 7)
    assert len(rows(tmp_path / "a.csv")) == 1


class Counted(Source):
    """Hands out black frames, and fails after ten."""

    def __init__(self, live: bool) -> None:
        super().__init__("counted")
        self.live = live
        self.given = 0

    @classmethod
    def claims(cls, address: str) -> bool:
        return False

    def open(self) -> None:
        pass

    def read(self) -> Iterator[Frame]:
        for index in range(10):
            self.given += 1
            yield Frame(index, np.zeros((4, 4, 3), np.uint8))
        raise OSError("the disk is gone")


class Silent(Counted):
    """Hands out three frames, then waits for a program that writes nothing."""

    waiting = threading.Event()

    def read(self) -> Iterator[Frame]:
        for index in range(3):
            yield Frame(index, np.zeros((48, 64, 3), np.uint8))
        self.waiting.wait(60)


def test_a_request_to_stop_is_heard_while_no_frame_comes(tmp_path: Path) -> None:
    stop, boxes = Stop(), Boxes(tmp_path / "a.csv")
    threading.Timer(0.5, stop.request, ("a test",)).start()
    with Silent(live=False) as source:
        summary = track(source, TemplateTracker(), Box(5, 5, 20, 20), [boxes], stop=stop, progress=False)
    source.waiting.set()
    assert (summary.frames, summary.stopped, source.busy) == (3, "a test", True)
    assert len(rows(tmp_path / "a.csv")) == 3


@pytest.mark.parametrize("live", [False, True])
def test_the_reader_keeps_order_and_hands_errors_over(live: bool) -> None:
    got = []
    with pytest.raises(OSError, match="disk is gone"), Counted(live) as source, Reader(source) as reader:
        for frame in reader:
            got.append(frame.index)
            ahead = source.given - len(got)
            assert ahead == 0 if live else ahead <= 4, "three in the queue and one in the hand"
    assert got == list(range(10))
