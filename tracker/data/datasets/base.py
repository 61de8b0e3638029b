"""What every dataset reader gives: tracks of boxed frames. Readers register in DATASETS under the layout's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.registry import Registry

MIN_SIDE = 4.0  # pixels: below this there is nothing to recognise
MAX_ASPECT = 20.0


@dataclass(frozen=True, eq=False)
class Track:
    """One object in one or more frames of one folder.

    `boxes` (n, 4) are x, y, w, h in pixels, 0-based; `numbers` (n,) are the frames' own numbers, so that gaps in
    time survive frames that were left out. A still is a track of length 1; `others` (m, 4) are the other boxes in it.
    """

    name: str
    paths: tuple[str, ...]
    boxes: NDArray[np.float32]
    numbers: NDArray[np.int64]
    category: str = ""
    others: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class Loaded:
    """Tracks of one folder, and how many boxes were left out as absurd."""

    tracks: list[Track]
    dropped: int


Reader = Callable[[Path], Loaded]
DATASETS: Registry[Reader] = Registry("dataset layout")


def sane(boxes: ArrayLike, width: float, height: float) -> NDArray[np.bool_]:
    """Which boxes x, y, w, h (n, 4) can teach anything in a frame of this size: (n,) booleans.

    Refused: values that are not finite, sides below 4 pixels, a shape beyond 20:1, a centre outside the frame.
    """
    b = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    finite = np.asarray(np.isfinite(b).all(axis=1))
    x, y, w, h = np.where(finite[:, None], b, 0.0).T
    big = (w >= MIN_SIDE) & (h >= MIN_SIDE)
    shape = np.maximum(w, h) <= MAX_ASPECT * np.minimum(w, h)
    cx, cy = x + w / 2, y + h / 2
    return np.asarray(finite & big & shape & (cx >= 0) & (cy >= 0) & (cx < width) & (cy < height))
