"""Members of zip files, read with a limit: nothing is unpacked to the disk."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracker.errors import InputError

# What the library raises for damaged, encrypted and odd files.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(ValueError, LookupError, NotImplementedError, RuntimeError),
)
MOST = 1 << 30  # bytes of all members together, unpacked


@contextmanager
def zip_errors(path: Path) -> Iterator[None]:
    """Turns what damage in a zip file raises into InputError."""
    try:
        yield
    except InputError:
        raise
    except DAMAGE as error:
        raise InputError(f"{path}: cannot be read as a zip file ({error})") from None


def open_member(path: Path, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """The first member that is called so, in whatever folder. Raises InputError where there is none, or it is huge."""
    info = next((i for i in archive.infolist() if i.filename.rpartition("/")[2] == name), None)
    if info is None:
        raise InputError(f"{path}: holds no {name}")
    check_size(path, info.file_size)
    return archive.open(info)


def check_size(path: Path, size: int) -> None:
    """Refuse what unpacks to more than boxes need. A member gives no more bytes than its size says."""
    if size > MOST:
        raise InputError(f"{path}: unpacks to {size} bytes, {MOST} are read at most")
