"""An index of a data set: its tracks as flat arrays in one file, mapped into memory, and what they were read from.

The index is used while the annotation files and folders it was made from are what they were. That is asked in two
steps: size and time of change of each (a `stat`, so a second or so for a hundred thousand files), and where those
differ, their content (a copied or touched data set keeps its index, and the new times are written into it). A changed,
cut or damaged index is not used. Clips that are damaged are no part of it; it knows their names.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.data import cache, indexfile
from tracker.data.choice import EVERYTHING, Choice
from tracker.data.datasets import Loaded, Report, Tracks, nothing_usable, read
from tracker.data.indexfile import Stale
from tracker.data.left_out import LeftOut
from tracker.data.report import MAX_ASPECT, MIN_SIDE
from tracker.data.warn import warn_once
from tracker.errors import InputError

FORMAT = 3
HERE = "\0"  # begins a text on a file in the data set's folder
log = logging.getLogger(__name__)


def open_folder(layout: str, folder: Path, choice: Choice = EVERYTHING) -> Loaded:
    """The wanted tracks of a folder: from its index if there is one, which is made anew where it is not valid; else
    read, as they are where an index cannot be written. Damaged clips are left out.

    Raises InputError where the folder does not hold the layout, or only damage.
    """
    found, reasons = _find(layout, folder)
    if found is None and reasons:
        log.warning("%s; it is made anew", "; ".join(reasons))
        try:
            found = build(layout, folder)
        except cache.Unwritable as error:
            warn_once(f"{error}; the data are read at every start")
    return found[0].choose(choice) if found else read(layout, folder, Report("skip", choice))


def current(layout: str, folder: Path) -> tuple[Loaded, Path] | None:
    """Tracks and file of a valid index; None where there is none."""
    return _find(layout, folder)[0]


def ensure(layout: str, folder: Path) -> None:
    """Make an index where there is no valid one. Where none can be written, this does nothing but warn."""
    if current(layout, folder) is None:
        try:
            build(layout, folder)
        except cache.Unwritable as error:
            warn_once(f"{error}; each process reads the data")


def _find(layout: str, folder: Path) -> tuple[tuple[Loaded, Path] | None, list[str]]:
    """The first index that is valid by its times, or else by content, and what is wrong with the others."""
    reasons: list[str] = []
    touched = []
    for path in index_files(layout, folder):
        if path.is_file():
            try:
                header, loaded = load(path, layout, folder)
            except Stale as error:
                reasons.append(f"{path}: {error}")
                continue
            now = stamp(folder, header["used"])
            if now == header["stamp"]:
                return (loaded, path), reasons
            touched.append((path, header, loaded, now))
    for path, header, loaded, now in touched:
        if content(folder, header["used"]) == header["content"]:
            _restamp(path, folder, header, loaded, now)
            return (loaded, path), reasons
        reasons.append(f"{path}: index is older than the data")
    return None, reasons


def _restamp(path: Path, folder: Path, header: dict[str, Any], loaded: Loaded, now: str) -> None:
    """Write the new times into an index, or a copy of it, so that content need not be compared again."""
    try:
        place = path.parent if cache.may_write(path.parent, folder) else cache.writable(folder)
        indexfile.write(place / path.name, {**header, "stamp": now}, loaded.tracks.arrays)
    except cache.Unwritable as error:
        warn_once(f"{error}; {folder} was touched or copied, so its content is compared with the index at every start")


def index_files(layout: str, folder: Path) -> list[Path]:
    """Where the index of a folder may be."""
    return [place / f"{layout}.index" for place in cache.places(folder)]


def build(layout: str, folder: Path, progress: Callable[[], object] | None = None) -> tuple[Loaded, Path]:
    """Read a folder and write its index; damaged clips are left out.

    Raises InputError where the folder does not hold the layout, or no usable box, and cache.Unwritable.
    """
    path = cache.writable(folder) / f"{layout}.index"  # made first: a new folder changes the time of the one above
    report = Report("skip", progress=progress)
    loaded = read(layout, folder, report)
    if not len(loaded.tracks):
        raise InputError(nothing_usable(folder, loaded.left))
    used = [os.path.relpath(p, folder) for p in report.used]
    header: dict[str, Any] = {
        "format": FORMAT,
        "layout": layout,
        "rules": [MIN_SIDE, MAX_ASPECT],
        "used": used,
        "stamp": stamp(folder, used),
        "content": content(folder, used),
    }
    indexfile.write(path, header, {**loaded.tracks.arrays, "left_out": _pack(loaded.left, folder)})
    return load(path, layout, folder)[1], path


def _pack(left: LeftOut, folder: Path) -> NDArray[np.uint8]:
    """JSON as bytes: only the process that opens the index reads it, not those that map it."""
    inside = f"{folder}{os.sep}"
    damaged = {c: HERE + t[len(inside) :] if t.startswith(inside) else t for c, t in left.damaged.items()}
    return np.frombuffer(json.dumps({**vars(left), "damaged": damaged}).encode(), np.uint8)


def _unpack(data: NDArray[np.uint8], folder: Path) -> LeftOut:
    tree = json.loads(data.tobytes())
    damaged = {c: t.replace(HERE, f"{folder}{os.sep}", 1) for c, t in tree["damaged"].items()}
    boxes = {reason: Counter(counts) for reason, counts in tree["boxes"].items()}
    return LeftOut(boxes, damaged, tree["apart"], tree["notes"])


def load(path: Path, layout: str, folder: Path) -> tuple[dict[str, Any], Loaded]:
    """Header and tracks of an index, which may be older than the data. Raises Stale where it is damaged."""
    header, arrays, payload = indexfile.read(path)
    if header.get("format") != FORMAT or header.get("layout") != layout or header["rules"] != [MIN_SIDE, MAX_ASPECT]:
        raise Stale("index of another version")
    if zlib.crc32(payload.data) != header["crc"]:
        raise Stale("index is damaged")
    tracks = Tracks(str(folder), arrays, None, (str(path), str(folder), header["crc"]))
    return header, Loaded(tracks, _unpack(arrays["left_out"], folder))


def mapped(path: str, folder: str, crc: int, rows: NDArray[np.int64] | None) -> Tracks:
    """The tracks of an index that another process has checked."""
    try:
        header, arrays, _ = indexfile.read(Path(path))
    except Stale as error:
        raise InputError(f"{path}: {error}") from None
    if header["crc"] != crc:
        raise InputError(f"{path}: was made anew while it was in use; start again")
    return Tracks(folder, arrays, rows, (path, folder, crc))


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
