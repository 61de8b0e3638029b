"""What every form of box file has in common: its rows, what it can hold, its reader and its writer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tracker.box import Box
from tracker.errors import InputError
from tracker.registry import Registry

STATES = ("", "tracking", "uncertain", "lost")
TARGET = "target"  # what a target without a name is called where a form demands a name


@dataclass(frozen=True, slots=True)
class Row:
    """One target in one frame.

    `frame` counts from 0, `id` from 1, `box` is in pixels from 0. `lost`: the box is not to be believed; a target that
    was lost before it had a box has one without size. `state` is one of STATES, empty where it is not known.
    """

    frame: int
    id: int
    box: Box
    score: float = 1.0
    lost: bool = False
    name: str = ""
    state: str = ""

    @property
    def seen(self) -> bool:
        """Whether the target is in view: not lost, and with a box that has a size."""
        return not self.lost and self.box.w > 0 and self.box.h > 0


@dataclass(frozen=True)
class Clip:
    """What some forms need to know of the video: `size` is its width and height, `frames` None where not known."""

    name: str
    size: tuple[int, int]
    fps: float = 25.0
    frames: int | None = None


class Writer(ABC):
    """A box file that is being written. The file that appears is complete only after `finish`."""

    @abstractmethod
    def write(self, rows: Sequence[Row]) -> None:
        """The rows of one frame, in order of the frames; none where the frame has no target.

        Raises InputError for a second target in a form that holds one.
        """

    @abstractmethod
    def finish(self) -> None:
        """Complete and close the file, also after a failure."""


class Format(ABC):
    """A form of box files. Registered as a class; nothing in it changes, so its methods need no instance."""

    endings: ClassVar[tuple[str, ...]] = ()
    holds: ClassVar[frozenset[str]] = frozenset({"score", "lost", "name", "state"})
    several: ClassVar[bool] = True  # more than one target in a file
    numbered: ClassVar[bool] = True  # rows carry the number of their frame; else there is one row a frame from 0 on
    folder: ClassVar[bool] = False  # the form of folders
    reads_sized: ClassVar[bool] = False  # cannot be read without the size of the video
    writes_sized: ClassVar[bool] = False  # cannot be written without it

    @classmethod
    @abstractmethod
    def read(cls, path: Path, clip: Clip | None = None) -> list[Row]:
        """All rows, in order of frames, then of ids. Raises InputError naming the place that is damaged."""

    @classmethod
    @abstractmethod
    def writer(cls, path: Path, clip: Clip | None = None) -> Writer:
        """A writer to `path`, which is replaced. Raises OSError, or InputError where the clip is needed."""

    @classmethod
    def clip(cls, path: Path) -> Clip | None:
        """What the file itself says of its video; None where it says nothing."""
        return None


FORMATS: Registry[type[Format]] = Registry("form of box file")


def sized(clip: Clip | None, path: Path) -> Clip:
    """The clip, whose size is known. Raises InputError where it is not."""
    if clip is None or min(clip.size) < 1:
        raise InputError(f"{path}: the size of the video is needed for this form of boxes; name the video or its size")
    return clip
