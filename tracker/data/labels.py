"""Ellipse labels on the score map's points (METHOD 7, SiamBAN)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

MARGIN = 63  # search-crop pixels that the network's unpadded convolutions take: 255 -> 25 points of stride 8


@cache
def grid(size: int = 255, stride: int = 8) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points x, y (n, n) in search-crop pixels, centred on the crop: `127 + 8 (i - 12)` for 255 and 8."""
    n = (size - MARGIN) // stride + 1
    line = (size - 1) / 2 + stride * (np.arange(n, dtype=np.float32) - (n - 1) / 2)
    x, y = np.meshgrid(line, line)
    x, y = x.astype(np.float32), y.astype(np.float32)
    x.flags.writeable = y.flags.writeable = False  # they are shared by all callers
    return x, y


def point_labels(box: ArrayLike, negative: bool = False, size: int = 255, stride: int = 8) -> NDArray[np.int64]:
    """Labels (n, n) for a box x1, y1, x2, y2 in search-crop pixels: 1 positive, 0 negative, -1 ignored.

    Inside the ellipse of semi-axes w/4, h/4 points are positive, outside that of w/2, h/2 negative, between ignored.
    In a `negative` pair the box is another object's: inside its inner ellipse points are negative, others ignored.
    """
    x1, y1, x2, y2 = (float(v) for v in np.asarray(box).reshape(4))
    x, y = grid(size, stride)
    w, h = max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)
    r = ((x - (x1 + x2) / 2) / w) ** 2 + ((y - (y1 + y2) / 2) / h) ** 2
    labels = np.full(r.shape, -1, dtype=np.int64)
    if negative:
        labels[r < 1 / 16] = 0
        return labels
    labels[r < 1 / 16] = 1
    labels[r > 1 / 4] = 0
    return labels


def point_distances(box: ArrayLike, size: int = 255, stride: int = 8) -> NDArray[np.float32]:
    """Distances l, t, r, b (4, n, n) from each point to the sides of x1, y1, x2, y2; negative beyond a side."""
    x1, y1, x2, y2 = (float(v) for v in np.asarray(box).reshape(4))
    x, y = grid(size, stride)
    return np.stack([x - x1, y - y1, x2 - x, y2 - y]).astype(np.float32)
