"""Where the frames of a session come from: a file, in any order; a stream or a browser's camera, as they come."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import cv2
from numpy.typing import NDArray

from tracker.errors import InputError
from tracker.live.sources import Frame, open_source
from tracker.live.sources.capture import file_backend, open_capture
from tracker.live.sources.seeking import Seeker
from tracker.live.web.jpeg import to_browser
from tracker.live.web.settings import ServeSettings
from tracker.live.web.spool import Spool
from tracker.live.web.wire import Refused

Image = NDArray[Any]
MAX_FPS = 240.0
PAUSE = 2.0  # seconds: a longer silence between two frames of a live source is a pause, and no part of the recording
SCHEMES = ("rtsp", "rtmp", "http", "https")
WORK_MEMORY, SCRUB_MEMORY = 96 << 20, 16 << 20  # bytes of decoded frames that are kept


class Feed(ABC):
    """The source of a session. `frame` may be called from any thread, what moves on only from that of the run."""

    kind: ClassVar[str]
    seekable = False
    name = ""
    fps = 25.0
    count: int | None = None  # None: it grows
    size = (0, 0)

    @property
    def public(self) -> dict[str, Any]:
        """What a client is told."""
        width, height = self.size
        shape = {"fps": round(self.fps, 4), "width": width, "height": height, "seekable": self.seekable}
        return {"kind": self.kind, "name": self.name, "frames": self.count, **shape}

    @property
    @abstractmethod
    def length(self) -> int:
        """Frames that there are so far."""

    @abstractmethod
    def frame(self, index: int) -> Image | None:
        """A frame by its number, for a look at it; None where it cannot be had."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""


class FileFeed(Feed):
    """A video file, visited in any order."""

    kind = "file"
    seekable = True

    def __init__(self, path: Path, name: str, settings: ServeSettings) -> None:
        """Raises Refused for what is no video (415) or beyond the limits (413)."""
        self.name, self._limit = name, (settings.width, settings.height)
        self._path, self._guard = path, threading.Lock()
        self._scrubber: Seeker | None = None
        try:
            with ExitStack() as stack:
                self._check_size(declared_size(path))
                self._seeker = stack.enter_context(Seeker(path, WORK_MEMORY))
                self.count, self.fps, self.size = self._seeker.count, self._seeker.fps, self._seeker.size
                self._check_size(self.size)
                self._check_length(settings.seconds)
                self._stack = stack.pop_all()
        except InputError as error:  # says where the file lies on the server: not for clients
            raise Refused(415, str(error).replace(str(path), name)) from None

    def _check_size(self, size: tuple[int, int]) -> None:
        if not any(size[0] <= w and size[1] <= h for w, h in (self._limit, self._limit[::-1])):
            limit = f"{self._limit[0]}x{self._limit[1]}"
            raise Refused(413, f"{self.name}: has {size[0]}x{size[1]} pixels, at most {limit} are taken")

    def _check_length(self, most: float) -> None:
        seconds = (self.count or 0) / self.fps
        if seconds > most:
            raise Refused(413, f"{self.name}: is {seconds:.0f} s long, at most {most:g} s are taken")

    @property
    def length(self) -> int:
        return self.count or 0

    def at(self, index: int) -> Image | None:
        """A frame for tracking; None where it cannot be read. For the thread of the run."""
        return self._fitting(self._seeker.frame(index))

    def frame(self, index: int) -> Image | None:
        assert self.count is not None
        if not 0 <= index < self.count:
            return None
        with self._guard:
            if self._scrubber is None:  # of its own, so that looking around does not hold tracking up
                self._scrubber = self._stack.enter_context(Seeker(self._path, SCRUB_MEMORY))
            return self._fitting(self._scrubber.frame(index))

    def _fitting(self, image: Image | None) -> Image | None:
        """Frames may be larger than the head of a file says."""
        if image is None or image.shape[0] * image.shape[1] > self._limit[0] * self._limit[1]:
            return None
        return image

    def close(self) -> None:
        with self._guard:
            self._stack.close()


def declared_size(path: Path) -> tuple[int, int]:
    """Width and height that the head of a video tells, before anything is decoded; 0 where it tells nothing."""
    capture = open_capture(str(path.resolve()), file_backend())
    if capture is None:
        return 0, 0
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    capture.release()
    return size


class LiveFeed(Feed):
    """Frames as they come. What came is kept in a spool, as far as it has room.

    `fps` is what the source says of itself, and from the second frame on the mean rate at which they came.
    """

    def __init__(self, name: str, folder: Path, settings: ServeSettings) -> None:
        self.name = name
        self.spool = Spool(folder / "recording", settings.upload_mb << 20)
        self._came = -math.inf  # when the newest frame did, on the clock of time.monotonic()
        self._gaps, self._seconds = 0, 0.0  # between frames, without pauses

    @property
    def length(self) -> int:
        return len(self.spool)

    def keep(self, image: Image, jpeg: bytes | None = None) -> None:
        """Record the next frame."""
        if self.size == (0, 0):
            self.size = (image.shape[1], image.shape[0])
        now = time.monotonic()
        if now - self._came < PAUSE:
            self._gaps, self._seconds = self._gaps + 1, self._seconds + now - self._came
            # Two decimals: MPEG-4 takes no finer ones at high rates.
            self.fps = round(min(self._gaps / max(self._seconds, 1e-9), MAX_FPS), 2)
        self._came = now
        self.spool.append(to_browser(image, image.shape[1], 90) if jpeg is None else jpeg)

    def frame(self, index: int) -> Image | None:
        return self.spool.frame(index)

    def close(self) -> None:
        self.spool.close()


class StreamFeed(LiveFeed):
    """An RTSP, RTMP or HTTP address."""

    kind = "stream"

    def __init__(self, address: str, folder: Path, settings: ServeSettings) -> None:
        """Connects and waits for the first frame. Raises InputError, Refused."""
        super().__init__(address, folder, settings)
        scheme, mark, rest = address.partition("://")
        if not mark or scheme.lower() not in SCHEMES or not rest or address.startswith("-"):
            known = " or ".join([", ".join(f"{s}://" for s in SCHEMES[:-1]), f"{SCHEMES[-1]}://"])
            raise Refused(400, f"the address of a stream begins with {known}")
        self._stack = ExitStack()
        try:
            self._source = self._stack.enter_context(open_source(address))
            image = self._source.first().image
            assert image is not None, "first() refuses an unreadable frame"
            if image.shape[1] > settings.width or image.shape[0] > settings.height:
                raise Refused(413, f"the stream's frames of {image.shape[1]}x{image.shape[0]} pixels are too large")
        except BaseException:
            self.close()
            raise
        self.fps, self.size = self._source.fps, (image.shape[1], image.shape[0])
        self._frames: Iterator[Frame] = iter(self._source)

    @property
    def ended(self) -> str:
        """Why there are no more frames."""
        return self._source.ended or "end"

    def next(self) -> Frame | None:
        """The newest frame, or news; None at the end. Waits at most half a second or so."""
        return next(self._frames, None)

    def close(self) -> None:
        super().close()
        self._stack.close()


class CameraFeed(LiveFeed):
    """Pictures that the browser sends, one by one."""

    kind = "camera"

    def __init__(self, size: tuple[int, int], fps: float, folder: Path, settings: ServeSettings) -> None:
        super().__init__("camera", folder, settings)
        self.size, self.fps = size, fps
