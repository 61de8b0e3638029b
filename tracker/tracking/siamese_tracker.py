"""Follows one target through a video."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from tracker.box import Box, BoxLike
from tracker.errors import InputError
from tracker.models.siamese import SiameseNet
from tracker.settings import Config
from tracker.tracking.crop import Frame, frame_size
from tracker.tracking.result import Result
from tracker.tracking.runtimes import RUNTIMES
from tracker.tracking.target import Target, box_of, find, look, move, template_crop


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
            raise InputError(
                f"tracking.instance_size: expected 63 + 16 n, such as 223 or 255, got {config.tracking.instance_size}"
            )
        self.runtime = RUNTIMES[config.tracking.runtime](net, device, precision)
        self.timings = Timings()
        self._target: Target | None = None

    def init(self, frame: Frame, box: BoxLike) -> None:
        """Take the target to follow: `box`, x, y, w, h in pixels, in `frame` (gray, BGR or BGRA, 8 or 16 bit).

        Raises InputError that names the field: an unusable frame, or a box that is empty, not finite or outside.
        """
        box = Box.of(box)
        template, fill = template_crop(frame, box, self.config.tracking)
        self._target = Target(box.pixel_centre, (box.w, box.h), self.runtime.embed(template), fill)
        self.timings = Timings()

    def update(self, frame: Frame) -> Result:
        """Find the target in the next frame, of any size. Raises InputError for an unusable frame."""
        if self._target is None:
            raise RuntimeError("call init(frame, box) before update(frame)")
        target, settings, times = self._target, self.config.tracking, self.timings
        frame_wh = frame_size(frame)
        started = time.perf_counter()
        view = look(frame, target, settings)
        cropped = time.perf_counter()
        cls, loc = self.runtime.match(target.embedding, view.pixels)
        matched = time.perf_counter()
        found = find(target, view, cls, loc, settings)
        if found is not None:
            move(target, found, view.origin, settings.lr, frame_wh)
        times.crop += cropped - started
        times.network += matched - cropped
        times.decode += time.perf_counter() - matched
        times.frames += 1
        score = 0.0 if found is None else found.score
        target.lost = found is None or score < settings.lost_threshold
        return Result(box_of(target, settings), score, target.lost)
