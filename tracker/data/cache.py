"""Where derived files go: `.siamsa` in the data set's folder, or the user's cache where that cannot be written."""

from __future__ import annotations

import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.errors import InputError

NAME = ".siamsa"
ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def places(folder: Path) -> list[Path]:
    """Folders that may hold derived files of a data set, the usual one first."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    whole = os.path.abspath(folder)
    return [folder / NAME, Path(base) / "siamsa" / f"{folder.name}-{zlib.crc32(whole.encode('utf-8', 'replace')):08x}"]


class Unwritable(InputError):
    """A derived file cannot be written; what it would be derived from may well be used."""


def may_write(place: Path, folder: Path) -> bool:
    """Whether this place for derived files of a data set can be written; it is made where it is not there.

    A data set that is marked as read-only is left alone, also by the administrator, whom the system would let write.
    """
    try:
        if place.parent == folder and not folder.stat().st_mode & ANY_WRITE:
            return False
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)


def writable(folder: Path) -> Path:
    """The first of these folders that can be made and written. Raises Unwritable where neither can."""
    for place in places(folder):
        if may_write(place, folder):
            return place
    names = " and ".join(map(str, places(folder)))
    raise Unwritable(f"{names}: neither can be written; set XDG_CACHE_HOME to a folder that can")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file in the same folder, which takes the place of `path` when the block ends, or vanishes if it fails."""
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
