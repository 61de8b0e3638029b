"""Looks of places in a frame: what the network and the colours say of what is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.settings import TrackingConfig
from tracker.tracking.appearance import Appearance, Look, beside, colours, summary
from tracker.tracking.crop import Frame, context_side, frame_size
from tracker.tracking.runtimes import Runtime
from tracker.tracking.target import Point, Target, square


class Looks:
    """Gives looks, each for one pass of a template crop through the network."""

    def __init__(self, runtime: Runtime, settings: TrackingConfig) -> None:
        self.runtime, self.settings = runtime, settings

    def at(self, frame: Frame, target: Target, centre: Point) -> Look:
        """What is at a place (frame pixels), at the target's size."""
        pixels = square(frame, target, centre, self.settings)
        return self._look(pixels, target, self.runtime.embed(pixels))

    def appearance(self, frame: Frame, target: Target, template: NDArray[np.uint8]) -> Appearance:
        """What a target looks like whose template was just cut from the frame and embedded."""
        side = self._side(target)
        around = [self.at(frame, target, place) for place in beside(target.centre, side, frame_size(frame))]
        then = replace(target)
        return Appearance(self._look(template, target, target.embedding), around, lambda: self._turned(template, then))

    def _turned(self, template: NDArray[np.uint8], target: Target) -> list[Look]:
        """Looks of a template turned by 45, 90 ... 315 degrees about its middle."""
        middle, looks = (len(template) - 1) / 2, []
        for angle in range(45, 360, 45):
            turn = cv2.getRotationMatrix2D((middle, middle), angle, 1)
            turned = cv2.warpAffine(template, turn, template.shape[:2], borderMode=cv2.BORDER_REFLECT_101)
            pixels = np.asarray(turned, np.uint8)
            looks.append(self._look(pixels, target, self.runtime.embed(pixels)))
        return looks

    def _look(self, pixels: NDArray[np.uint8], target: Target, embedding: Any) -> Look:
        scale = len(pixels) / self._side(target)
        return Look(summary(embedding), *colours(pixels, (target.size[0] * scale, target.size[1] * scale)))

    def _side(self, target: Target) -> float:
        return context_side(*target.size, self.settings.context_amount)
