"""Clips for `recovery.py` made from real ones: an object cut out of one moves over the frames of another.

It leaves the frame and returns, a piece of a third clip slides over it, or its twin passes by.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache

import cv2
import numpy as np

from tracker.box import Box
from tracker.data.datasets import Track
from tracker.data.paths import Way
from tracker.data.render import Drawn
from tracker.data.scenery import cast, lay, opacity, placed
from tracker.data.sprites import SIDE, Plane, Sprite

WIDTH = 480  # of the frames, pixels
HOLD = 3  # frames for which a stored frame of the scene, or of the object, is seen: clips are stored sub-sampled
GONE = 45  # frame at which the target begins to go
RAMP = 14  # frames that it takes to go, or to come back
EVENTS = ("leaves", "hidden", "twin", "plain")


class CutOut:
    """One clip: `draw(index)` gives any of its frames.

    Args:
        event: leaves (the target goes out of the frame and comes back, at any side), hidden (something covers it for
            40 frames), twin (the same object passes), plain (none of these).
        tracks: real clips; the seed chooses the object's, the scene's and what covers it, three different ones.
    """

    def __init__(self, event: str, seed: int, tracks: Sequence[Track], frames: int = 140) -> None:
        self.event, self.frames = event, frames
        rng = np.random.default_rng([seed, 77])
        chosen = [tracks[int(i)] for i in rng.choice(len(tracks), 3, replace=False)]
        self.actor, self.stage, cover = chosen
        first = cv2.imread(self.stage.paths[0])
        self.size = (WIDTH, round(first.shape[0] * WIDTH / first.shape[1]))
        unit = float(min(self.size))
        box = np.median(self.actor.boxes, 0)
        self.extent = rng.uniform(0.17, 0.27) * unit * np.sqrt([box[2] / box[3], box[3] / box[2]])
        self.reach = float(np.hypot(*self.extent))
        self.way = Way(rng, self.size, 0.6 * self.reach)
        self.speed = rng.uniform(0.008, 0.02) * unit
        self.away = int(rng.integers(25, 60))  # frames in which the target is out of the frame
        self.sides = [tuple(int(v) for v in side) for side in rng.choice([(1, 0), (-1, 0), (0, 1), (0, -1)], 2)]
        self.sway = rng.uniform(0, 2 * math.pi, 2)
        image, area = cv2.imread(cover.paths[-1]), rng.uniform(0, 0.4, 2)
        corner = (area * image.shape[1::-1]).astype(int)
        piece = image[corner[1] : corner[1] + image.shape[0] // 2, corner[0] : corner[0] + image.shape[1] // 2]
        self.cover = _sprite(piece, 8)
        self.slide = rng.uniform(0, 2 * math.pi)
        self._stored, self._object = cache(cv2.imread), cache(self._cut_out)

    def __iter__(self) -> Iterator[Drawn]:
        return map(self.draw, range(self.frames))

    def draw(self, index: int) -> Drawn:
        """Frame `index`."""
        scene = self._stored(self.stage.paths[_to_and_fro(index // HOLD, len(self.stage.paths))])
        frame = np.asarray(cv2.resize(scene, self.size), np.float32)
        if self.event == "twin":
            lay(frame, *self._cast(index, self.place(GONE + 30) + self._passing(index)))
        centre = self.place(index)
        patch, left, top = self._cast(index, centre)
        lay(frame, patch, left, top)
        seen = mask = opacity(frame.shape, patch, left, top)
        if self.event == "hidden":
            cover = cast(self.cover, placed(*(centre + self._cover_off(index)), 0.0, 0.85 * self.reach), 2)
            lay(frame, *cover)
            seen = mask * (1 - opacity(frame.shape, *cover))
        size = self.extent * self._scale(index)
        box = Box(*(centre + 0.5 - size / 2), *size)
        visible = float(seen.sum()) / float(patch[..., 3].sum())
        return Drawn(np.clip(frame, 0, 255).astype(np.uint8), box, mask, visible)

    def place(self, index: float) -> np.ndarray:
        """The target's centre, frame pixels."""
        point = self.way.at(self.speed * index)
        if self.event != "leaves":
            return point
        back = GONE + 2 * RAMP + self.away
        out = _ramp((index - GONE) / (2 * RAMP)) * _ramp((back + 2 * RAMP - index) / (2 * RAMP))
        side = np.array(self.sides[0] if index < (GONE + back) / 2 + RAMP else self.sides[1])
        beyond = np.array(self.size) / 2 * (1 + side) + side * 0.75 * self.reach
        return point + out * np.abs(side) * (beyond - point)

    def _scale(self, index: int) -> float:
        return 1 + 0.12 * math.sin(index / 30 + self.sway[0])

    def _passing(self, index: int) -> np.ndarray:
        along = (index - GONE - 30) * 0.8 * self.speed
        c, s = math.cos(self.sway[1]), math.sin(self.sway[1])
        return np.array([c, s]) * along + np.array([-s, c]) * 0.95 * self.reach

    def _cover_off(self, index: int) -> np.ndarray:
        """It slides in, stays over the target for 40 frames, and slides on."""
        far = 2.2 * self.reach
        off = far * (_ramp((index - GONE - RAMP - 40) / RAMP) - _ramp((GONE + RAMP - index) / RAMP))
        return off * np.array([math.cos(self.slide), math.sin(self.slide)])

    def _cast(self, index: int, centre: np.ndarray) -> tuple[Plane, int, int]:
        sprite = self._object(_to_and_fro(index // HOLD, len(self.actor.paths)))
        angle, half = 0.12 * math.sin(index / 23 + self.sway[1]), self.extent * self._scale(index) / 2
        return cast(sprite, placed(*centre, angle, *(1.08 * half)), 2)

    def _cut_out(self, index: int) -> Sprite:
        image, (x, y, w, h) = self._stored(self.actor.paths[index]), self.actor.boxes[index]
        matrix = np.array([[1.08 * w / SIDE, 0, x - 0.04 * w], [0, 1.08 * h / SIDE, y - 0.04 * h]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return _sprite(cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE), 3)


def _sprite(image: np.ndarray, power: int) -> Sprite:
    """An image on a sprite's square, with the soft outline of a rounded rectangle (power 2: an ellipse)."""
    axis = np.abs(((np.arange(SIDE) + 0.5) * 2 / SIDE) - 1) ** power
    solid = np.clip((1 - (axis[:, None] + axis[None, :]) ** (1 / power)) / 0.12, 0, 1).astype(np.float32)
    colours = np.asarray(cv2.resize(image, (SIDE, SIDE)), np.float32) * solid[..., None]
    return Sprite(np.dstack([colours, solid]))


def _ramp(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _to_and_fro(index: int, count: int) -> int:
    turn = index % max(1, 2 * count - 2)
    return min(turn, 2 * count - 2 - turn)
