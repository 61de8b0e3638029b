"""Crops of METHOD 1 (SiamFC/PySOT context), with the augmentation's geometry folded into one affine map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.data.frames import Frame, Stored
from tracker.tracking.crop import context_side, whole_side

Matrix = NDArray[np.float64]  # (2, 3), frame pixels -> crop pixels, both with pixel centres at whole numbers


@dataclass(frozen=True)
class Motion:
    """How a crop differs from the plain one. The default changes nothing."""

    shift: tuple[float, float] = (0.0, 0.0)  # of the target's centre, crop pixels
    scale: float = 1.0  # of the crop's side: above 1 the target gets smaller
    aspect: float = 1.0  # of the target's width against its height
    rotation: float = 0.0  # degrees
    shear: float = 0.0  # horizontal, pixels a pixel
    flip: bool = False


def crop_matrix(box: ArrayLike, side: float, size: int, motion: Motion | None = None) -> Matrix:
    """Map of a square of `side` frame pixels around the box x, y, w, h onto a crop of `size` pixels.

    The centre of the box's pixels, (x + (w-1)/2, y + (h-1)/2), lands on the crop's centre (size-1)/2, which is
    where `cv2.resize` puts the centre of a plain cut; `motion` then moves and bends the view around it.
    """
    motion = motion or Motion()
    x, y, w, h = (float(v) for v in np.asarray(box).reshape(4))
    angle, stretch = math.radians(motion.rotation), math.sqrt(motion.aspect)
    cos, sin, mirror = math.cos(angle), math.sin(angle), -1.0 if motion.flip else 1.0
    scale, middle = size / (side * motion.scale), (size - 1) / 2
    # turn @ [[stretch, shear], [0, 1 / stretch]] @ mirror, written out: this runs a few times a pair
    a, b = cos * stretch * mirror * scale, (cos * motion.shear - sin / stretch) * scale
    c, d = sin * stretch * mirror * scale, (sin * motion.shear + cos / stretch) * scale
    cx, cy = x + (w - 1) / 2, y + (h - 1) / 2
    return np.array(
        [[a, b, middle + motion.shift[0] - (a * cx + b * cy)], [c, d, middle + motion.shift[1] - (c * cx + d * cy)]]
    )


def search_matrix(box: ArrayLike, exemplar: int, instance: int, context: float, motion: Motion | None = None) -> Matrix:
    """Map onto the search crop: side `s_x = s_z * instance / exemplar`, rounded as in the tracker."""
    _, _, w, h = (float(v) for v in np.asarray(box).reshape(4))
    return crop_matrix(box, whole_side(context_side(w, h, context) * instance / exemplar), instance, motion)


def template_matrix(box: ArrayLike, exemplar: int, context: float, motion: Motion | None = None) -> Matrix:
    """Map onto the template crop: side `s_z`, rounded as in the tracker."""
    _, _, w, h = (float(v) for v in np.asarray(box).reshape(4))
    return crop_matrix(box, whole_side(context_side(w, h, context)), exemplar, motion)


def map_box(box: ArrayLike, matrix: Matrix) -> NDArray[np.float64]:
    """Where a box x, y, w, h lies after the map: x1, y1, x2, y2 in crop pixels, possibly beyond the crop.

    It is the upright box of the mapped inscribed ellipse: objects seldom fill the corners of their boxes, so this
    is truer under rotation than the box of the mapped corners. Without rotation and shear it is exact.
    """
    x, y, w, h = (float(v) for v in np.asarray(box).reshape(4))
    (a, b, e), (c, d, f) = matrix.tolist()
    cx, cy = x + (w - 1) / 2, y + (h - 1) / 2
    px, py = a * cx + b * cy + e, c * cx + d * cy + f
    rx, ry = math.sqrt((a * w / 2) ** 2 + (b * h / 2) ** 2), math.sqrt((c * w / 2) ** 2 + (d * h / 2) ** 2)
    return np.array([px - rx, py - ry, px + rx, py + ry])


def warp(frame: Frame | Stored, matrix: Matrix, size: int) -> NDArray[np.uint8]:
    """The crop (size, size, 3), bilinear, in one pass over the raw frame; outside of it the frame's mean."""
    frame = frame.decoded()
    crop = cv2.warpAffine(
        frame.image,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=frame.mean,
    )
    return np.asarray(crop, dtype=np.uint8)


def coverage(frame: Frame | Stored, matrix: Matrix, size: int) -> float:
    """About how much of the crop (0..1) the frame fills; the rest is border."""
    height, width = frame.decoded().image.shape[:2]
    x1, y1, x2, y2 = np.clip(map_box((0, 0, width, height), matrix), 0, size)
    return float((x2 - x1) * (y2 - y1)) / size**2
