"""The file of an index: a magic line, the length and CRC of a header, the header (JSON), and arrays, to be mapped."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.data import cache
from tracker.data.tracks import Arrays

MAGIC = b"siamsa index\n"
ALIGN = 64
NUMBERS = struct.Struct("<QI")


class Stale(Exception):
    """An index cannot be used; the message says why."""


def write(path: Path, header: dict[str, Any], arrays: Arrays) -> None:
    """Write an index whole or not at all; each array begins at a multiple of 64 bytes. Raises cache.Unwritable."""
    table, at, check = {}, 0, 0
    for name, array in arrays.items():
        block = _block(array)
        table[name] = [array.dtype.str, list(array.shape), at]
        at += len(block)
        check = zlib.crc32(block, check)
    text = json.dumps({**header, "arrays": table, "bytes": at, "crc": check}).encode()
    head = MAGIC + NUMBERS.pack(len(text), zlib.crc32(text)) + text
    try:
        with cache.replacing(path) as new, new.open("wb") as file:
            file.write(head + bytes(-len(head) % ALIGN))
            for array in arrays.values():
                file.write(_block(array))
    except OSError as error:
        raise cache.Unwritable(f"{path}: cannot be written ({error.strerror or error})") from None


def _block(array: NDArray[Any]) -> bytes:
    data = array.tobytes()
    return data + bytes(-len(data) % ALIGN)


def read(path: Path) -> tuple[dict[str, Any], Arrays, NDArray[np.uint8]]:
    """Header and mapped arrays of a file, and all bytes of the arrays. Raises Stale where it is cut or no index."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Stale("not an index")
            size, check = NUMBERS.unpack(file.read(NUMBERS.size))
            text = file.read(size)
            start = file.tell() + -file.tell() % ALIGN
        if zlib.crc32(text) != check:
            raise Stale("index is damaged")
        header = json.loads(text)
        if path.stat().st_size != start + header["bytes"]:
            raise Stale("index is cut short")
        pages = np.asarray(np.memmap(path, np.uint8, "r")).view(np.ndarray)[start:]
        return header, {name: _cut(pages, *entry) for name, entry in header["arrays"].items()}, pages
    except (OSError, ValueError, KeyError, TypeError, struct.error, MemoryError) as error:
        raise Stale(f"index cannot be read ({error})") from None


def _cut(pages: NDArray[np.uint8], kind: str, shape: list[int], at: int) -> NDArray[Any]:
    dtype = np.dtype(kind)
    size = dtype.itemsize * int(np.prod(shape))
    return pages[at : at + size].view(dtype).reshape(shape)
