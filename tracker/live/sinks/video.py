"""The source with box, score and state drawn on it, as a video file."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.errors import InputError
from tracker.live.sinks.base import SINKS, FileSink
from tracker.live.step import Step

# Codecs that OpenCV's wheels carry, for each container; the first that opens is used.
CODECS = {".mp4": ("mp4v", "avc1"), ".m4v": ("mp4v",), ".mov": ("mp4v",), ".mkv": ("mp4v",), ".avi": ("MJPG", "XVID")}
RESERVE = 1 << 20  # bytes that stay free, beside half a frame as it is in memory,
INDEX = 32  # and so many for each frame, which the end of the file lists


@SINKS.register("video")
class Video(FileSink):
    """A video of the size of the first frame; frames of another size are fitted into it with black bars.

    Width and height are even, as the codecs need: an odd last column or row is cut off.
    """

    endings = tuple(CODECS)

    def __init__(self, path: str | Path, fps: float = 25.0) -> None:
        """Raises InputError for an unknown ending."""
        super().__init__(path, fps)
        if self.path.suffix.lower() not in CODECS:
            raise InputError(f"{path}: the video's ending must be one of {', '.join(CODECS)}")
        self._writer: cv2.VideoWriter | None = None

    def open(self) -> None:
        self.partial.touch()  # an unwritable place is found here, where OpenCV would only say no

    def _start(self, image: NDArray[np.uint8]) -> cv2.VideoWriter:
        self._size = (max(2, image.shape[1] & ~1), max(2, image.shape[0] & ~1))
        fps = self.fps if math.isfinite(self.fps) and self.fps > 0 else 25.0
        for codec in CODECS[self.path.suffix.lower()]:
            writer = cv2.VideoWriter(str(self.partial), cv2.VideoWriter.fourcc(*codec), fps, self._size)
            if writer.isOpened():
                return writer
        width, height = self._size
        raise InputError(f"{self.path}: OpenCV cannot write {width}x{height} video here; try a name that ends in .avi")

    def add(self, step: Step) -> None:
        if self._writer is None:
            self._writer = self._start(step.drawn)
        self._check_room()
        self._writer.write(fit(step.drawn, self._size))

    def _check_room(self) -> None:
        """End while there is room for the end of the file, without which it cannot be played. Raises OSError."""
        width, height = self._size
        if shutil.disk_usage(self.partial.parent).free < RESERVE + width * height * 3 // 2 + INDEX * self.rows:
            kept = f"; its first {self.rows} frames are kept" if self.keeps_parts and self.rows > 1 else ""
            raise OSError(f"{self.path}: the disk is full{kept}")

    def finish(self) -> None:
        if self._writer is None:
            return
        self._writer.release()
        # VideoWriter reports nothing, not even a full disk: count what arrived.
        check = cv2.VideoCapture(str(self.partial))
        arrived = int(check.get(cv2.CAP_PROP_FRAME_COUNT)) if check.isOpened() else 0
        if arrived < self.rows:  # by its head, which a file that was cut may not have
            arrived = sum(1 for _ in iter(check.grab, False))
        check.release()
        if arrived < self.rows:
            kept = self.keeps_parts and arrived > 1
            if kept:
                os.replace(self.partial, self.path)
            which = ", which are kept" if kept else ""
            raise OSError(f"{self.path}: only {arrived} of {self.rows} frames were written{which}; is the disk full?")


def fit(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """An image `(H, W, 3)` in a frame of `size` (width, height): shape kept, centred, black bars where it is short."""
    width, height = size
    image = image[: image.shape[0] & ~1 or None, : image.shape[1] & ~1 or None]
    h, w = image.shape[:2]
    if (w, h) == size:
        return np.ascontiguousarray(image)
    scale = min(width / w, height / h)
    w, h = max(1, min(width, round(w * scale))), max(1, min(height, round(h * scale)))
    canvas = np.zeros((height, width, 3), np.uint8)
    x, y = (width - w) // 2, (height - h) // 2
    canvas[y : y + h, x : x + w] = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
    return canvas
