"""What a target looks like, and how much something else is like it: by the network's features, and by colours."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tracker.tracking.target import Point

Vector = NDArray[np.float32]
PLAIN = 0.25  # what differs from the surroundings by less than this part of what the target does, is hardly anything
BINS = 24  # of each of two parts of the colour
DARK = 20.0  # added to the three channels: the colours of dark pixels are noise
POWER = 2  # of the likeness of colours, where that counts
HALVES = ((0, 2), (1, 3), (0, 1), (2, 3))  # quarters: left, right, upper, lower
MIDDLE = 0.75  # of the box, as an ellipse: there it is the target, and not what is behind it


@dataclass(frozen=True, eq=False)
class Look:
    """What is in a place: the features' summary, and square roots of the shares of its colours, of length 1.

    `halves` (4, n) are the same for its left, right, upper and lower half; zeros where they are not known.
    """

    features: Vector
    colours: Vector
    halves: Vector = field(default_factory=lambda: np.zeros((4, 1), np.float32))

    def same_colours(self, other: Look) -> float:
        """Bhattacharyya coefficient of the colours, 0..1."""
        return float(self.colours @ other.colours)

    def same_half(self, other: Look) -> float:
        """The same for the half of both that is most alike: the other half may be hidden."""
        return float(np.max(np.sum(self.halves * other.halves, axis=1)))

    def alike(self, other: Look) -> float:
        """Cosine of the features, less where the colours differ; for two that `Appearance.unit` gave."""
        return float(self.features @ other.features) * self.same_colours(other) ** POWER


def summary(embedding: Any) -> Vector:
    """An embedding as one vector: the mean of its inner cells, which the target fills; levels one after the other."""
    levels = [torch.as_tensor(level).detach().float().cpu().numpy() for level in embedding]
    return np.concatenate([v[0, :, 1:-1, 1:-1].mean((1, 2)) if v.ndim == 4 else v.ravel() for v in levels])


def colours(pixels: NDArray[np.uint8], box_wh: Point) -> tuple[Vector, Vector]:
    """Square roots of the shares of colours in the middle of a BGR crop, where a box of `box_wh` crop pixels is: of
    the whole (n,), and of its left, right, upper and lower half (4, n).

    A colour is the parts that blue and green have in a pixel: light and shadow hardly change them.
    """
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.0).astype(np.float32) + DARK
    axis = np.arange(len(pixels)) - (len(pixels) - 1) / 2
    rx, ry = (max(2.0, MIDDLE * side / 2) for side in box_wh)
    rows, columns = np.nonzero((axis[None, :] / rx) ** 2 + (axis[:, None] / ry) ** 2 <= 1)
    inside = smooth[rows, columns]
    quarter = 2 * (rows > axis[-1]) + (columns > axis[-1])
    parts = inside[:, :2] / inside.sum(1, keepdims=True)
    place = np.clip(1.5 * BINS * parts - 0.5, 0, BINS - 1.001)  # no part of an ordinary colour is above 2/3
    low = place.astype(int)
    high = place - low
    counts = np.zeros(4 * BINS * BINS)
    for blue, green in itertools.product((0, 1), repeat=2):  # shared by the four nearest bins: no step between two
        weight = np.abs(1 - blue - high[:, 0]) * np.abs(1 - green - high[:, 1])
        bins = (quarter * BINS + low[:, 0] + blue) * BINS + low[:, 1] + green
        counts += np.bincount(bins, weight, len(counts))
    kernel = np.array([0.25, 0.5, 0.25], np.float32)
    quarters = [
        cv2.sepFilter2D(part, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE).ravel()
        for part in counts.reshape(4, BINS, BINS).astype(np.float32)
    ]
    parts = np.stack([quarters[i] + quarters[k] for i, k in HALVES])
    return _roots(parts[:2].sum(0)), np.stack([_roots(part) for part in parts])


def _roots(shares: Vector) -> Vector:
    return np.asarray(np.sqrt(shares / max(float(shares.sum()), 1e-9)), np.float32)


class Appearance:
    """What a target looks like, and how much something else is like it.

    Features are compared after what is around the target in its first frame is taken off: what a whole scene has in
    common says nothing about the target.

    Args:
        first: look of the template.
        around: looks of places beside the target; may be none.
        turned: gives looks of the template turned about its middle; asked once, when they are needed.
    """

    def __init__(self, first: Look, around: Sequence[Look], turned: Callable[[], Sequence[Look]] = lambda: ()) -> None:
        self._ground = np.mean([look.features for look in around], axis=0) if around else np.zeros_like(first.features)
        self._least = PLAIN * float(np.linalg.norm(first.features - self._ground))
        self._first = self.unit(first)
        self._recent: deque[Look] = deque(maxlen=3)
        self._turn = turned

    def similarity(self, look: Look) -> float:
        """Cosine of the features, -1..1, with the first look or, where that is more, with one that was learnt."""
        unit = self.unit(look)
        return max(float(unit.features @ known.features) for known in self._known)

    def turned_similarity(self, look: Look) -> float:
        """The same for what may have turned about its middle, as things seen from above do."""
        unit = self.unit(look)
        return max(self.similarity(look), *(float(unit.features @ turned.features) for turned in self._turned), -1.0)

    @cached_property
    def _turned(self) -> tuple[Look, ...]:
        return tuple(map(self.unit, self._turn()))

    def same_colours(self, look: Look) -> float:
        """Bhattacharyya coefficient, 0..1, with the first look or, where that is more, with one that was learnt."""
        return max(look.same_colours(known) for known in self._known)

    def first_colours(self, look: Look) -> float:
        """The same with the first look alone."""
        return look.same_colours(self._first)

    def same_half(self, look: Look) -> float:
        """The same for the half that is most alike."""
        return max(look.same_half(known) for known in self._known)

    def alike(self, look: Look) -> float:
        """The same for features and colours together."""
        unit = self.unit(look)
        return max(unit.alike(known) for known in self._known)

    def first_alike(self, look: Look) -> float:
        """The same with the first look alone."""
        return self.unit(look).alike(self._first)

    def learn(self, look: Look) -> None:
        """Remember a look of the target; the last three are kept."""
        self._recent.append(self.unit(look))

    def unit(self, look: Look) -> Look:
        """A look without its surroundings, its features of length 1 (less where hardly anything is left)."""
        centred = look.features - self._ground
        unit = np.asarray(centred / max(float(np.linalg.norm(centred)), self._least, 1e-9), np.float32)
        return replace(look, features=unit)

    @property
    def _known(self) -> tuple[Look, ...]:
        return (self._first, *self._recent)


def beside(box_centre: Point, side: float, frame_wh: tuple[int, int]) -> list[Point]:
    """Up to four places in the frame, a template's `side` left, right, above and below of the target."""
    (x, y), (width, height) = box_centre, frame_wh
    places = [(x - side, y), (x + side, y), (x, y - side), (x, y + side)]
    return [(px, py) for px, py in places if 0 <= px < width and 0 <= py < height]
