"""One sequence of a benchmark: its frames, its ground truth, and how that counts pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.box import Box

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sequence:
    """Frames with one target.

    `truth` is (n, 4) `x, y, w, h` or (n, 2k) polygon corners, in the numbers of the benchmark's own files, whose first
    pixel is `origin` (0, or 1 in benchmarks made with MATLAB); rows of absent targets are NaN. `frames` has one path a
    row, or none where only the annotations are at hand. A `given` sequence has the first box only (test sets).
    `first`, 0-based, is where trackers start instead of the ground truth. `read` gives a frame in place of reading its
    file, for those who follow a sequence many times. `tags` are the frames (n,) that an attribute holds for, where the
    benchmark says so frame by frame (VOT).
    """

    name: str
    frames: tuple[Path, ...]
    truth: Floats
    origin: int = 0
    attributes: tuple[str, ...] = ()
    given: bool = False
    folder: Path | None = field(default=None, repr=False)
    first: Box | None = None
    read: Callable[[Path], Any] | None = field(default=None, repr=False)
    tags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.frames) if self.frames else len(self.truth)

    @cached_property
    def boxes(self) -> Floats:
        """Ground truth as upright boxes (n, 4) in the file's numbers; polygons by their smallest upright box."""
        return upright(self.truth)

    def start(self, row: int = 0) -> Box:
        """The box of a row as trackers take it: 0-based pixels; polygons by `level_box`."""
        if row == 0 and self.first is not None:
            return self.first
        regions = self.truth[row : row + 1]
        x, y, w, h = level_box(regions[0]) if regions.shape[1] == 8 else self.boxes[row]
        return Box(float(x) - self.origin, float(y) - self.origin, float(w), float(h))

    def stored(self, box: Box) -> tuple[float, float, float, float]:
        """A tracker's box (0-based) in the numbers of the benchmark's files."""
        return box.x + self.origin, box.y + self.origin, box.w, box.h


def level_box(corners: Floats) -> tuple[float, float, float, float]:
    """The upright box that trackers of the PySOT family start from on VOT: centre and area of a polygon of 4 corners.

    It has the shape of the smallest upright box; the centre is the mean of the corners, in the sense of
    `Box.pixel_centre`.
    """
    points = corners.reshape(4, 2)
    span = points.max(axis=0) - points.min(axis=0)
    area = np.linalg.norm(points[0] - points[1]) * np.linalg.norm(points[1] - points[2])
    whole = span[0] * span[1]
    w, h = span * np.sqrt(area / whole if whole > 0 else np.nan) + 1
    cx, cy = points.mean(axis=0)
    return float(cx - (w - 1) / 2), float(cy - (h - 1) / 2), float(w), float(h)


def upright(regions: Floats) -> Floats:
    """Boxes (n, 4) around regions (n, 4) or polygons (n, 2k), k > 2; NaN stays NaN."""
    if regions.shape[1] == 4:
        return regions
    corners = regions.reshape(len(regions), -1, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    return np.concatenate([low, high - low], axis=1)
