"""Readers register in DATASETS under the layout's name: each gives the tracks of a folder, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tracker.data.report import REASONS, Report
from tracker.data.tracks import Track, Tracks
from tracker.errors import InputError
from tracker.registry import Registry

Scan = Callable[[Path, Report], Iterator[Track]]
DATASETS: Registry[Scan] = Registry("dataset layout")


@dataclass(frozen=True)
class Loaded:
    """Tracks of one folder, and how many boxes were left out for which reason."""

    tracks: Tracks
    left_out: dict[str, int]

    @property
    def dropped(self) -> int:
        """How many boxes were left out because they are empty or absurd, not because of a flag."""
        return sum(self.left_out.get(reason, 0) for reason in REASONS.values())


def read(layout: str, folder: Path, report: Report | None = None) -> Loaded:
    """Everything in a folder of this layout. Raises InputError naming the first file that is missing or damaged, unless
    the `report` is one that collects them."""
    report = report or Report()
    tracks = Tracks.of(DATASETS[layout](folder, report), folder)
    return Loaded(tracks, dict(report.left_out))


def not_here(folder: Path, wanted: str, layout: str) -> NoReturn:
    """Raise the InputError for a folder that does not hold this layout at all."""
    raise InputError(f"{folder}: {wanted}; is this the {layout} layout? (docs/datasets.md shows what is expected)")
