"""Video files, cameras and network streams, read through OpenCV's VideoCapture."""

from __future__ import annotations

import codecs
import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import cv2

from tracker.errors import InputError
from tracker.live.sources.base import SOURCES, Frame, Image, Source, Span
from tracker.live.sources.live import LiveSource
from tracker.live.sources.reception import Connection

SCHEMES = ("rtsp", "rtsps", "rtmp", "rtp", "http", "https", "udp", "tcp", "srt")
OPEN_TIMEOUT, READ_TIMEOUT = 10_000, 5_000  # ms until a silent address is given up; below Waits.call
PATIENCE = 25  # reads that may fail in a row where the number of frames is not known


def open_capture(target: str | int, backend: int, options: list[int] | None = None) -> cv2.VideoCapture | None:
    """A capture that turns frames by their rotation tag; None where OpenCV cannot open it."""
    capture = cv2.VideoCapture(target, backend, options or [])
    if not capture.isOpened():
        capture.release()
        return None
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def rate_of(capture: cv2.VideoCapture) -> float:
    """Frames a second; 25 where it is not told. Cameras answer 0, some containers their time base (90,000)."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if math.isfinite(fps) and 0 < fps <= 1000 else 25.0


@SOURCES.register("video")
class VideoFile(Source):
    """A video file. Damaged frames keep their place in the count, so later frames keep their index.

    `exact` is whether `count` was written by the muxer, so that frames missing at the end are damage.
    """

    exact = False
    capture: cv2.VideoCapture

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
        self.path = str(path.resolve())  # in full: FFmpeg takes a name such as `a:b.mp4` for an address
        capture = open_capture(self.path, file_backend())
        if capture is None:
            raise InputError(
                f"{self.address}: cannot be read as video; it is damaged, cut short, or of a kind OpenCV does not know"
            )
        self.capture, self.fps = capture, rate_of(capture)
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.count = int(count) if 0 < count <= size else None
        self.exact = self.count is not None and counts_frames(head)

    def read(self) -> Iterator[Frame]:
        missed: list[int] = []  # failed reads; without an exact count they are frames only if a readable one follows
        failures = 0
        for index in itertools.count():
            if self.span.stop is not None and index >= self.span.stop:
                break
            wanted = index in self.span
            readable, image = self._grab(wanted)
            if readable:
                yield from (Frame(i, None) for i in missed)
                missed, failures = [], 0
                if wanted:
                    yield Frame(index, image)
                continue
            failures += 1
            if failures >= PATIENCE if self.count is None else index >= self.count:
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


class Opened(Connection):
    """A connection through OpenCV; `refusal` is the line for where there is none."""

    def __init__(self, target: str | int, backend: int, refusal: str, options: list[int] | None = None) -> None:
        self.target, self.backend, self.options, self.refusal = target, backend, options, refusal
        self.capture: cv2.VideoCapture | None = None

    def open(self) -> None:
        self.capture = open_capture(self.target, self.backend, self.options)
        if self.capture is None:
            raise InputError(self.refusal)
        self.fps = rate_of(self.capture)
        # Over HTTP a file tells its length, a stream does not; a recording over RTSP is paced by its server.
        count = self.capture.get(cv2.CAP_PROP_FRAME_COUNT)
        if str(self.target).lower().startswith("http") and 0 < count < 1e9:
            self.frames = int(count)

    def read(self) -> Image | None:
        assert self.capture is not None, "read() comes after open()"
        try:
            readable, image = self.capture.read()
        except cv2.error:
            return None
        return image if readable else None

    def close(self) -> None:
        if self.capture is not None:
            self.capture.release()


@SOURCES.register("camera")
class Camera(LiveSource):
    """A camera by its number. A folder called `0` is written `./0`."""

    @classmethod
    def claims(cls, address: str) -> bool:
        return address.isdecimal()

    def connect(self) -> Connection:
        refusal = f"camera {self.address}: cannot be opened; is it plugged in, and free of other programs?"
        return Opened(int(self.address), cv2.CAP_ANY, refusal)


@SOURCES.register("stream")
class Stream(LiveSource):
    """An RTSP, HTTP or similar address. Of a recording (HTTP, with a known length) every frame is taken, to its end.

    Messages and files name it without its user and password.
    """

    def __init__(self, address: str, span: Span | None = None) -> None:
        super().__init__(without_secrets(address), span)
        self._url = address

    @classmethod
    def claims(cls, address: str) -> bool:
        return address.partition("://")[0].lower() in SCHEMES and "://" in address

    def connect(self) -> Connection:
        refusal = f"{self.address}: no video stream answers at this address"
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT]
        return Opened(self._url, cv2.CAP_FFMPEG, refusal, timeouts)


def without_secrets(address: str) -> str:
    """An address without what stands before the @ of its host, and without what passwords among its options say."""
    address = re.sub(r"://[^/?#]*@", "://", address)
    return re.sub(r"(?i)([?&](?:user|usr|login|passw(?:or)?d|pwd|pw|token|key|auth)[a-z_]*=)[^&#]*", r"\1...", address)


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
