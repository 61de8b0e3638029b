"""Rendered clips with exactly known boxes: an animal or a toy on the move, seen from above over natural ground.

Everything follows from the seed: who moves where, over what, what hides it, what else passes.

>>> for frame, box in render_clip(frames=50, seed=3, hidden=8): ...
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.data.paths import Camera, Points, Way
from tracker.data.scenery import GROUNDS, Image, cast, lay, leaf, placed, shadow
from tracker.data.sprites import SPRITES, Plane, Sprite, hsv, noise
from tracker.errors import InputError

PHASES = 16  # drawings of one step of a target's legs
STEP = 0.45  # how far it moves in that step, as part of its length
MARGIN = 24  # pixels around a sprite, for its shadow and blur
HOMES = {"ladybird": ("foliage", "litter", "grass"), "turtle": ("pebbles", "pond"), "koi": ("pond",)}


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
    hidden: the leaf is so large that it hides all of the target for so many frames.
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
    light: float = 0.5
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
    """A clip set up: draws any of its frames, in any order."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        looks, other_looks, *streams = np.random.SeedSequence(clip.seed).spawn(8)
        cast_, ground, path, camera, light, cover, passer = (np.random.default_rng(s) for s in (*streams, streams[0]))[:7]
