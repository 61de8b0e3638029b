"""A drawn scene without an end, with known boxes: for measurements, and an example of a source of one's own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import cv2
import numpy as np

from tracker.box import Box
from tracker.errors import InputError
from tracker.live.sources.base import SOURCES, Frame, Image, Source

ADDRESS = re.compile(r"synthetic(?::(\d+)x(\d+))?(?:@(\d+(?:\.\d+)?))?")
TARGETS = 8


@SOURCES.register("synthetic")
class Synthetic(Source):
    """`synthetic`, `synthetic:640x480` or `synthetic:640x480@30`; without a rate as fast as frames are asked for.

    Eight patterned squares move over soft clutter; `box(index, target)` says where. A span's `stop` ends it.
    """

    live = True

    @classmethod
    def claims(cls, address: str) -> bool:
        return re.match(r"synthetic([:@]|$)", address) is not None

    def open(self) -> None:
        found = ADDRESS.fullmatch(self.address)
        width, height = (int(found[1] or 640), int(found[2] or 480)) if found else (0, 0)
        if found is None or not (32 <= width <= 8192 and 32 <= height <= 8192) or (found[3] and not float(found[3])):
            raise InputError(f"{self.address}: write synthetic:640x480@30, with sides of 32 to 8192 pixels")
        self.size = (width, height)
        self.pace = float(found[3]) if found[3] else None
        self.fps = self.pace or 25.0
        self.side = max(8, min(width, height) // 8)
        rng = np.random.default_rng(0)
        self._clutter = cv2.GaussianBlur(rng.integers(0, 255, (height, width, 3), np.uint8), (0, 0), 4)
        blocks = rng.integers(0, 255, (TARGETS, 4, 4, 3), np.uint8)
        self._patterns = [cv2.resize(b, (self.side, self.side), interpolation=cv2.INTER_NEAREST) for b in blocks]

    def box(self, index: int, target: int = 0) -> Box:
        """Where a target (0 to 7) is in a frame, in pixels. It sways across the picture, never leaving it."""
        free_x, free_y = self.size[0] - self.side, self.size[1] - self.side
        x = free_x * (0.5 + 0.5 * np.sin(index / (90 + 7 * target) + 2.4 * target))
        y = free_y * (0.5 + 0.5 * np.sin(index / (70 + 5 * target) + 1.7 * target))
        return Box(int(x), int(y), self.side, self.side)

    def draw(self, index: int) -> Image:
        """The picture of a frame, (height, width, 3) BGR."""
        image = self._clutter.copy()
        for target, pattern in enumerate(self._patterns):
            box = self.box(index, target)
            image[int(box.y) : int(box.y) + self.side, int(box.x) : int(box.x) + self.side] = pattern
        return image

    def read(self) -> Iterator[Frame]:
        index, begin = self.span.start, time.monotonic()
        while self.span.stop is None or index < self.span.stop:
            if self.pace is not None:
                time.sleep(max(0.0, begin + (index - self.span.start) / self.pace - time.monotonic()))
            yield Frame(index, self.draw(index), time=time.monotonic())
            index += self.span.stride
