"""Follows one target through a video: the state of the target, and what each frame does to it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from tracker.box import Box
from tracker.models.siamese import SiameseNet
from tracker.settings import Config
from tracker.tracking.crop import Colour, Frame, channel_mean, context_side, crop, crop_centre, frame_size, whole_side
from tracker.tracking.decode import Prediction, decode
from tracker.tracking.result import Result
from tracker.tracking.runtimes import RUNTIMES

SMALLEST = 10.0  # sides of the target are never below this, frame pixels


@dataclass
class Target:
    """State of one target, frame pixels: where it is, how large, what it looks like, what surrounds the frame."""

    centre: tuple[float, float]
    size: tuple[float, float]
    embedding: Any
    fill: Colour
    lost: bool = False


@dataclass
class Timings:
    """Seconds spent since the last `init`, and updates counted."""

    crop: float = 0.0
    network: float = 0.0
    decode: float = 0.0
    frames: int = 0


class Tracker:
    """A network that follows one target: `init(frame, box)` once, then `update(frame)` for every further frame.

    Args:
        net: network with its weights; the tracker works on a copy.
        config: the experiment's configuration; its `tracking` settings are used.
        device: auto, cpu, cuda or cuda:N. Raises InputError where it cannot be used.
        precision: auto, fp32 or bf16.
    """

    def __init__(
        self, net: SiameseNet, config: Config, device: str | torch.device = "auto", precision: str = "auto"
    ) -> None:
        self.config = config
        if (config.tracking.instance_size - 63) % 16 or config.tracking.instance_size < 63:
            raise ValueError(
                f"tracking.instance_size: expected 63 + 16 n, such as 223 or 255, got {config.tracking.instance_size}"
            )
        self._exact = config.tracking.geometry == "exact"
        self.runtime = RUNTIMES[config.tracking.runtime](net, device, precision)
        self.timings = Timings()
        self._target: Target | None = None

    def init(self, frame: Frame, box: Box) -> None:
        """Take the target to follow: `box` in `frame` (gray, BGR or BGRA, 8 or 16 bit).

        Raises ValueError that names the field: an unusable frame, or a box that is empty, not finite or outside.
        """
        width, height = frame_size(frame)
        box.validate(width, height)
        settings, fill = self.config.tracking, channel_mean(frame)
        side = context_side(box.w, box.h, settings.context_amount)
        template = crop(frame, self._aim(box.pixel_centre), side, settings.exemplar_size, fill)
        self._target = Target(box.pixel_centre, (box.w, box.h), self.runtime.embed(template), fill)
        self.timings = Timings()

    def update(self, frame: Frame) -> Result:
        """Find the target in the next frame, of any size. Raises ValueError for an unusable frame."""
        if self._target is None:
            raise RuntimeError("call init(frame, box) before update(frame)")
        target, settings, times = self._target, self.config.tracking, self.timings
        frame_wh = frame_size(frame)
        started = time.perf_counter()
        side = context_side(*target.size, settings.context_amount)
        search_side = side * settings.instance_size / settings.exemplar_size
        aim = self._aim(target.centre)
        search = crop(frame, aim, search_side, settings.instance_size, target.fill)
        origin, scale = target.centre, settings.exemplar_size / side
        if self._exact:
            origin, scale = crop_centre(aim, search_side), settings.instance_size / whole_side(search_side)
        cropped = time.perf_counter()
        cls, loc = self.runtime.match(target.embedding, search)
        matched = time.perf_counter()
        found = decode(cls, loc, target.size, scale, settings, target.lost)
        if found is not None:
            _move(target, found, origin, settings.lr, frame_wh)
        times.crop += cropped - started
        times.network += matched - cropped
        times.decode += time.perf_counter() - matched
        times.frames += 1
        score = 0.0 if found is None else found.score
        target.lost = found is None or score < settings.lost_threshold
        return Result(self._box(target), score, target.lost)

    def _aim(self, centre: tuple[float, float]) -> tuple[float, float]:
        # PySOT's rounding puts a crop 0.5 to 1.5 pixels before the centre that it is given
        return (centre[0] + 1, centre[1] + 1) if self._exact else centre

    def _box(self, target: Target) -> Box:
        box = Box.from_centre(*target.centre, *target.size)
        # `centre` is that of the covered pixels, half a pixel before the geometric one; PySOT reports it as the latter
        return Box(box.x + 0.5, box.y + 0.5, box.w, box.h) if self._exact else box


def _move(
    target: Target, found: Prediction, origin: tuple[float, float], rate: float, frame_wh: tuple[int, int]
) -> None:
    """Take the predicted centre as is, let the size follow by `lr = penalty * score * rate`; keep both in the frame."""
    lr = found.penalty * found.score * rate
    (cx, cy), (w, h), (width, height) = origin, target.size, frame_wh
    target.centre = min(max(cx + found.dx, 0.0), float(width)), min(max(cy + found.dy, 0.0), float(height))
    target.size = (
        max(SMALLEST, min(w * (1 - lr) + found.w * lr, float(width))),
        max(SMALLEST, min(h * (1 - lr) + found.h * lr, float(height))),
    )
