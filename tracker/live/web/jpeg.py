"""JPEG pictures to and from the browser; the size of one is known before it is decoded."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.drawing.draw import to_bgr8
from tracker.images import decode
from tracker.live.web.wire import Refused

QUALITY = 80
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..SOF15 without DHT, JPG, DAC
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG claims; None where it is no JPEG, or has none. ITU T.81, annex B."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1  # fill byte
        elif marker in ALONE:
            at += 2
        elif marker in FRAME_MARKERS:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return (width, height) if width and height else None
        elif marker == 0xDA:  # the scan begins: too late for a frame header
            return None
        else:
            at += 2 + max(2, struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None


def from_browser(data: bytes, most: int, limit: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture `(H, W, 3)` in a message. Raises Refused: no JPEG, damaged, or larger than the limits."""
    if len(data) > most:
        raise Refused(413, f"a picture may have {most} bytes, this one has {len(data)}")
    size = size_of(data)
    if size is None:
        raise Refused(400, "a camera's picture must be a JPEG")
    if size[0] > limit[0] or size[1] > limit[1]:
        raise Refused(413, f"a picture may have {limit[0]}x{limit[1]} pixels, this one claims {size[0]}x{size[1]}")
    image = decode(data, cv2.IMREAD_COLOR)
    if image is None or (image.shape[1], image.shape[0]) not in (size, size[::-1]):
        raise Refused(400, "the picture is damaged")
    return image


def to_browser(image: NDArray[Any], widest: int, quality: int = QUALITY) -> bytes:
    """A frame as JPEG, scaled down to at most `widest` pixels in width."""
    height, width = image.shape[:2]
    if width > widest:
        size = (widest, max(1, round(height * widest / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", to_bgr8(image), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
