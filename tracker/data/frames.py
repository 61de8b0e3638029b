"""Decoded frames with their colour mean, and a cache of them that is limited in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.images import read_image


@dataclass(frozen=True, eq=False)
class Frame:
    """A BGR uint8 image (H, W, 3) and its mean per channel, which fills what lies outside of it."""

    image: NDArray[np.uint8]
    mean: tuple[float, float, float]

    @classmethod
    def of(cls, image: NDArray[np.uint8]) -> Frame:
        """A frame with its mean taken."""
        b, g, r, _ = cv2.mean(image)
        return cls(image, (b, g, r))


def load_frame(path: str) -> Frame:
    """Decode a file. Raises InputError naming one that cannot be read."""
    return Frame.of(read_image(path))


class FrameCache:
    """Least recently used frames are dropped beyond `limit_mb` megabytes (0 keeps none)."""

    def __init__(self, limit_mb: int) -> None:
        self.limit = limit_mb * 2**20
        self.size = 0
        self._frames: OrderedDict[str, Frame] = OrderedDict()

    def __len__(self) -> int:
        return len(self._frames)

    def __call__(self, path: str) -> Frame:
        """The frame of a file. Raises InputError naming a file that cannot be read."""
        frame = self._frames.get(path)
        if frame is not None:
            self._frames.move_to_end(path)
            return frame
        frame = load_frame(path)
        self._frames[path] = frame
        self.size += frame.image.nbytes
        while self.size > self.limit:
            _, old = self._frames.popitem(last=False)
            self.size -= old.image.nbytes
        return frame
