"""Frames and tables as data sets store them: sizes from headers, frames by number, numbers from text."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.errors import InputError
from tracker.formats.text import read_text

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # start-of-frame markers
HEAD = 65536  # bytes that hold the header of nearly every file


def image_size(path: str | Path) -> tuple[int, int]:
    """Width and height of an image as stored, from its header: a file is not decoded unless its kind is rare.

    Raises InputError where it is not there or not an image.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise InputError(f"{path}: {'missing' if isinstance(error, FileNotFoundError) else error.strerror}") from None
    size = _png(head) or _jpeg(head)
    if size is None:
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
        if image is None:
            raise InputError(f"{path}: cannot be read as an image")
        size = image.shape[1], image.shape[0]
    return size


def _png(head: bytes) -> tuple[int, int] | None:
    if head[:8] != b"\x89PNG\r\n\x1a\n" or len(head) < 24:
        return None
    width, height = struct.unpack(">II", head[16:24])
    return int(width), int(height)


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """Size from the start-of-frame segment; None if it is not within the head."""
    if head[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker in JPEG_SIZES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return int(width), int(height)
        alone = marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8
        at += (1 if marker == 0xFF else 2) if alone else 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]
    return None


def numbered_frames(folder: Path) -> list[tuple[int, str]]:
    """Images of a folder with their numbers (the last digits of the name), in the order of the numbers."""
    found = []
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                stem, ending = os.path.splitext(entry.name)
                digits = re.search(r"(\d+)\D*$", stem)
                if digits and ending.lower() in IMAGES and not stem.startswith("."):
                    found.append((int(digits[1]), entry.path))
    return sorted(found)


def folders_in(folder: Path) -> list[Path]:
    """Folders in a folder, by name, hidden ones left out."""
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.is_dir()) if folder.is_dir() else []


def walk(top: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders below one, itself first, with the names of their files; each once, by name, hidden ones left out.

    Links are followed, but not to what is met anyway: a folder below `top`, one that was met before, a loop.
    """
    real = os.path.realpath(top)
    seen: set[str] = set()
    for place, folders, names in os.walk(top, followlinks=True):
        here = os.path.realpath(place)
        below = os.path.relpath(here, real)
        hidden = below != "." and any(part.startswith(".") for part in below.split(os.sep))  # also what lies outside
        if here in seen or (not hidden and below != os.path.relpath(place, top)):
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(place), names


def read_rows(path: Path, columns: int = 4, wanted: str = "x,y,w,h") -> NDArray[np.float64]:
    """Rows of numbers (n, columns), split at commas, tabs or spaces; an empty row is a row of NaN."""
    rows = []
    for number, line in enumerate(read_text(path).rstrip().splitlines(), 1):
        parts = line.replace(",", " ").split()
        try:
            row = [float(p) for p in parts] or [np.nan] * columns
        except ValueError:
            row = []
        if len(row) != columns:
            raise InputError(f"{path}, line {number}: expected {wanted}, got {line.strip()[:60]!r}")
        rows.append(row)
    return np.array(rows, dtype=np.float64).reshape(-1, columns)


def read_flags(path: Path, count: int) -> NDArray[np.int64]:
    """Whole numbers (count,), one a frame, split at commas, spaces or lines."""
    try:
        values = np.array(read_text(path).replace(",", " ").split(), dtype=np.float64)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: expected one whole number a frame ({error})") from None
    if len(values) != count:
        raise InputError(f"{path}: {len(values)} values for {count} frames")
    odd = np.flatnonzero(~np.isfinite(values) | (values != np.round(values)))
    if len(odd):
        raise InputError(f"{path}: expected one whole number a frame, got {values[odd[0]]:g} for frame {odd[0] + 1}")
    return values.astype(np.int64)
