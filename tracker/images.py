"""Image files: decoded whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.errors import InputError

TAIL = 4096  # bytes in which a JPEG ends; some programs write a little behind the end
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
ENDS = {PNG: b"IEND", JPEG: b"\xff\xd9"}


def decode(data: bytes, flags: int | None = None) -> NDArray[np.uint8] | None:
    """An encoded image as OpenCV decodes it; None where it is none, or cut short.

    Without `flags`: (H, W, 3) BGR, 8 bit, not turned by EXIF, since boxes of data sets are drawn on the stored pixels.
    Some versions of OpenCV fill up what is missing of a JPEG with gray, and say nothing.
    """
    if not data or cut_short(data[:8], data[-max(TAIL, len(data) // 2) :]):
        return None
    import cv2

    try:
        stored = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        image = cv2.imdecode(np.frombuffer(data, np.uint8), stored if flags is None else flags)
    except cv2.error:
        return None
    return None if image is None else np.asarray(image)


def cut_short(head: bytes, tail: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end, from the first and last bytes of the file; False for other kinds."""
    return any(head.startswith(kind) and end not in tail for kind, end in ENDS.items())


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """An image as trackers take it: (H, W, 3) BGR, 8 bit, not turned by EXIF.

    Raises InputError naming a file that is missing, no image, or cut short.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(f"{path}: {reason}") from None
    image = decode(data)
    if image is None:
        short = cut_short(data[:8], data[-max(TAIL, len(data) // 2) :])
        raise InputError(f"{path}: {'the image is cut short' if short else 'cannot be read as an image'}")
    return image


def fault(path: str | Path) -> str:
    """What is wrong with an image by its first and last bytes, without decoding it; empty where nothing is."""
    try:
        with open(path, "rb") as file:
            head = file.read(8)
            file.seek(max(0, file.seek(0, 2) - TAIL))
            tail = file.read()
    except OSError as error:
        return f"{path}: {'no such file' if isinstance(error, FileNotFoundError) else error.strerror}"
    known = (PNG, JPEG, b"BM", b"RIFF", b"II*\x00", b"MM\x00*", b"P")
    if not head.startswith(known):
        return f"{path}: cannot be read as an image"
    return f"{path}: the image is cut short" if cut_short(head, tail) else ""
