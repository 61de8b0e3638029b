"""Readers register in DATASETS under the layout's name: each gives the tracks of a folder, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tracker.data.choice import Choice, clip_of, names_of
from tracker.data.left_out import LeftOut
from tracker.data.report import REASONS, Report
from tracker.data.tracks import Track, Tracks
from tracker.errors import InputError
from tracker.registry import Registry

Scan = Callable[[Path, Report], Iterator[Track]]
DATASETS: Registry[Scan] = Registry("dataset layout")


@dataclass(frozen=True)
class Loaded:
    """Tracks of one folder, what of it is not used, and the names that a choice excluded and that are there."""

    tracks: Tracks
    left: LeftOut
    excluded: frozenset[str] = frozenset()

    @property
    def left_out(self) -> dict[str, int]:
        """How many boxes were left out for which reason."""
        return self.left.total()

    @property
    def dropped(self) -> int:
        """How many boxes were left out because they are empty or absurd, not because of a flag."""
        return sum(self.left_out.get(reason, 0) for reason in REASONS.values())

    def choose(self, choice: Choice) -> Loaded:
        """The part that is wanted."""
        if choice.everything:
            return self
        names = self.tracks.names
        there = names_of(names) | names_of(self.left.clips()) | self.excluded
        gone = self.excluded | (choice.exclude & there) | set(self.left.damaged)
        excluded = frozenset(name for name in choice.exclude if name in there or clip_of(name) in gone)
        tracks = self.tracks.take([i for i, name in enumerate(names) if choice.takes(name)])
        return Loaded(tracks, self.left.of(choice.may_take), excluded)


def read(layout: str, folder: Path, report: Report | None = None) -> Loaded:
    """What is wanted in a folder of this layout; by default all, and the first damage is refused.

    Raises InputError naming the file that is missing or damaged where the `report` says so, and where damage is
    skipped, but nothing is left.
    """
    report = report or Report()
    tracks = Tracks.of(DATASETS[layout](folder, report), folder)
    if not len(tracks) and report.left.damaged:
        raise InputError(f"{folder}: nothing in it is whole: {report.left.first_damage()}")
    return Loaded(tracks, report.left, frozenset(report.excluded)).choose(report.choice)


def nothing_usable(folder: Path, left: LeftOut) -> str:
    """What to say where a folder holds the layout, but no usable box."""
    return f"{folder}: no usable box in it ({str(left) or 'none were left out: its lists or tables are empty'})"


def not_here(folder: Path, wanted: str, layout: str) -> NoReturn:
    """Raise the InputError for a folder that does not hold this layout at all."""
    raise InputError(f"{folder}: {wanted}; is this the {layout} layout? (docs/datasets.md shows what is expected)")
