"""Cutting a stream of bytes into JPEG images."""

from __future__ import annotations

import re

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
START = b"\xff\xd8\xff"
# What may follow compressed data: tables, a further scan, the end, or the start of another image. Everything else
# after an FF is stuffing, a restart marker, or damage.
AFTER_DATA = re.compile(rb"\xff[\xc4\xd8-\xdd\xe0-\xef\xfe]")


class JpegSplitter:
    """Follows the segments of each image, so that a preview inside one, or an end that is no end, does not cut it.

    Bytes between images, such as the headers of a multipart stream, are passed over.
    """

    def __init__(self, limit: int = 64 << 20) -> None:
        self.limit = limit
        self._data = bytearray()
        self._at = 0  # how far the image at the start of the data was followed
        self._inside = False  # an image has begun
        self._compressed = False  # within its compressed data

    def feed(self, data: bytes) -> list[bytes | None]:
        """The images that end in `data`, in order; None for one that is cut short, or longer than `limit` bytes."""
        self._data += data
        found: list[bytes | None] = []
        while self._step(found):
            pass
        if len(self._data) > self.limit:
            self._give_up(found, len(self._data))
        return found

    def end(self) -> list[bytes | None]:
        """What is left at the end of the stream: None for an image that has begun."""
        found: list[bytes | None] = []
        if self._inside:
            self._give_up(found, len(self._data))
        return found

    def _step(self, found: list[bytes | None]) -> bool:
        """Go on by one marker; False where more data is needed."""
        if not self._inside:
            return self._find_start()
        if self._compressed:
            return self._pass_data()
        data, at = self._data, self._at
        if len(data) < at + 2:
            return False
        if data[at] != 0xFF or data[at + 1] == SOI:
            self._give_up(found, at)
        elif data[at + 1] == EOI:
            found.append(bytes(data[: at + 2]))
            self._begin(at + 2)
        elif data[at + 1] == 0xFF:  # a filling byte
            self._at += 1
        elif data[at + 1] in ALONE:
            self._at += 2
        else:
            return self._pass_segment(found)
        return True

    def _find_start(self) -> bool:
        start = self._data.find(START)
        if start < 0:
            del self._data[: -len(START) + 1]
            return False
        del self._data[:start]
        self._at, self._inside, self._compressed = 2, True, False
        return True

    def _pass_data(self) -> bool:
        marker = AFTER_DATA.search(self._data, self._at)
        if marker is None:
            self._at = max(self._at, len(self._data) - 1)  # a marker may be cut by the end of what is here
            return False
        self._at, self._compressed = marker.start(), False
        return True

    def _pass_segment(self, found: list[bytes | None]) -> bool:
        data, at = self._data, self._at
        if len(data) < at + 4:
            return False
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            self._give_up(found, at + 2)
            return True
        if len(data) < at + 2 + length:
            return False
        self._at, self._compressed = at + 2 + length, data[at + 1] == SOS
        return True

    def _give_up(self, found: list[bytes | None], end: int) -> None:
        """Count the image as cut short, and look for the next one from `end` on."""
        found.append(None)
        self._begin(end)

    def _begin(self, start: int) -> None:
        del self._data[:start]
        self._at, self._inside = 0, False
