"""Rendered clips with exactly known boxes: an animal or a toy on the move, seen from above over natural ground.

Everything follows from the seed: who moves where, over what, what hides it, what else passes.

>>> for frame, box in render_clip(frames=50, seed=3, hidden=8): ...
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.data.paths import Camera, Points, Way
from tracker.data.scenery import GROUNDS, Image, cast, lay, leaf, opacity, placed, shadow
from tracker.data.sprites import SPRITES, Plane, Sprite, hsv, noise
from tracker.errors import InputError

PHASES = 16  # drawings of one step of a target's legs
STEP = 0.45  # how far it moves in that step, as part of its length
EARLIEST = 30  # frame at which anything may hide the target: the first ones show what is to be followed
MARGIN = 24  # pixels around a sprite, for its shadow and blur
HOMES = {
    "ladybird": ("foliage", "litter", "grass"),
    "turtle": ("pebbles", "pond"),
    "koi": ("pond",),
    "car": ("pebbles", "litter", "grass"),
}


@dataclass(frozen=True)
class Clip:
    """What a clip shows. Lengths are parts of the frame's shorter side.

    frames, size: how many, and width and height in pixels (64 or more).
    seed: decides all that is not said here.
    target, ground: names in SPRITES and GROUNDS; empty: by the seed.
    length: of the target from head to tail, at the middle of the zoom.
    speed: of the target across the frame, per frame.
    zoom: largest over smallest scale of the slowly moving camera.
    pan: how far the camera wanders to each side.
    light: 0 for even light, up to 1 for deep shadows that drift over the ground.
    occluded: a leaf hides a part of the target for about so many frames; 0 for no leaf.
    hidden: the leaf is so large that it hides all of the target for at least about so many frames.
    distractor: another of the kind passes by; as a `twin` it looks exactly alike.
    leaves: the target leaves the frame halfway through, and comes back.
    """

    frames: int = 120
    size: tuple[int, int] = (640, 480)
    seed: int = 0
    target: str = ""
    ground: str = ""
    length: float = 0.23
    speed: float = 0.0115
    zoom: float = 1.6
    pan: float = 0.2
    light: float = 0.36
    occluded: int = 12
    hidden: int = 0
    distractor: bool = True
    twin: bool = False
    leaves: bool = False

    def __post_init__(self) -> None:
        limits = (("frames", self.frames, 1), ("width", self.size[0], 64), ("height", self.size[1], 64))
        for name, value, least in (*limits, ("seed", self.seed, 0)):
            if value < least:
                raise InputError(f"clip {name}: must be {least} or more, got {value}")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One frame `(H, W, 3)` BGR. `box` is the target's full extent, also where it is hidden or beyond the frame.

    `mask` (H, W) is the target's opacity in the frame as it was drawn, before anything hid it; `visible` the part of
    the target, 0..1, that can be seen.
    """

    frame: Image
    box: Box
    mask: Plane
    visible: float


def render_clip(
    frames: int = 120, size: tuple[int, int] = (640, 480), seed: int = 0, **more: Any
) -> Iterator[tuple[Image, Box]]:
    """Frames `(H, W, 3)` BGR uint8 with the target's box in pixels; `more` are further fields of `Clip`.

    Raises InputError for a clip without frames, smaller than 64 pixels or of a negative seed.
    """
    scene = Scene(Clip(frames, size, seed, **more))
    return ((drawn.frame, drawn.box) for drawn in map(scene.draw, range(frames)))


@dataclass(frozen=True, eq=False)
class Leaf:
    """What hides the target: lies still on the ground at `place`, `long` and `broad` are ground units to its unit."""

    sprite: Sprite
    place: Points
    angle: float
    long: float
    broad: float


class Scene:
    """A clip set up: draws any of its frames, in any order.

    The ground's unit is a frame pixel at zoom 1, and its origin the middle of the ground.
    """

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        cast_ = self._rng("cast")
        self.target = clip.target or str(cast_.choice(list(SPRITES)))
        self.ground = clip.ground or str(cast_.choice(HOMES.get(self.target, tuple(GROUNDS))))
        unit = float(min(clip.size))
        self.length, self.speed = clip.length * unit, clip.speed * unit
        begin = self._rng("camera").uniform(0, 2 * math.pi, 3)
        self.camera = Camera(clip.size, clip.pan * unit, clip.zoom, (begin[0], begin[1], begin[2]))
        self._way = Way(self._rng("way"), clip.size, 0.75 * self.length)
        self._density = math.sqrt(clip.zoom)
        width, height = (math.ceil(2 * reach * self._density) + 2 for reach in self.camera.reach)
        self._floor = GROUNDS[self.ground](self._rng("ground"), (width, height))
        light = self._rng("light")
        self._clouds = noise(light, (160, 160), 9, 2)
        self._grain = [light.normal(0, 2.2, (clip.size[1], clip.size[0], 3)).astype(np.float32) for _ in range(3)]
        self._leaf = self._plan_leaf() if clip.occluded or clip.hidden else None
        self._passer = self._plan_passer() if clip.distractor else None
        self._drawing = cache(self._draw_sprite)

    def _rng(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng([self.clip.seed, zlib.crc32(purpose.encode())])

    def _draw_sprite(self, passer: bool, phase: int) -> Sprite:
        look = self._rng("passer" if passer and not self.clip.twin else "target")
        return SPRITES[self.target](look, phase / PHASES)

    def draw(self, index: int) -> Drawn:
        """Frame `index`, which may lie beyond the clip's number of frames."""
        frame = self._ground_seen(index)
        if self._passer is not None:
            self._put(frame, index, True, *self._passer(index))
        patch, left, top = self._put(frame, index, False, self.place(index), self._heading(index))
        mask = seen = opacity(frame.shape, patch, left, top)
        if self._leaf is not None:
            seen = mask * (1 - self._put_leaf(frame, index, self._leaf))
        whole = float(patch[..., 3].sum())
        image = np.clip(frame * self._light(index) + self._grain[index % 3], 0, 255).astype(np.uint8)
        return Drawn(image, _box(patch[..., 3], left, top), mask, float(seen.sum()) / whole)

    def place(self, index: float) -> Points:
        """The target on the ground."""
        point = self._way.at(self.speed * index)
        if self.clip.leaves:
            out = math.sin(math.pi * min(max(index / self.clip.frames, 0.0), 1.0)) ** 4
            half = self.clip.size[0] / 2
            sideways = float(np.sign(self._way.at(self.speed * self.clip.frames / 2)[0] - half)) or 1.0
            point = point + out * np.array([sideways * (half + 1.2 * self.length), 0.0])
        return self.camera.to_ground(point, index)

    def _heading(self, index: float) -> float:
        dx, dy = self.place(index + 2) - self.place(index - 2)
        return math.atan2(dy, dx)

    def _plan_leaf(self) -> Leaf:
        """Across the target's way at two fifths of the clip, as broad as the wanted number of frames needs."""
        clip, rng = self.clip, self._rng("leaf")
        at = max(EARLIEST, round(0.42 * clip.frames))
        speed = float(np.linalg.norm(self.place(at + 1) - self.place(at - 1))) / 2
        broad, long = float(np.clip(speed * clip.occluded / self.length - 0.35, 0.25, 0.5)), 1.5
        if clip.hidden:
            broad, long = speed * clip.hidden / self.length + 1.2, 2.2
        hue = rng.uniform(70, 105) if self.ground in ("pebbles", "pond") else rng.uniform(38, 62)
        sprite = leaf(rng, hsv(hue, 0.62, 0.62), wide := 0.45)
        angle = self._heading(at) + math.pi / 2 + rng.uniform(-0.3, 0.3)
        return Leaf(sprite, self.place(at), angle, long * self.length, broad * self.length / 2 / wide)

    def _plan_passer(self) -> Callable[[float], tuple[Points, float]]:
        """Another of the kind comes the other way and passes at a little more than its length: place and heading."""
        rng, at = self._rng("passing"), max(EARLIEST, round(0.70 * self.clip.frames))
        heading = self._heading(at)
        side = np.array([-math.sin(heading), math.cos(heading)])
        inward = float(np.sign(-(self.place(at) - self.camera.at(at)[0]) @ side)) or 1.0
        met = self.place(at) + 1.15 * self.length * inward * side
        own = heading + math.pi + inward * rng.uniform(-0.35, 0.1)
        step = 0.6 * self.speed * np.array([math.cos(own), math.sin(own)])

        def where(index: float) -> tuple[Points, float]:
            return met + step * (index - at), own

        return where

    def _ground_seen(self, index: int) -> NDArray[np.float32]:
        (width, height), (middle, scale) = self.clip.size, self.camera.at(index)
        grain = self._density / scale
        start = (middle + self.camera.reach - np.array([width - 1, height - 1]) / 2 / scale) * self._density - 0.5
        matrix = np.array([[grain, 0, start[0]], [0, grain, start[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(self._floor, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
        return seen.astype(np.float32)

    def _put(self, frame: Plane, index: int, passer: bool, place: Points, heading: float) -> tuple[Plane, int, int]:
        """Draw the target or the one that passes, with its shadow; its patch and where that is in the frame."""
        phase = round(PHASES * self.speed * index * (0.6 if passer else 1.0) / (STEP * self.length)) % PHASES
        (x, y), scale = self.camera.to_frame(place, index) - 0.5, self.camera.at(index)[1]
        unit = scale * self.length / 2
        patch, left, top = cast(self._drawing(passer, phase), placed(x, y, heading, unit), MARGIN)
        off = round(0.09 * unit) + 1
        lay(frame, shadow(patch, 0.07 * unit, 0.55), left + off, top + round(1.2 * off))
        lay(frame, patch, left, top)
        return patch, left, top

    def _put_leaf(self, frame: Plane, index: int, cover: Leaf) -> Plane:
        """Draw the leaf, a little out of focus, with its shadow; its opacity in the frame (H, W)."""
        (x, y), scale = self.camera.to_frame(cover.place, index) - 0.5, self.camera.at(index)[1]
        matrix = placed(x, y, cover.angle, scale * cover.long, scale * cover.broad)
        patch, left, top = cast(cover.sprite, matrix, MARGIN)
        patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), 0.0022 * min(self.clip.size)), np.float32)
        lay(frame, shadow(patch, 0.012 * min(self.clip.size), 0.5), left + 7, top + 10)
        lay(frame, patch, left, top)
        return opacity(frame.shape, patch, left, top)

    def _light(self, index: int) -> Plane:
        """Factors (H, W, 3): drifting shadow, warmer where it is bright, darker towards the corners."""
        (width, height), (middle, scale) = self.clip.size, self.camera.at(index)
        small = (math.ceil(width / 8), math.ceil(height / 8))  # nothing in it is finer
        step = 8 * 8 / min(width, height) / scale  # cells of the clouds to a pixel here
        start = 80 + 8 * middle / min(width, height) - step * np.array(small) / 2 + 0.05 * index
        matrix = np.array([[step, 0, start[0]], [0, step, start[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        clouds = cv2.warpAffine(self._clouds, matrix, small, flags=flags, borderMode=cv2.BORDER_WRAP)
        y, x = np.ogrid[-1 : 1 : small[1] * 1j, -1 : 1 : small[0] * 1j]
        bright = 1 - self.clip.light * (0.5 - 0.5 * np.tanh(1.6 * clouds + 0.8))
        bright *= 1 - 0.11 * (x * x + y * y)
        warm = self.clip.light * (bright - 0.7)
        colours = np.dstack([bright * (1.08 - 0.22 * warm), bright * 1.10, bright * (1.10 + 0.20 * warm)])
        return np.asarray(cv2.resize(colours.astype(np.float32), (width, height)), np.float32)


def _box(shape: Plane, left: int, top: int) -> Box:
    """The smallest box around what is more opaque than not."""
    solid = shape > 0.5
    xs, ys = np.flatnonzero(solid.any(0)), np.flatnonzero(solid.any(1))
    width, height = int(xs[-1] - xs[0]) + 1, int(ys[-1] - ys[0]) + 1
    return Box(float(left + int(xs[0])), float(top + int(ys[0])), float(width), float(height))
