"""Random access to the frames of a video file or an image folder: for scrubbing, and for tracking backward."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Protocol

from tracker.errors import InputError
from tracker.live.opencv import quiet
from tracker.live.sources.base import Image, open_source
from tracker.live.sources.capture import VideoFile
from tracker.live.sources.images import Images, read_image
from tracker.live.sources.positions import VideoPositions

BLOCK = 32  # frames that are decoded at once on the way back


class Positions(Protocol):
    """Something with numbered frames, of which `at` gives one; `fast` where each costs the same."""

    count: int
    fps: float
    size: tuple[int, int]
    fast: bool

    def at(self, index: int) -> Image | None: ...
    def close(self) -> None: ...


class ImagePositions:
    """The files of an image folder."""

    fast = True

    def __init__(self, source: Images) -> None:
        self._files = source.files
        self.count, self.fps = len(source.files), source.fps
        first = next((image for image in map(self.at, range(self.count)) if image is not None), None)
        if first is None:
            raise InputError(f"{source.address}: none of the images can be read")
        self.size = (first.shape[1], first.shape[0])

    def at(self, index: int) -> Image | None:
        return read_image(self._files[index])

    def close(self) -> None:
        pass


class Seeker:
    """Any frame of a video file or image folder, as reading from the start gives it.

    Use as `with Seeker("a.mp4") as seeker: image = seeker.frame(120)`, from one thread at a time. `count` is the
    number of frames, `fps` the rate, `size` width and height in pixels. The next frame costs one decoding; on the way
    back a block is decoded at once, and at most `memory` bytes of frames are kept (`held` of them now).
    """

    def __init__(self, address: str | Path, memory: int = 256 << 20) -> None:
        self.address = str(address)
        self.memory = memory
        self._kept: OrderedDict[int, Image | None] = OrderedDict()
        self._bytes = 0
        self._last: int | None = None

    def __enter__(self) -> Seeker:
        quiet()
        source = open_source(self.address)
        if not isinstance(source, (VideoFile, Images)):
            raise InputError(f"{self.address}: has no frames to go back to; only video files and image folders have")
        source.open()
        try:
            self._positions: Positions = (
                VideoPositions(source) if isinstance(source, VideoFile) else ImagePositions(source)
            )
        except BaseException:
            source.close()
            raise
        self.count, self.fps, self.size = self._positions.count, self._positions.fps, self._positions.size
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._positions.close()
        self._kept.clear()
        self._bytes = 0

    @property
    def held(self) -> int:
        """How many frames are kept now."""
        return len(self._kept)

    def frame(self, index: int) -> Image | None:
        """The frame with this index, from 0; None where it cannot be read. It is kept, and so read-only.

        Raises IndexError outside 0 to `count` - 1.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"{self.address}: has no frame {index}, the source has {self.count} frames")
        last, self._last = self._last, index
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        block = 1 if self._positions.fast else self._block()
        back = last is not None and 0 < last - index <= block
        image = None
        for i in range(max(0, index - block + 1) if back else index, index + 1):
            image = self._positions.at(i)
            self._keep(i, image)
        return image

    def _block(self) -> int:
        """Frames to decode at once: at most half of what may be kept."""
        return max(1, min(BLOCK, self.memory // (2 * 3 * self.size[0] * self.size[1])))

    def _keep(self, index: int, image: Image | None) -> None:
        self._forget(index)
        size = 0
        if image is not None:
            image.flags.writeable = False
            size = image.nbytes
        if size > self.memory:
            return
        while self._bytes + size > self.memory:
            self._forget(next(iter(self._kept)))
        self._kept[index] = image
        self._bytes += size

    def _forget(self, index: int) -> None:
        image = self._kept.pop(index, None)
        self._bytes -= 0 if image is None else image.nbytes
