"""Decoded frames with their colour mean, and a cache of them that is limited in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.images import decode, read_image


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

    def decoded(self) -> Frame:
        """Itself."""
        return self


def load_frame(path: str) -> Frame:
    """Decode a file. Raises InputError naming one that cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # a tenth of the time that a Path takes
            image = decode(file.read())
    except OSError:
        image = None
    return Frame.of(read_image(path) if image is None else image)  # read_image says what is wrong


class FrameCache:
    """Least recently used frames are dropped beyond `limit_mb` megabytes (0 keeps none).

    Frames since the last `release` are held as well: a pair that needs an image twice decodes it once.
    """

    def __init__(self, limit_mb: int) -> None:
        self.limit = limit_mb * 2**20
        self.size = 0
        self._frames: OrderedDict[str, Frame] = OrderedDict()
        self._held: dict[str, Frame] = {}

    def __len__(self) -> int:
        return len(self._frames)

    def __call__(self, path: str) -> Frame:
        """The frame of a file. Raises InputError naming a file that cannot be read."""
        frame = self._frames.get(path)
        if frame is not None:
            self._frames.move_to_end(path)
            return frame
        frame = self._held.get(path)
        if frame is not None:
            return frame
        frame = self._held[path] = load_frame(path)
        self._frames[path] = frame
        self.size += frame.image.nbytes
        while self.size > self.limit:
            _, old = self._frames.popitem(last=False)
            self.size -= old.image.nbytes
        return frame

    def release(self) -> None:
        """Let go of the frames that are held beyond the limit."""
        self._held.clear()


@dataclass(frozen=True, eq=False)
class Stored:
    """A frame that is decoded when it is first looked at: not all that is drawn for a pair ends up in it."""

    path: str
    cache: FrameCache

    def decoded(self) -> Frame:
        """The frame. Raises InputError naming a file that cannot be read."""
        return self.cache(self.path)
