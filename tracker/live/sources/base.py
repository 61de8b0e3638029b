"""What every source of frames has in common: a context manager that is iterated once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.errors import InputError
from tracker.live.opencv import quiet
from tracker.registry import Registry

Image = NDArray[Any]


@dataclass(frozen=True)
class Frame:
    """One frame: `index` from 0 in the source; `image` as OpenCV has it, None where it could not be read.

    With a `status`, such as "reconnecting, 3 s", it is no frame but news from a live source: there is no image, and
    `index` is that of the next frame. `time` says when a live frame came, in seconds on the clock of time.monotonic().
    """

    index: int
    image: Image | None
    status: str = ""
    time: float | None = None


@dataclass(frozen=True)
class Span:
    """Which frames are visited: `start`, `start + stride`, ... before `stop` (None: to the end)."""

    start: int = 0
    stop: int | None = None
    stride: int = 1

    def __post_init__(self) -> None:
        if self.start < 0:
            raise InputError(f"--start: must be 0 or more, got {self.start}")
        if self.stride < 1:
            raise InputError(f"--stride: must be 1 or more, got {self.stride}")
        if self.stop is not None and self.stop <= self.start:
            raise InputError(f"--stop: must be greater than --start, got {self.stop} with --start {self.start}")

    def __contains__(self, index: int) -> bool:
        before_stop = self.stop is None or index < self.stop
        return before_stop and index >= self.start and (index - self.start) % self.stride == 0

    def following(self, index: int) -> int:
        """The first visited index that is not before `index`."""
        steps = -(-(max(index, self.start) - self.start) // self.stride)
        return self.start + steps * self.stride

    def indices(self, count: int) -> range:
        """The visited indices of a source with `count` frames."""
        return range(self.start, count if self.stop is None else min(self.stop, count), self.stride)


class Source(ABC):
    """Frames from one address. Use as `with open_source(address) as source: for frame in source: ...`.

    `fps` is the source's own rate (25 where it has none), `count` its number of frames (None where unknown), `size`
    its width and height in pixels (known once `first()` was called), `bad` how many of the visited frames could not
    be read so far. A `live` source must be read as it comes and is never read ahead; `dropped` counts its frames that
    came while the one before was worked on, and after `gives_up` seconds without a frame it ends (None: never).
    `ended` says why a source ended early, in a few words.
    """

    live = False
    gives_up: float | None = 60.0

    def __init__(self, address: str, span: Span | None = None) -> None:
        self.address = address
        self.span = span or Span()
        self.fps = 25.0
        self.count: int | None = None
        self.size = (0, 0)
        self.bad = 0
        self.dropped = 0
        self.ended = ""
        self._frames: Iterator[Frame] = iter(())
        self.busy = False
        self._first: Frame | None = None

    @classmethod
    @abstractmethod
    def claims(cls, address: str) -> bool:
        """Whether an address as the user writes it is for this kind of source."""

    @abstractmethod
    def open(self) -> None:
        """Open it, or raise InputError with one line."""

    @abstractmethod
    def read(self) -> Iterator[Frame]:
        """The frames of the span in order, unreadable ones included."""

    def close(self) -> None:
        """Let go of the file or device."""

    @property
    def total(self) -> int | None:
        """How many frames will be visited; None where the end is not known."""
        return None if self.count is None else len(self.span.indices(self.count))

    def first(self) -> Frame:
        """The first frame, which iteration yields again. InputError where there is none or it cannot be read."""
        if self._first is None:
            self._frames = self.read()
            frame = next(self._frames, None)
            start = self.span.start
            if frame is None and start:
                known = "fewer frames" if self.count is None else f"{self.count} frames"
                raise InputError(f"{self.address}: has no frame {start}, the source has {known}; lower --start")
            if frame is None or frame.image is None:
                raise InputError(
                    f"{self.address}: frame {start} cannot be read; choose a later one with --start and its box"
                )
            self._first = frame
            self.size = (frame.image.shape[1], frame.image.shape[0])
        return self._first

    def __iter__(self) -> Iterator[Frame]:
        yield self.first()
        for frame in self._frames:
            self.bad += frame.image is None and not frame.status
            yield frame

    def __enter__(self) -> Source:
        quiet()
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.busy:  # what a hanging read still uses is left to the end of the process
            self.close()


SOURCES: Registry[type[Source]] = Registry("source")


def open_source(address: str, span: Span | None = None) -> Source:
    """The source for an address: a video file, a camera number, an RTSP/HTTP address, a folder or glob of images, `-`
    for standard input, `screen`, or what a source of your own claims (docs/sources.md has them all).

    Nothing is opened until it is entered as a context manager. What no kind claims is taken for a video file, whose
    error then says what is wrong with it.
    """
    kind = next((name for name in SOURCES if SOURCES[name].claims(address)), "video")
    return SOURCES[kind](address, span)


def to_supported(image: NDArray[Any]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """8- and 16-bit images as they are; float images (0..1, or larger values as they are) and others as 16 bit."""
    if image.dtype in (np.uint8, np.uint16):
        return image
    values = np.nan_to_num(image.astype(np.float64), posinf=0.0, neginf=0.0)
    if np.issubdtype(image.dtype, np.floating) and values.max(initial=0.0) <= 1:
        values = values * 65535
    return np.clip(values, 0, 65535).astype(np.uint16)
