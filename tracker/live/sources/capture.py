"""Video files, cameras and network streams, read through OpenCV's VideoCapture."""

from __future__ import annotations

import codecs
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import cv2

from tracker.errors import InputError
from tracker.live.sources.base import SOURCES, Frame, Image, Source

SCHEMES = ("rtsp", "rtsps", "rtmp", "rtp", "http", "https", "udp", "tcp", "srt")
TIMEOUT = 10_000  # ms until a silent network address is given up


class Capture(Source):
    """What the three kinds share: reading past damage, and rotation tags."""

    exact = False  # whether `count` was written by the muxer, so that frames missing at the end are damage
    patience = 25  # reads that may fail in a row where the number of frames is not known

    def connect(self, target: str | int, backend: int, options: list[int] | None = None) -> bool:
        """Open `target` and learn its rate. False where OpenCV cannot."""
        self.capture = cv2.VideoCapture(target, backend, options or [])
        if not self.capture.isOpened():
            self.capture.release()
            return False
        self.capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        fps = self.capture.get(cv2.CAP_PROP_FPS)
        # Cameras answer 0, some containers their time base (90,000).
        self.fps = fps if math.isfinite(fps) and 0 < fps <= 1000 else 25.0
        return True

    def read(self) -> Iterator[Frame]:
        missed: list[int] = []  # failed reads; without an exact count they are frames only if a readable one follows
        failures, began = 0, False
        for index in itertools.count():
            if self.span.stop is not None and index >= self.span.stop:
                break
            wanted = index in self.span
            readable, image = self._grab(wanted)
            if readable:
                if began or not self.live:  # a camera may need a few reads to wake up
                    yield from (Frame(i, None) for i in missed)
                missed, failures, began = [], 0, True
                if wanted:
                    yield Frame(index, image)
                continue
            failures += 1
            if failures >= self.patience if self.count is None else index >= self.count:
                break
            if wanted:
                missed.append(index)
        if self.exact:
            yield from (Frame(i, None) for i in missed)

    def _grab(self, wanted: bool) -> tuple[bool, Image | None]:
        """Step one frame on, and decode it where it is wanted."""
        try:
            if not self.capture.grab():
                return False, None
            return self.capture.retrieve() if wanted else (True, None)
        except cv2.error:
            return False, None

    def close(self) -> None:
        self.capture.release()


@SOURCES.register("video")
class VideoFile(Capture):
    """A video file. Damaged frames keep their place in the count, so later frames keep their index."""

    @classmethod
    def claims(cls, address: str) -> bool:
        return Path(address).is_file()

    def open(self) -> None:
        path = Path(self.address)
        if not path.exists():
            raise InputError(f"{self.address}: no such file or folder")
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(1 << 20)
        except OSError as error:
            raise InputError(f"{self.address}: cannot be read ({error.strerror or error})") from None
        if not head:
            raise InputError(f"{self.address}: the file is empty")
        if is_text(head[:4096]):  # FFmpeg would render some text files as video
            raise InputError(f"{self.address}: holds text, not video")
        # By full path: FFmpeg takes a name such as `a:b.mp4` for an address.
        if not self.connect(str(path.resolve()), file_backend()):
            raise InputError(
                f"{self.address}: cannot be read as video; it is damaged, cut short, or of a kind OpenCV does not know"
            )
        count = self.capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.count = int(count) if 0 < count <= size else None
        self.exact = self.count is not None and counts_frames(head)


@SOURCES.register("camera")
class Camera(Capture):
    """A camera by its number. A folder called `0` is written `./0`."""

    live = True
    patience = 3  # each may wait for a time-out

    @classmethod
    def claims(cls, address: str) -> bool:
        return address.isdecimal()

    def open(self) -> None:
        if not self.connect(int(self.address), cv2.CAP_ANY):
            raise InputError(f"camera {self.address}: cannot be opened; is it plugged in, and free of other programs?")


@SOURCES.register("stream")
class Stream(Capture):
    """An RTSP, HTTP or similar address."""

    live = True
    patience = 3  # each may wait for a time-out

    @classmethod
    def claims(cls, address: str) -> bool:
        return address.partition("://")[0].lower() in SCHEMES and "://" in address

    def open(self) -> None:
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT]
        if not self.connect(self.address, cv2.CAP_FFMPEG, timeouts):
            raise InputError(f"{self.address}: no video stream answers at this address")


def file_backend() -> int:
    """FFmpeg where OpenCV was built with it: other backends guess at files that are not video."""
    return cv2.CAP_FFMPEG if cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends() else cv2.CAP_ANY


def counts_frames(head: bytes) -> bool:
    """Whether a file's header counts its frames: AVI, and MP4 or MOV unless fragmented. Elsewhere it is a guess."""
    if head[:4] == b"RIFF":
        return True
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") and b"mvex" not in head


def is_text(head: bytes) -> bool:
    """Whether the start of a file is UTF-8 without control characters."""
    if any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # incremental: the cut may be inside a character
    except UnicodeDecodeError:
        return False
    return True
