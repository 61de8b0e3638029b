"""Standard input: JPEG images one after the other (MJPEG), or raw frames."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from tracker.errors import InputError
from tracker.images import decode
from tracker.live.sources.base import SOURCES, Frame, Image, Source, to_supported
from tracker.live.sources.jpegs import JpegSplitter

CHUNK = 1 << 16  # what a pipe holds
LARGEST = 1 << 30  # bytes of one raw frame
CHANNELS = {"bgr24": 3, "rgb24": 3, "gray": 1}
ADDRESS = re.compile(r"(?:-|stdin)(?::(?P<w>\d+)x(?P<h>\d+):(?P<pixels>\w+))?(?:@(?P<fps>\d+(?:\.\d+)?))?")
FORMS = "write - for JPEG images, or stdin:640x480:bgr24@30 for raw frames (bgr24, rgb24 or gray)"


@dataclass(frozen=True)
class Raw:
    """Raw frames as FFmpeg's `-f rawvideo` writes them."""

    width: int
    height: int
    pixels: str

    @property
    def length(self) -> int:
        """Bytes of one frame."""
        return self.width * self.height * CHANNELS[self.pixels]

    def image(self, data: bytes) -> Image:
        """A frame from its bytes, gray (H, W) or BGR (H, W, 3)."""
        if self.pixels == "gray":
            return np.frombuffer(bytearray(data), np.uint8).reshape(self.height, self.width)
        image = np.frombuffer(bytearray(data), np.uint8).reshape(self.height, self.width, 3)
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR)) if self.pixels == "rgb24" else image


@SOURCES.register("stdin")
class StandardInput(Source):
    """Frames piped in by another program. Every one is taken, so that program waits; a cut one is a bad frame.

    `fd` is the file descriptor that is read.
    """

    fd = 0

    @classmethod
    def claims(cls, address: str) -> bool:
        return re.match(r"(-|stdin)([:@]|$)", address) is not None

    def open(self) -> None:
        found = ADDRESS.fullmatch(self.address)
        if not found or (found["pixels"] or "gray") not in CHANNELS or (found["fps"] and not float(found["fps"])):
            raise InputError(f"{self.address}: is no form of standard input; {FORMS}")
        self.fps = float(found["fps"] or 25)
        self.raw = Raw(int(found["w"]), int(found["h"]), found["pixels"]) if found["pixels"] else None
        if self.raw is not None and not 0 < self.raw.length <= LARGEST:
            raise InputError(f"{self.address}: a frame must have more than 0 and at most {LARGEST} bytes")
        try:
            terminal = os.isatty(self.fd)
            os.fstat(self.fd)
        except OSError:
            raise InputError("standard input is closed; pipe video into it") from None
        if terminal:
            raise InputError("standard input is a terminal; pipe into it: ffmpeg -i FILE -f mjpeg - | siamsa track -")
        if sys.platform == "win32" and self.fd == 0:
            import msvcrt

            msvcrt.setmode(self.fd, os.O_BINARY)

    def read(self) -> Iterator[Frame]:
        pictures = self._images() if self.raw is None else self._frames_of(self.raw)
        for index, picture in enumerate(islice(pictures, self.span.stop)):
            if index in self.span:
                yield Frame(index, self._decode(picture))

    def _decode(self, picture: bytes | None) -> Image | None:
        if picture is None or self.raw is not None:
            return None if picture is None or self.raw is None else self.raw.image(picture)
        image = decode(picture, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
        return None if image is None else to_supported(image)

    def _images(self) -> Iterator[bytes | None]:
        splitter, came, found = JpegSplitter(), 0, 0
        while data := os.read(self.fd, CHUNK):
            came += len(data)
            for picture in splitter.feed(data):
                found += 1
                yield picture
        for picture in splitter.end():
            found += 1
            yield picture
        if not found:
            raise InputError(f"standard input: {_nothing(came)}, no JPEG image among them; {FORMS}")

    def _frames_of(self, raw: Raw) -> Iterator[bytes | None]:
        came = 0
        while True:
            data = bytearray()
            while len(data) < raw.length and (more := os.read(self.fd, min(raw.length - len(data), 1 << 20))):
                data += more
            came += len(data)
            if len(data) < raw.length:
                break
            yield bytes(data)
        if came < raw.length:
            raise InputError(
                f"standard input: {_nothing(came)}, a frame of {self.address} has {raw.length}; "
                "is the program before the pipe writing frames of this size and kind?"
            )
        if data:
            left = f"with {len(data)} bytes of a frame of {raw.length}"
            self.ended = f"{left}; are size and kind in {self.address} right?"
            yield None


def _nothing(came: int) -> str:
    return f"ended after {came} bytes"
