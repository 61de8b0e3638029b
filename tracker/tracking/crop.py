"""Square crops around a target, in the geometry of SiamFC and PySOT. Takes only the pixels that it needs."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.errors import InputError

Frame = NDArray[Any]  # H,W or H,W,1 gray, H,W,3 BGR, H,W,4 BGRA; uint8 or uint16
Colour = tuple[int, int, int]

# Above this ratio of crop side to output side, pixels are picked one by one instead of resizing a padded copy.
_LARGEST_RATIO = 8


def frame_size(frame: Frame) -> tuple[int, int]:
    """`(width, height)` of a usable frame. Raises InputError that says what a frame must be."""
    if not isinstance(frame, np.ndarray):
        raise InputError(f"frame: expected an image array, got {type(frame).__name__}")
    shape_ok = frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] in (1, 3, 4))
    if not shape_ok or frame.size == 0 or frame.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"frame: expected gray, BGR or BGRA pixels of 8 or 16 bit, got shape {frame.shape} of {frame.dtype}"
        )
    return frame.shape[1], frame.shape[0]


def to_bgr8(pixels: Frame) -> NDArray[np.uint8]:
    """Any supported frame, or part of one, as H,W,3 BGR uint8: 16 bit is divided by 257, gray is repeated."""
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=1 / 257)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    return pixels[:, :, :3].astype(np.uint8, copy=False)


def channel_mean(frame: Frame) -> Colour:
    """Mean colour of a frame, BGR on the 0..255 scale, cut to whole numbers as PySOT does: what lies outside it."""
    channels = 1 if frame.ndim == 2 else frame.shape[2]
    sums = cv2.sumElems(frame)[: min(channels, 3)]
    depth = 257 if frame.dtype == np.uint16 else 1
    mean = [int(s / (frame.shape[0] * frame.shape[1] * depth)) for s in sums]
    return (mean[0], mean[0], mean[0]) if channels == 1 else (mean[0], mean[1], mean[2])


def context_side(w: float, h: float, amount: float = 0.5) -> float:
    """`s_z = sqrt((w + p(w+h)) (h + p(w+h)))`: side of the template square of a target of this size, frame pixels."""
    margin = amount * (w + h)
    return math.sqrt((w + margin) * (h + margin))


def crop_start(centre: float, side: int) -> int:
    """First pixel of a crop of `side` pixels around `centre`, along one axis: `floor(c - (s+1)/2 + 0.5)`."""
    return math.floor(centre - (side + 1) / 2 + 0.5)


def whole_side(side: float) -> int:
    """Side of the square that is cut for a computed side: rounded, at least 1 frame pixel."""
    return max(1, round(side))


def crop_centre(centre: tuple[float, float], side: float) -> tuple[float, float]:
    """Where the middle of a crop really lies, frame pixels: whole pixels put it up to 1.5 before what was asked."""
    whole = whole_side(side)
    x, y = (crop_start(c, whole) + (whole - 1) / 2 for c in centre)
    return x, y


def crop(frame: Frame, centre: tuple[float, float], side: float, size: int, fill: Colour) -> NDArray[np.uint8]:
    """The square of `side` frame pixels (rounded, at least 1) around `centre`, resized to size,size,3 BGR uint8.

    Args:
        frame: gray, BGR or BGRA, 8 or 16 bit.
        centre: x, y in frame pixels, anywhere.
        side: of the square, frame pixels.
        size: of the result, pixels.
        fill: BGR colour of what lies outside the frame.
    """
    width, height = frame.shape[1], frame.shape[0]
    whole = whole_side(side)
    x, y = (crop_start(c, whole) for c in centre)
    inside = x >= 0 and y >= 0 and x + whole <= width and y + whole <= height
    plain = frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3
    if whole > _LARGEST_RATIO * size and not (inside and plain):
        return _picked(frame, x, y, whole, size, fill)
    patch = _cut(frame, x, y, whole, fill)
    return patch if whole == size else cv2.resize(patch, (size, size)).astype(np.uint8, copy=False)


def _cut(frame: Frame, x: int, y: int, side: int, fill: Colour) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    x1, y1 = min(max(x, 0), width), min(max(y, 0), height)
    x2, y2 = min(max(x + side, x1), width), min(max(y + side, y1), height)
    if x2 <= x1 or y2 <= y1:
        return np.full((side, side, 3), fill, np.uint8)
    visible = to_bgr8(frame[y1:y2, x1:x2])
    if visible.shape[:2] == (side, side):
        return visible
    border = (y1 - y, y + side - y2, x1 - x, x + side - x2)
    return cv2.copyMakeBorder(visible, *border, cv2.BORDER_CONSTANT, value=fill).astype(np.uint8, copy=False)


def _picked(frame: Frame, x: int, y: int, side: int, size: int, fill: Colour) -> NDArray[np.uint8]:
    """Bilinear resizing that reads the four neighbours of each output pixel, and nothing else of a huge square."""
    at = np.maximum((np.arange(size) + 0.5) * (side / size) - 0.5, 0)
    low = np.floor(at)
    taps = np.stack((low, np.minimum(low + 1, side - 1)), 1).ravel()
    columns, rows = taps + x, taps + y
    height, width = frame.shape[:2]
    index = (np.clip(v, 0, n - 1).astype(int) for v, n in ((rows, height), (columns, width)))
    pixels = to_bgr8(np.ascontiguousarray(frame[np.ix_(*index)])).astype(np.float32)
    pixels[(rows < 0) | (rows >= height)] = fill
    pixels[:, (columns < 0) | (columns >= width)] = fill
    second = (at - low).astype(np.float32)
    weights = np.stack((1 - second, second), 1)
    resized = np.einsum("iajbc,ia,jb->ijc", pixels.reshape(size, 2, size, 2, 3), weights, weights, optimize=True)
    return np.rint(resized).astype(np.uint8)
