"""Axis-aligned boxes in pixels, their conversions, and overlap. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.errors import InputError

LONGEST = 60  # characters of what is shown of a wrong box


@dataclass(frozen=True, slots=True)
class Box:
    """A box in pixels: `x, y` is the top-left corner (0-based), `w, h` the size."""

    x: float
    y: float
    w: float
    h: float

    @classmethod
    def of(cls, given: BoxLike) -> Box:
        """Box of what is given as one: a Box, or four numbers `x, y, w, h`. Raises InputError with what was given."""
        if isinstance(given, cls):
            return given
        try:
            x, y, w, h = (_number(value) for value in given)  # type: ignore[union-attr]
        except (TypeError, ValueError):
            shown = " ".join(repr(given).split())
            shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
            raise InputError(f"box: expected x, y, w, h in pixels, got {shown}") from None
        return cls(x, y, w, h)

    @classmethod
    def from_xyxy(cls, x1: float, y1: float, x2: float, y2: float) -> Box:
        """Box from its corners, with `w = x2 - x1` and `h = y2 - y1`."""
        return cls(x1, y1, x2 - x1, y2 - y1)

    @classmethod
    def from_centre(cls, cx: float, cy: float, w: float, h: float) -> Box:
        """Box whose geometric centre is `(cx, cy)`, so `x = cx - w/2`."""
        return cls(cx - w / 2, cy - h / 2, w, h)

    @classmethod
    def from_polygon(cls, points: ArrayLike) -> Box:
        """Smallest upright box around a polygon given as `x1, y1, x2, y2, ...` (any even count >= 6)."""
        xy = np.asarray(points, dtype=float).reshape(-1, 2)
        if len(xy) < 3:
            raise InputError(f"polygon: at least 3 points are needed, got {len(xy)}")
        (x1, y1), (x2, y2) = xy.min(0), xy.max(0)
        return cls.from_xyxy(float(x1), float(y1), float(x2), float(y2))

    @classmethod
    def parse(cls, text: str) -> Box:
        """Box from `x,y,w,h` as written on the command line. Raises InputError with what was read."""
        parts = text.replace(",", " ").split()
        try:
            values = [float(p) for p in parts]
        except ValueError:
            values = []
        if len(values) != 4:
            raise InputError(f"box: expected x,y,w,h in pixels, got {text!r}")
        return cls(*values)

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """Corners `x1, y1, x2, y2`."""
        return self.x, self.y, self.x + self.w, self.y + self.h

    @property
    def xywh(self) -> tuple[float, float, float, float]:
        """`x, y, w, h` as plain floats."""
        return self.x, self.y, self.w, self.h

    @property
    def centre(self) -> tuple[float, float]:
        """Geometric centre `(x + w/2, y + h/2)`."""
        return self.x + self.w / 2, self.y + self.h / 2

    @property
    def pixel_centre(self) -> tuple[float, float]:
        """Centre of the covered pixels, `(x + (w-1)/2, y + (h-1)/2)`: the template centre of PySOT."""
        return self.x + (self.w - 1) / 2, self.y + (self.h - 1) / 2

    @property
    def polygon(self) -> tuple[float, ...]:
        """The four corners clockwise from the top left, eight numbers."""
        x1, y1, x2, y2 = self.xyxy
        return x1, y1, x2, y1, x2, y2, x1, y2

    @property
    def area(self) -> float:
        """`w * h`."""
        return self.w * self.h

    def clipped(self, width: int, height: int) -> Box:
        """The part inside a frame of this size in pixels; zero size where there is none."""
        x1, x2 = (min(max(v, 0.0), float(width)) for v in (self.x, self.x + self.w))
        y1, y2 = (min(max(v, 0.0), float(height)) for v in (self.y, self.y + self.h))
        return Box.from_xyxy(x1, y1, x2, y2)

    def validate(self, width: int, height: int) -> None:
        """Refuse a box that cannot be tracked in a frame of this size.

        Raises InputError naming the field: a value that is not finite, a size that is not positive, or a box
        that lies outside the frame entirely.
        """
        for name, value in zip("xywh", self.xywh, strict=True):
            if not math.isfinite(value):
                raise InputError(f"box {name}: must be a finite number, got {value}")
        for name, value in (("w", self.w), ("h", self.h)):
            if value <= 0:
                raise InputError(f"box {name}: must be greater than 0, got {value:g}")
        for name, start, end, limit in (("x", self.x, self.x + self.w, width), ("y", self.y, self.y + self.h, height)):
            if start >= limit or end <= 0:
                raise InputError(
                    f"box {name}: {start:g}..{end:g} lies outside the frame, which is {width}x{height} pixels"
                )


BoxLike = Box | Sequence[float] | NDArray[Any]  # a Box, or x, y, w, h in pixels


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes)):
        raise TypeError("text")
    return float(value)


def iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of boxes `x, y, w, h` (..., 4), broadcast; 0 where the union is empty."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    inter = np.prod(np.clip(high - low, 0, None), axis=-1)
    union = np.prod(a[..., 2:], axis=-1) + np.prod(b[..., 2:], axis=-1) - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)
