"""An index of a data set: its tracks as flat arrays in one file, mapped into memory, and what they were read from.

The index is used while the annotation files and folders it was made from are what they were. That is asked in two
steps: size and time of change of each (a `stat`, so a second or so for a hundred thousand files), and where those
differ, their content (a copied or touched data set keeps its index). A changed, cut or damaged index is not used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.data import cache
from tracker.data.datasets import Loaded, Report, Tracks, read
from tracker.data.report import MAX_ASPECT, MIN_SIDE
from tracker.data.tracks import Arrays
from tracker.errors import InputError

FORMAT = 1
MAGIC = b"siamsa index\n"
ALIGN = 64
NUMBERS = struct.Struct("<QI")
log = logging.getLogger(__name__)


class Stale(Exception):
    """The index cannot be used; the message says why."""


def open_folder(layout: str, folder: Path) -> Loaded:
    """Tracks of a folder: from its index if there is one, and it is made anew where it is not valid; else read."""
    found, reasons = _find(layout, folder)
    if found is not None:
        return found[0]
    if not reasons:
        return read(layout, folder)
    log.warning("%s; it is made anew", "; ".join(reasons))
    return build(layout, folder)[0]


def current(layout: str, folder: Path) -> tuple[Loaded, Path] | None:
    """Tracks and file of a valid index; None where there is none."""
    return _find(layout, folder)[0]


def _find(layout: str, folder: Path) -> tuple[tuple[Loaded, Path] | None, list[str]]:
    """The first index that is valid, and what is wrong with those before it."""
    reasons: list[str] = []
    for path in index_files(layout, folder):
        if path.is_file():
            try:
                return (load(path, layout, folder), path), reasons
            except Stale as error:
                reasons.append(f"{path}: {error}")
    return None, reasons


def index_files(layout: str, folder: Path) -> list[Path]:
    """Where the index of a folder may be."""
    return [place / f"{layout}.index" for place in cache.places(folder)]


def build(layout: str, folder: Path, progress: Callable[[], object] | None = None) -> tuple[Loaded, Path]:
    """Read a folder and write its index. Raises InputError where it is damaged or nothing can be written."""
    path = cache.writable(folder) / f"{layout}.index"  # made first: a new folder changes the time of the one above
    report = Report(progress=progress)
    loaded = read(layout, folder, report)
    used = [os.path.relpath(p, folder) for p in report.used]
    header: dict[str, Any] = {
        "format": FORMAT,
        "layout": layout,
        "rules": [MIN_SIDE, MAX_ASPECT],
        "left_out": loaded.left_out,
        "used": used,
        "stamp": stamp(folder, used),
        "content": content(folder, used),
    }
    try:
        with cache.replacing(path) as new:
            write(new, header, loaded.tracks.arrays)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
    return load(path, layout, folder), path


def write(path: Path, header: dict[str, Any], arrays: Arrays) -> None:
    """Magic line, length and CRC of the header, header (JSON), and the arrays, each at a multiple of 64 bytes."""
    table, at, check = {}, 0, 0
    for name, array in arrays.items():
        block = _block(array)
        table[name] = [array.dtype.str, list(array.shape), at]
        at += len(block)
        check = zlib.crc32(block, check)
    text = json.dumps({**header, "arrays": table, "bytes": at, "crc": check}).encode()
    head = MAGIC + NUMBERS.pack(len(text), zlib.crc32(text)) + text
    with path.open("wb") as file:
        file.write(head + bytes(-len(head) % ALIGN))
        for array in arrays.values():
            file.write(_block(array))


def _block(array: NDArray[Any]) -> bytes:
    data = array.tobytes()
    return data + bytes(-len(data) % ALIGN)


def load(path: Path, layout: str, folder: Path) -> Loaded:
    """The tracks of a valid index. Raises Stale where it is damaged, or not of what is in the folder now."""
    header, arrays, payload = read_index(path)
    if header.get("format") != FORMAT or header.get("layout") != layout or header["rules"] != [MIN_SIDE, MAX_ASPECT]:
        raise Stale("index of another version")
    if zlib.crc32(payload.data) != header["crc"]:
        raise Stale("index is damaged")
    used = header["used"]
    if stamp(folder, used) != header["stamp"] and content(folder, used) != header["content"]:
        raise Stale("index is older than the data")
    return Loaded(Tracks(str(folder), arrays, None, (str(path), str(folder), header["crc"])), header["left_out"])


def mapped(path: str, folder: str, crc: int, rows: NDArray[np.int64] | None) -> Tracks:
    """The tracks of an index that another process has checked."""
    try:
        header, arrays, _ = read_index(Path(path))
    except Stale as error:
        raise InputError(f"{path}: {error}") from None
    if header["crc"] != crc:
        raise InputError(f"{path}: was made anew while it was in use; start again")
    return Tracks(folder, arrays, rows, (path, folder, crc))


def read_index(path: Path) -> tuple[dict[str, Any], Arrays, NDArray[np.uint8]]:
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


def stamp(folder: Path, used: Iterable[str]) -> str:
    """Digest of size and time of change of the files, and of the time of change of the folders."""
    digest = hashlib.blake2b(digest_size=16)
    for name in used:
        try:
            stat = os.stat(os.path.join(folder, name))
            what = f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n"
        except OSError:
            what = f"{name}\0missing\n"
        digest.update(what.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def content(folder: Path, used: Iterable[str]) -> str:
    """Digest of the content of the files and of the names in the folders, hidden ones left out."""
    digest = hashlib.blake2b(digest_size=16)
    for name in used:
        path = os.path.join(folder, name)
        digest.update(f"\n{name}\0".encode("utf-8", "surrogateescape"))
        try:
            if os.path.isdir(path):
                names = sorted(n for n in os.listdir(path) if not n.startswith("."))
                digest.update("\0".join(names).encode("utf-8", "surrogateescape"))
            else:
                with open(path, "rb") as file:
                    while block := file.read(1 << 22):
                        digest.update(block)
        except OSError:
            digest.update(b"missing")
    return digest.hexdigest()
