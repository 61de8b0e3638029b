"""From score and distance maps to the one best box: penalty, cosine window, argmax (METHOD of SiamRPN and SiamBAN)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.settings import TrackingConfig

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """The chosen box, in frame pixels, `dx, dy` from the centre of the search crop to the centre of the box."""

    dx: float
    dy: float
    w: float
    h: float
    score: float
    penalty: float


@lru_cache(maxsize=8)
def points(size: int, stride: int) -> tuple[Array, Array]:
    """Coordinates x and y of a size x size map's points, relative to the crop's centre: `stride * (i - size // 2)`.

    Both are flat in the order of the map (row by row), search-crop pixels.
    """
    axis = stride * (np.arange(size, dtype=np.float64) - size // 2)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return _frozen(x), _frozen(y)


@lru_cache(maxsize=8)
def cosine_window(size: int, whole: int | None = None) -> Array:
    """Outer product of two Hann windows, flat, 1 at the middle and 0 at the border of a map of `whole` points a side.

    A narrower map of `size` (None: the whole) gets the middle of it, so that its points weigh what they would there.
    """
    hann = np.hanning(whole or size)
    edge = (len(hann) - size) // 2
    hann = hann[edge : edge + size]
    return _frozen(np.outer(hann, hann))


def change(ratio: Array) -> Array:
    """`max(r, 1/r)`."""
    return np.maximum(ratio, 1.0 / ratio)


def padded_size(w: Any, h: Any) -> Any:
    """`sz(w, h) = sqrt((w + (w+h)/2) (h + (w+h)/2))`."""
    margin = (w + h) * 0.5
    return np.sqrt((w + margin) * (h + margin))


def penalties(w: Array, h: Array, size: tuple[float, float], k: float) -> Array:
    """`exp(-(change(sz / sz_prev) * change(ratio_prev / ratio) - 1) k)` of boxes w, h against the last size."""
    of_size = change(padded_size(w, h) / padded_size(*size))
    of_ratio = change((size[0] / size[1]) / (w / h))
    return np.exp(-(of_size * of_ratio - 1) * k)


def decode(
    cls: NDArray[Any],
    loc: NDArray[Any],
    size: tuple[float, float],
    scale: float,
    config: TrackingConfig,
    lost: bool = False,
) -> Prediction | None:
    """The best box by `penalty * score * (1 - wi) + window * wi`.

    Args:
        cls: 2,S,S logits (background, target).
        loc: 4,S,S distances l, t, r, b, search-crop pixels.
        size: last width and height of the target, frame pixels.
        scale: search-crop pixels per frame pixel.
        config: stride, penalty_k, window_influence.
        lost: whether the target was lost in the frame before. Where it is now says little then, and a window around it
            would keep the tracker from a target that comes back aside.
    Returns:
        None where no point has finite numbers.
    """
    x, y = points(cls.shape[-1], config.stride)
    logits = cls.reshape(2, -1).astype(np.float64)
    left, top, right, bottom = loc.reshape(4, -1).astype(np.float64)
    w, h = left + right, top + bottom
    with np.errstate(all="ignore"):  # what is not finite is dealt with below
        score = 1.0 / (1.0 + np.exp(logits[0] - logits[1]))
        penalty = penalties(w, h, (size[0] * scale, size[1] * scale), config.penalty_k)
        influence = config.window_influence
        if lost and config.lost_window_influence is not None:
            influence = config.lost_window_influence
        window = cosine_window(cls.shape[-1], max(cls.shape[-1], (config.instance_size - 63) // config.stride + 1))
        ranked = penalty * score * (1 - influence) + window * influence
        usable = np.isfinite(ranked) & np.isfinite(w + h)
    if not usable.any():
        return None
    best = int(np.argmax(np.where(usable, ranked, -np.inf)))
    return Prediction(
        dx=float(x[best] + (right[best] - left[best]) / 2) / scale,
        dy=float(y[best] + (bottom[best] - top[best]) / 2) / scale,
        w=float(w[best]) / scale,
        h=float(h[best]) / scale,
        score=float(score[best]),
        penalty=float(penalty[best]),
    )


def _frozen(values: Array) -> Array:
    flat = np.ascontiguousarray(values).ravel()
    flat.flags.writeable = False
    return flat
