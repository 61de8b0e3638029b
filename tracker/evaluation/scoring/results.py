"""Result folders: `<tracker>/<sequence>.txt`, or VOT's `<sequence>_001.txt`, whoever wrote them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from functools import cached_property
from pathlib import Path

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import TRUTHS
from tracker.evaluation.sequence import Floats, upright
from tracker.evaluation.text import key, read_boxes, read_rows

REPETITION = re.compile(r"(.+)_(\d{3})")
PLACES = ("", "baseline", "baseline/*")


class TrackerResults:
    """What one tracker's folder holds, found whatever the spelling of the sequences."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    @cached_property
    def single(self) -> dict[str, list[Path]]:
        """`<sequence>.txt`, or GOT-10k's `<sequence>/<sequence>_001.txt`, by the key of the sequence."""
        found: dict[str, list[Path]] = {}
        for path in sorted(self.folder.glob("*.txt")):
            found.setdefault(key(path.stem), []).append(path)
        for path in sorted(self.folder.glob("*/*_001.txt")):
            if path.parent.name == path.stem[:-4]:
                found.setdefault(key(path.stem[:-4]), []).append(path)
        return found

    @cached_property
    def repeated(self) -> dict[str, list[tuple[int, Path]]]:
        """`<sequence>_001.txt`, ... with their numbers, by the key of the sequence, flat or in VOT's folders."""
        found: dict[str, list[tuple[int, Path]]] = {}
        for place in PLACES:
            for path in sorted(self.folder.glob(f"{place}/*.txt" if place else "*.txt")):
                match = REPETITION.fullmatch(path.stem)
                if match:
                    found.setdefault(key(match[1]), []).append((int(match[2]), path))
        return found

    def runs(self, name: str) -> list[Path]:
        """The repetitions of a sequence, in their order.

        Raises InputError where two files are the same one, or they lie in more than one place.
        """
        found = sorted(self.repeated.get(key(name), []))
        for (number, path), (after, other) in itertools.pairwise(found):
            if number == after:
                raise InputError(f"{path} and {other}: both are run {number} of {name}; keep one of them")
            if path.parent != other.parent:
                raise InputError(f"{path} and {other}: runs of {name} in two places; keep one of them")
        return [path for _, path in found]

    def find(self, name: str, siblings: int = 1) -> Path | None:
        """The file of a sequence in one pass; `Human4.txt` for the lone `Human4-2` (`siblings` of that stem).

        The first of `<sequence>_001.txt`, `_002.txt`, ... where there is no other. Raises InputError for two files of
        one sequence.
        """
        stem, _, target = name.rpartition("-")
        spellings = [name, *([stem] if siblings == 1 and target.isdigit() else [])]
        for spelling in spellings:
            own = self.single.get(key(spelling), [])
            if len(own) > 1:
                raise InputError(f"{own[0]} and {own[1]}: both are results of {name}; keep one of them")
            if own or (own := self.runs(spelling)):
                return own[0]
        return None


def tracker_folders(
    results: Path, beside: Path | None = None, only: Collection[str] | None = None
) -> list[TrackerResults]:
    """The trackers in a folder of results, or `only` those named; the folder of annotations left out.

    Raises InputError: no such folder, no tracker in it, or a tracker's folder without any result.
    """
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; --results is a folder with one folder of results a tracker")
    annotations = beside.resolve() if beside else None
    folders = [p for p in sorted(results.iterdir()) if p.is_dir() and p.name[0] not in "._"]
    folders = [p for p in folders if p.resolve() != annotations and (only or p.name not in TRUTHS)]
    if not folders:
        loose = next(results.glob("*.txt"), None)
        hint = f"; {loose.name} lies in it, so give the folder above" if loose else ""
        raise InputError(f"{results}: no tracker in it; expected {results.name}/<tracker>/<sequence>.txt{hint}")
    for name in only or ():
        if name not in {folder.name for folder in folders}:
            raise InputError(f"{results / name}: no such folder (there: {', '.join(f.name for f in folders)})")
    found = [TrackerResults(folder) for folder in folders if only is None or folder.name in only]
    for tracker in found:
        if not any(tracker.folder.rglob("*.txt")):
            raise InputError(f"{tracker.folder}: no result in it; expected <sequence>.txt or <sequence>_001.txt")
    return found


def trackers_of(
    places: Collection[Path], beside: Path | None = None, only: Collection[str] | None = None
) -> list[TrackerResults]:
    """The trackers of several folders of results, as `tracker_folders` finds them in each.

    Raises InputError as that does, and where two folders hold a tracker of the same name.
    """
    found: dict[str, TrackerResults] = {}
    for place in places:
        here = only
        if only and len(places) > 1 and place.is_dir():
            here = [name for name in only if (place / name).is_dir()]
        for tracker in tracker_folders(place, beside, here) if here is None or here else ():
            if tracker.name in found:
                raise InputError(f"{tracker.folder}: {found[tracker.name].folder} has that name too; rename one")
            found[tracker.name] = tracker
    for name in only or ():
        if name not in found:
            raise InputError(
                f"no tracker {name} in {', '.join(map(str, places))} (there: {', '.join(found) or 'none'})"
            )
    return list(found.values())


def read_result(path: Path, truth: Floats) -> Floats:
    """Boxes (n, 4) of one pass, one for every row of the ground truth. Raises InputError naming file and line."""
    boxes = upright(read_boxes(path, (4, 8)))
    if len(boxes) != len(truth):
        raise InputError(f"{path}: {len(boxes)} rows, but the ground truth has {len(truth)}")
    bad = np.flatnonzero(~np.isfinite(boxes).all(axis=1))
    if len(bad):
        raise InputError(f"{path}, line {bad[0] + 1}: not a finite box ({len(bad)} such rows)")
    return boxes


def read_repetition(path: Path, truth: Floats) -> list[list[float]]:
    """Codes and regions of one supervised run, one for every row of the ground truth. Raises InputError."""
    rows = read_rows(path, absent=False)
    if len(rows) != len(truth):
        raise InputError(f"{path}: {len(rows)} rows, but the ground truth has {len(truth)}")
    for line, row in enumerate(rows, 1):
        if not np.isfinite(row).all():
            raise InputError(f"{path}, line {line}: not a finite region")
        if len(row) == 1 and row[0] not in (0, 1, 2):
            raise InputError(f"{path}, line {line}: {row[0]:g} is no code; 0 skipped, 1 initialised, 2 failed")
    if len(rows[0]) > 1:
        raise InputError(f"{path}: begins with a region; a supervised result begins with the code 1 (one pass?)")
    return rows
