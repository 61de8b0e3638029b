"""Geometry of PySOT's pre-cut crops (`crop511`): where the target lies in them, and how to cut them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.data.crops import Matrix

CROP, EXEMPLAR, CONTEXT = 511, 127, 0.5  # of training_dataset/*/par_crop.py


def scale_of(boxes: ArrayLike, size: int = CROP) -> NDArray[np.float64]:
    """Crop pixels a frame pixel (n,) of crops around boxes x, y, w, h (n, 4).

    The square is s_z * size / 127 wide (METHOD 1), and its two edges land on the centres of the first and last crop
    pixel: (size - 1) / side, in PySOT's words (out_sz - 1) / (x2 - x1).
    """
    w, h = np.asarray(boxes, np.float64).reshape(-1, 4)[:, 2:].T
    side = np.sqrt((w + CONTEXT * (w + h)) * (h + CONTEXT * (w + h))) * size / EXEMPLAR
    return np.asarray((size - 1) / side)


def boxes_in_crops(boxes: ArrayLike, size: int = CROP) -> NDArray[np.float64]:
    """Boxes x, y, w, h (n, 4) of the frame as they lie in their own crops: in the middle, whatever their place was."""
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    sides = b[:, 2:] * scale_of(b, size)[:, None]
    return np.concatenate([(size - 1) / 2 - (sides - 1) / 2, sides], axis=1)


def crop_matrix(box: ArrayLike, size: int = CROP) -> Matrix:
    """Map (2, 3) of frame pixels onto the crop around a box; the centre of its pixels lands on the crop's centre."""
    x, y, w, h = (float(v) for v in np.asarray(box, np.float64).reshape(4))
    scale = float(scale_of([x, y, w, h], size)[0])
    centre = np.array([x + (w - 1) / 2, y + (h - 1) / 2])
    return np.column_stack([np.eye(2) * scale, (size - 1) / 2 - scale * centre])
