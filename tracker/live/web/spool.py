"""Frames of a stream or camera as they came, in one file of the session, for the video that is downloaded later."""

from __future__ import annotations

import threading
from array import array
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray

from tracker.images import decode


class Spool:
    """JPEG pictures by frame from 0 on; no more than `most` bytes in all. One thread appends, any may read."""

    def __init__(self, path: Path, most: int) -> None:
        self.path, self.most = path, most
        self._ends = array("q", [0])
        self._guard = threading.Lock()
        self._file = path.open("wb", buffering=0)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, jpeg: bytes) -> bool:
        """Keep the next frame; False, from then on, where there is no room for it."""
        with self._guard:
            if self._file.closed or self._ends[-1] + len(jpeg) > self.most:
                self._file.close()
                return False
            self._file.write(jpeg)
            self._ends.append(self._ends[-1] + len(jpeg))
            return True

    def frame(self, index: int) -> NDArray[Any] | None:
        """A frame, decoded; None where there is none."""
        with self._guard:
            if not 0 <= index < len(self):
                return None
            begin, end = self._ends[index : index + 2]
        with self.path.open("rb") as file:
            file.seek(begin)
            return decode(file.read(end - begin), cv2.IMREAD_COLOR)

    def close(self) -> None:
        """Write no further."""
        with self._guard:
            self._file.close()
