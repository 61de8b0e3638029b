"""Where the frame lies in the window."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.drawing.draw import Image, to_bgr8
from tracker.drawing.panel import BACK

LEAST = (480, 300)  # width and height of the canvas, so that bar and panels have room around any frame
COMFORT = 640  # pixels; narrower frames are shown larger, by a whole factor
TINY = (400, 300)  # a window that is smaller still has its picture, texts and all, made smaller by the window system


class View:
    """A frame of `size` within `limit` (width, height): made smaller where it must be, larger where it is tiny.

    With `window`, the size that the window has, the frame fills it as far as its shape allows.

    `scale` is window pixels a frame pixel, `origin` the frame's corner in the window. `unit` is the height of a capital
    in bars and panels; below the picture there is a bar of `bar` pixels, so that nothing of the frame is covered.
    """

    def __init__(
        self, size: tuple[int, int], limit: tuple[int, int], rows: int = 1, window: tuple[int, int] | None = None
    ) -> None:
        width, height = size
        tiny = 1.0 if window is None else max(1.0, TINY[0] / window[0], TINY[1] / window[1])
        limit = limit if window is None else (round(window[0] * tiny), round(window[1] * tiny))
        room = (limit[0], limit[1] - bar_height(unit_for(limit[0]), rows))
        fitting = min(room[0] / width, room[1] / height)
        wanted = max(1, int(max(COMFORT, limit[0] // 3) / width))
        self.size = size
        self.scale: float = fitting if window or fitting < 1 else min(wanted, int(fitting))
        self.shown = (max(1, round(width * self.scale)), max(1, round(height * self.scale)))
        self.picture = room if window else (max(self.shown[0], LEAST[0]), max(self.shown[1], LEAST[1]))
        self.origin = ((self.picture[0] - self.shown[0]) // 2, (self.picture[1] - self.shown[1]) // 2)
        self.unit = unit_for(self.picture[0])
        self.bar = bar_height(self.unit, rows)
        self.window = window or (self.picture[0], self.picture[1] + self.bar)

    def canvas(self, image: NDArray[Any]) -> Image:
        """A new picture of the window, `(H + bar, W, 3)` 8-bit BGR: the frame, nothing else yet."""
        frame = to_bgr8(image)
        if self.scale != 1:
            frame = _resized(frame, self.shown)
        canvas: Image = np.empty((self.picture[1] + self.bar, self.picture[0], 3), np.uint8)
        self.bar_of(canvas)[:] = BACK
        if self.shown != self.picture:
            canvas[:] = BACK
        self.frame_of(canvas)[:] = frame
        return canvas

    def frame_of(self, canvas: Image) -> Image:
        """The part of a canvas that holds the frame, to be drawn on."""
        (x, y), (w, h) = self.origin, self.shown
        return canvas[y : y + h, x : x + w]

    def bar_of(self, canvas: Image) -> Image:
        """The part of a canvas below the picture."""
        return canvas[self.picture[1] :]

    def scaled(self, box: Box) -> Box:
        """A box of the frame in pixels of `frame_of`."""
        return Box(*(value * self.scale for value in box.xywh))

    def to_frame(self, x: float, y: float) -> tuple[float, float]:
        """A place in the window in pixels of the frame, moved to its edge where it is outside."""
        x, y = (x - self.origin[0]) / self.scale, (y - self.origin[1]) / self.scale
        return min(max(x, 0), self.size[0]), min(max(y, 0), self.size[1])


def _resized(frame: Image, size: tuple[int, int]) -> Image:
    """A frame in another size: means of whole blocks first, which is fast, then the rest, which is less than half."""
    block = min(frame.shape[1] // size[0], frame.shape[0] // size[1])
    if block > 1:
        whole = (frame.shape[1] // block, frame.shape[0] // block)
        frame = np.asarray(cv2.resize(frame, whole, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def unit_for(width: int) -> int:
    """Height of a capital, in pixels, in a window of this width."""
    return max(9, round(width / 130))


def bar_height(unit: int, rows: int) -> int:
    """Height of a bar with this many rows of text, pixels."""
    return round(unit * (1.1 + 2.4 * rows))
