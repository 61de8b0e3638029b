"""One target: its state, the view of a frame that the network gets of it, and what the network's answer does to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.settings import TrackingConfig
from tracker.tracking.crop import Colour, Frame, channel_mean, context_side, crop, crop_centre, frame_size, whole_side
from tracker.tracking.decode import Prediction, decode

SMALLEST = 10.0  # sides of the target are never below this, frame pixels
Point = tuple[float, float]


@dataclass
class Target:
    """State of one target, frame pixels: where it is, how large, what it looks like, what surrounds the frame."""

    centre: Point
    size: Point
    embedding: Any
    fill: Colour
    lost: bool = False


@dataclass(frozen=True, eq=False)
class View:
    """A search crop: BGR uint8 `pixels`, the frame point that offsets in it count from, crop pixels per frame pixel."""

    pixels: NDArray[np.uint8]
    origin: Point
    scale: float

    def place(self, found: Prediction) -> Point:
        """Centre of a found box, frame pixels."""
        return self.origin[0] + found.dx, self.origin[1] + found.dy

    def is_middle(self, found: Prediction, size: int) -> bool:
        """Whether a target that goes on as it did would stay well inside a crop of `size` pixels."""
        reach = (size - 63) / 2 - 8  # of the points of its map from the middle, crop pixels
        return max(abs(found.dx), abs(found.dy)) * self.scale <= 0.4 * reach


def template_crop(frame: Frame, box: Box, settings: TrackingConfig) -> tuple[NDArray[np.uint8], Colour]:
    """The template square around `box`, and the frame's mean colour.

    Raises InputError that names the field: an unusable frame, or a box that is empty, not finite or outside.
    """
    width, height = frame_size(frame)
    box.validate(width, height)
    fill = channel_mean(frame)
    side = context_side(box.w, box.h, settings.context_amount)
    return crop(frame, _aim(box.pixel_centre, settings), side, settings.exemplar_size, fill), fill


def square(frame: Frame, target: Target, centre: Point, settings: TrackingConfig) -> NDArray[np.uint8]:
    """What is at `centre` (frame pixels) as a template of the target's size would show it."""
    side = context_side(*target.size, settings.context_amount)
    return crop(frame, _aim(centre, settings), side, settings.exemplar_size, target.fill)


def grown(target: Target, factor: float) -> Target:
    """The same target with its sides times `factor`."""
    return replace(target, size=(target.size[0] * factor, target.size[1] * factor))


def look(
    frame: Frame, target: Target, settings: TrackingConfig, size: int | None = None, centre: Point | None = None
) -> View:
    """The square of a frame in which a target is searched, at its template's scale.

    Args:
        size: of the crop, pixels: 63 + 16 n; None: `settings.instance_size`.
        centre: of the square, frame pixels; None: where the target was last.
    """
    size = size or settings.instance_size
    centre = centre or target.centre
    side = context_side(*target.size, settings.context_amount)
    search_side = side * size / settings.exemplar_size
    aim = _aim(centre, settings)
    pixels = crop(frame, aim, search_side, size, target.fill)
    if settings.geometry == "exact":
        return View(pixels, crop_centre(aim, search_side), size / whole_side(search_side))
    return View(pixels, centre, settings.exemplar_size / side)


def find(
    target: Target, view: View, cls: NDArray[Any], loc: NDArray[Any], settings: TrackingConfig
) -> Prediction | None:
    """The best box of the network's maps 2,S,S and 4,S,S of a view; None where no point has finite numbers."""
    return decode(cls, loc, target.size, view.scale, settings, target.lost)


def move(target: Target, found: Prediction, origin: Point, rate: float, frame_wh: tuple[int, int]) -> None:
    """Take the predicted centre as is, let the size follow by `lr = penalty * score * rate`; keep both in the frame."""
    lr = found.penalty * found.score * rate
    (cx, cy), (w, h), (width, height) = origin, target.size, frame_wh
    target.centre = min(max(cx + found.dx, 0.0), float(width)), min(max(cy + found.dy, 0.0), float(height))
    target.size = (
        max(SMALLEST, min(w * (1 - lr) + found.w * lr, float(width))),
        max(SMALLEST, min(h * (1 - lr) + found.h * lr, float(height))),
    )


def box_of(target: Target, settings: TrackingConfig) -> Box:
    """The target's box, frame pixels."""
    box = Box.from_centre(*target.centre, *target.size)
    # `centre` is that of the covered pixels, half a pixel before the geometric one; PySOT reports it as the latter
    return Box(box.x + 0.5, box.y + 0.5, box.w, box.h) if settings.geometry == "exact" else box


def _aim(centre: Point, settings: TrackingConfig) -> Point:
    # PySOT's rounding puts a crop 0.5 to 1.5 pixels before the centre that it is given
    return (centre[0] + 1, centre[1] + 1) if settings.geometry == "exact" else centre
