"""A folder, a glob or a single file of images, in natural numeric order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

import cv2

from tracker.errors import InputError
from tracker.images import decode
from tracker.live.sources.base import SOURCES, Frame, Image, Source, to_supported

ENDINGS = frozenset(".bmp .dib .jpeg .jpg .jpe .jp2 .png .webp .avif .pbm .pgm .ppm .pnm .tif .tiff .exr .hdr".split())


def natural_key(path: Path) -> tuple[list[list[int | str]], str]:
    """Sorts `2.jpg` before `10.jpg`, in every part of the path; equal numbers by the plain name."""
    parts = [[int(t) if t.isdecimal() else t.lower() for t in re.split(r"(\d+)", part)] for part in path.parts]
    return parts, str(path)


def image_files(folder: Path) -> list[Path]:
    """The images directly in a folder, hidden files left out, in natural order."""
    return sorted(
        (p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith(".") and p.is_file()),
        key=natural_key,
    )


def image_matches(pattern: str) -> list[Path]:
    """The images that a pattern names, unsorted.

    Where it names none, folders that are there are taken by their names: `[a]` in one is no pattern then.
    """
    deepest = next(parent for parent in Path(pattern).parents if parent.is_dir() or parent == parent.parent)
    literal = os.path.join(glob.escape(str(deepest)), Path(pattern).relative_to(deepest))
    for wanted in dict.fromkeys((pattern, literal)):
        matches = (Path(p) for p in glob.glob(wanted, recursive=True))
        found = [p for p in matches if p.suffix.lower() in ENDINGS and p.is_file()]
        if found:
            return found
    return []


def read_image(path: Path) -> Image | None:
    """An image as OpenCV decodes it, turned by its EXIF tag, gray and 16 bit kept; None where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    # IMREAD_UNCHANGED would ignore the EXIF rotation; these two flags keep depth and gray, and honour it.
    image = decode(data, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    return None if image is None else to_supported(image)


@SOURCES.register("images")
class Images(Source):
    """Images as frames; those that cannot be decoded are bad frames. There is no rate, so `fps` is 25."""

    @classmethod
    def claims(cls, address: str) -> bool:
        path = Path(address)
        if path.exists():
            return path.is_dir() or path.suffix.lower() in ENDINGS
        return glob.has_magic(address) and "://" not in address

    def open(self) -> None:
        path = Path(self.address)
        if path.is_dir():
            self.files = image_files(path)
            if not self.files:
                raise InputError(f"{self.address}: no images in this folder{_hint(path)}")
        elif path.is_file():
            self.files = [path]
        else:
            self.files = sorted(image_matches(self.address), key=natural_key)
            if not self.files:
                bracket = "; a [ of a name is written [[]" if "[" in self.address else ""
                raise InputError(f"{self.address}: no image matches; quote the pattern and check it with ls{bracket}")
        self.count = len(self.files)

    def read(self) -> Iterator[Frame]:
        for index in self.span.indices(len(self.files)):
            yield Frame(index, read_image(self.files[index]))


def _hint(folder: Path) -> str:
    """Benchmarks keep frames in `img` or `color`: name such a folder where there is one."""
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and image_files(inner):
            return f"; there are some in {inner}"
    return f" (looked for {' '.join(sorted(ENDINGS))})"
