"""What every reader does: says which sequences are there, and reads one."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.sequence import Floats, Sequence
from tracker.evaluation.text import key
from tracker.registry import Registry

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


class Reader(ABC):
    """One native layout below `root`.

    `available` gives the names that are there, in the benchmark's spelling and order; `read(name)` the sequence.
    Without `images`, a sequence whose images are missing, or fewer or more than the rows, is there without frames: to
    score results takes the ground truth alone.
    """

    def __init__(self, root: Path, benchmark: Benchmark, images: bool = True) -> None:
        self.root = root
        self.benchmark = benchmark
        self.images = images
        if not root.is_dir():
            raise InputError(f"{root}: no such folder; --root is the benchmark's own folder")

    @abstractmethod
    def available(self) -> list[str]:
        """Names of the sequences that are there."""

    @abstractmethod
    def read(self, name: str) -> Sequence:
        """One sequence. Raises InputError naming the file or folder that is missing or damaged."""

    @cached_property
    def folders(self) -> dict[str, Path]:
        """Folders of sequences by the key of their name."""
        return folders_in(self.root / self.benchmark.folder)

    def pick(self, folder: Path, first: int, count: int) -> tuple[Path, ...]:
        """`pick`, or no images where they are not needed and not all there."""
        try:
            return pick(folder, first, count)
        except InputError:
            if self.images:
                raise
            return ()

    def in_order(self, folder: Path) -> tuple[Path, ...]:
        """`in_order`, or no images where they are not needed and none are there."""
        try:
            return in_order(folder)
        except InputError:
            if self.images:
                raise
            return ()

    def make(
        self,
        name: str,
        frames: tuple[Path, ...],
        truth: Floats,
        folder: Path | None = None,
        given: bool = False,
        attributes: tuple[str, ...] = (),
    ) -> Sequence:
        """A sequence, with origin and (unless `attributes` were found on disk) attributes from the benchmark.

        Raises InputError if rows and frames differ.
        """
        if not given and len(frames) != len(truth) and not self.images:
            frames = ()
        elif not given and len(frames) != len(truth):
            raise InputError(f"{folder or self.root}: {len(frames)} frames but {len(truth)} rows of ground truth")
        attributes = attributes or tuple(a for a, names in self.benchmark.attributes.items() if name in names)
        return Sequence(name, frames, truth, self.benchmark.origin, attributes, given, folder)


READERS: Registry[type[Reader]] = Registry("benchmark layout")


def folders_in(place: Path) -> dict[str, Path]:
    """Folders in a folder, by the key of their name; empty where there is none."""
    if not place.is_dir():
        return {}
    return {key(path.name): path for path in sorted(place.iterdir()) if path.is_dir()}


def numbered(folder: Path) -> dict[int, Path]:
    """Images of a folder by the number at the end of their name, in that order."""
    found: dict[int, Path] = {}
    if folder.is_dir():
        for path in folder.iterdir():
            digits = re.search(r"(\d+)\D*$", path.stem)
            if digits and path.suffix.lower() in IMAGES and not path.name.startswith("."):
                found[int(digits[1])] = path
    return dict(sorted(found.items()))


def pick(folder: Path, first: int, count: int) -> tuple[Path, ...]:
    """The images numbered `first`, `first + 1`, ... Raises InputError naming the first one that is missing."""
    images = numbered(folder)
    if not images:
        raise InputError(f"{folder}: no images in it")
    missing = next((n for n in range(first, first + count) if n not in images), None)
    if missing is not None:
        near = next(iter(images.values()))
        name = f"{missing:0{len(near.stem)}d}{near.suffix}" if near.stem.isdigit() else str(missing)
        raise InputError(f"{folder}: frame {name} is missing (frames {first} to {first + count - 1} are needed)")
    return tuple(images[n] for n in range(first, first + count))


def in_order(folder: Path) -> tuple[Path, ...]:
    """All images of a folder by number. Raises InputError without any."""
    images = tuple(numbered(folder).values())
    if not images:
        raise InputError(f"{folder}: no images in it")
    return images


def rows_or_fail(truth: Floats, wanted: int, path: Path) -> Floats:
    """The ground truth, if it has this many rows. Raises InputError naming the file."""
    if len(truth) != wanted:
        raise InputError(f"{path}: {len(truth)} rows, but {wanted} frames are evaluated")
    return truth


def absent(truth: Floats, hidden: np.ndarray) -> Floats:
    """A copy with NaN where the target is hidden."""
    out = truth.copy()
    out[hidden] = np.nan
    return out
