"""Protocols: how a tracker is led over one sequence, and what is kept of it.

`ope`: one pass from the first box; `sre`, `tre`: the same from other boxes or frames (Wu et al., TPAMI 2015).
`vot_supervised`: the tracker is started anew five frames after every failure (Kristan et al., TPAMI 2016);
`vot_unsupervised`: it is not. Time is measured around the tracker alone; reading and decoding of images apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.measures.overlap import rasterised_overlap
from tracker.evaluation.measures.vot import FAILED, INITIALISED, SKIP
from tracker.evaluation.running.trackers import Follower, as_box
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import number
from tracker.images import read_image
from tracker.registry import Registry

SKIPPED = 0.0
Row = tuple[float, ...]


class TrackerError(RuntimeError):
    """A tracker that raised, or returned no usable box, in some frame."""


@dataclass
class Pass:
    """One run over one sequence: a region or a code for every frame, in the numbers of the benchmark's files.

    `seconds` is the tracker's own time a frame (initialisation included, as its frame); `reading` the total spent on
    reading and decoding images.
    """

    rows: list[Row] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    reading: float = 0.0

    @property
    def fps(self) -> float:
        """Frames a second of the tracker alone, over the frames that it was called for."""
        called = [spent for spent in self.seconds if spent > 0]
        return len(called) / sum(called) if called else 0.0

    def text(self) -> str:
        """The rows as a result file."""
        return "".join(",".join(map(number, row)) + "\n" for row in self.rows)


Protocol = Callable[[Follower, Sequence], Pass]
PROTOCOLS: Registry[Protocol] = Registry("protocol")


class Watch:
    """Calls a tracker, and keeps the time of that and of reading, and whether it is following the target."""

    def __init__(self, follower: Follower, sequence: Sequence) -> None:
        self.follower, self.sequence, self.done = follower, sequence, Pass()
        self.following, self.size = False, (0.0, 0.0)

    def image(self, row: int) -> Any:
        """The image of a row."""
        started = time.perf_counter()
        image = (self.sequence.read or read_image)(self.sequence.frames[row])
        self.done.reading += time.perf_counter() - started
        self.size = (float(image.shape[1]), float(image.shape[0]))
        return image

    def start(self, row: int, keep: Row) -> None:
        """Initialise the tracker with the ground truth of a row, and keep `keep` as its result."""
        image, box = self.image(row), self.sequence.start(row)
        if not np.isfinite(box.xywh).all() or box.w <= 0 or box.h <= 0:
            place = self.sequence.folder or self.sequence.name
            raise InputError(f"{place}: the box of frame {row} cannot be tracked: {box.xywh}")
        self._call(row, lambda: self.follower.init(image, box))
        self.done.rows.append(keep)
        self.following = True

    def skip(self) -> None:
        """Leave a frame out."""
        self.done.rows.append((SKIPPED,))
        self.done.seconds.append(0.0)

    def lose(self) -> None:
        """Keep that the tracker failed in this frame."""
        self.done.rows.append((FAILED,))
        self.following = False

    def step(self, row: int) -> Row:
        """Let the tracker find the target in a row's image; its box in the numbers of the benchmark's files."""
        image = self.image(row)
        return self.sequence.stored(self._call(row, lambda: as_box(self.follower.update(image))))

    def _call(self, row: int, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        try:
            value = work()
        except (Exception, SystemExit) as error:
            reason = " ".join(str(error).split()) or "no message"
            raise TrackerError(f"{type(error).__name__} in frame {row}: {reason}") from error
        self.done.seconds.append(time.perf_counter() - started)
        return value


@PROTOCOLS.register("ope")
@PROTOCOLS.register("sre")
@PROTOCOLS.register("tre")
def one_pass(follower: Follower, sequence: Sequence) -> Pass:
    """Initialise on the first frame, then follow to the end. The first row is the given box."""
    watch = Watch(follower, sequence)
    watch.start(0, sequence.stored(sequence.start()))
    for row in range(1, len(sequence)):
        watch.done.rows.append(watch.step(row))
    return watch.done


@PROTOCOLS.register("vot_unsupervised")
def vot_unsupervised(follower: Follower, sequence: Sequence) -> Pass:
    """One pass without re-initialisation, in VOT's notation: the first row is the code 1."""
    done = one_pass(follower, sequence)
    done.rows[0] = (INITIALISED,)
    return done


@PROTOCOLS.register("vot_supervised")
def vot_supervised(follower: Follower, sequence: Sequence) -> Pass:
    """Initialise, follow until the overlap with the ground truth is zero, start anew five frames after that.

    Rows are 1 where the tracker was initialised, 2 where it failed, 0 where frames were skipped, else its box. A frame
    after a failure whose ground truth cannot be tracked (no target) is skipped too. The overlap is the rasterised one
    within the image.
    """
    watch, row, skip_to = Watch(follower, sequence), 0, 0
    while row < len(sequence):
        if row < skip_to or (row and not _trackable(sequence, row) and not watch.following):
            watch.skip()
        elif not watch.following:
            watch.start(row, (INITIALISED,))
        else:
            box = watch.step(row)
            if _lost(sequence, row, box, watch.size):
                watch.lose()
                skip_to = row + SKIP
            else:
                watch.done.rows.append(box)
        row += 1
    return watch.done


def _trackable(sequence: Sequence, row: int) -> bool:
    return bool(np.isfinite(sequence.boxes[row]).all() and (sequence.boxes[row, 2:] > 0).all())


def _lost(sequence: Sequence, row: int, box: Row, size: tuple[float, float]) -> bool:
    """Whether a box has no pixel in common with the ground truth; a frame without ground truth cannot tell."""
    overlap = rasterised_overlap(sequence.truth[row : row + 1], np.array([box]), size)[0]
    return bool(overlap <= 0)
