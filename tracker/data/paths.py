"""Smooth movement for rendered clips: a camera that wanders and zooms slowly, and a curved way across the frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """Looks down on the ground, whose unit is a frame pixel at zoom 1 and whose origin is its middle.

    `size` in pixels, `pan` how far it wanders to each side, `zoom` largest over smallest scale, `begin` three angles.
    """

    size: tuple[int, int]
    pan: float
    zoom: float
    begin: tuple[float, float, float]

    def at(self, frame: float) -> tuple[Points, float]:
        """Place on the ground that is in the middle of the frame, and scale."""
        a, b, c = self.begin
        place = self.pan * np.array([math.sin(frame / 75 + a), math.sin(frame / 55 + b)])
        return place, math.exp(0.5 * math.log(self.zoom) * math.sin(frame / 24 + c))

    def to_frame(self, point: ArrayLike, frame: float) -> Points:
        """A place on the ground, in frame pixels."""
        middle, scale = self.at(frame)
        return (np.asarray(point) - middle) * scale + np.array(self.size) / 2

    def to_ground(self, point: ArrayLike, frame: float) -> Points:
        """A place in the frame, on the ground."""
        middle, scale = self.at(frame)
        return (np.asarray(point) - np.array(self.size) / 2) / scale + middle

    @property
    def reach(self) -> tuple[float, float]:
        """Half of the width and height of all ground that is ever seen."""
        most = math.sqrt(self.zoom) / 2
        return self.size[0] * most + self.pan, self.size[1] * most + self.pan


class Way:
    """A closed curve within the frame that is followed at an even pace: a spline near a figure eight."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int], margin: float) -> None:
        count = 8
        turn = 2 * math.pi * (np.arange(count) / count + rng.random())
        sign, lean = rng.choice([-1, 1]), rng.uniform(-0.5, 0.5)
        half = np.maximum(np.array(size) / 2 - margin, 0.12 * np.array(size))
        eight = np.column_stack([np.cos(turn), sign * np.sin(2 * turn + lean)]) * (0.9, 0.8)
        knots = np.array(size) / 2 + half * np.clip(eight + rng.uniform(-0.2, 0.2, (count, 2)), -1, 1)
        self._points = _catmull_rom(knots, 60)
        steps = np.linalg.norm(np.diff(self._points, axis=0), axis=1)
        self._gone = np.concatenate([[0.0], np.cumsum(steps)])

    def at(self, distance: float) -> Points:
        """The place after so many pixels of way."""
        d = distance % self._gone[-1]
        return np.array([np.interp(d, self._gone, self._points[:, i]) for i in range(2)])


def _catmull_rom(knots: Points, steps: int) -> Points:
    """A closed smooth curve through the knots, `steps` points from each to the next; it ends where it begins."""
    t = (np.arange(steps) / steps)[:, None]
    before, after, later = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    parts = [
        0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        for p0, p1, p2, p3 in zip(before, knots, after, later, strict=True)
    ]
    return np.concatenate([*parts, knots[:1]])
