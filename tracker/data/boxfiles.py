"""Box files as `siamsa track` writes them: CSV, JSONL, MOT and OTB text."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.data.files import read_rows, read_text
from tracker.errors import InputError

Line = tuple[str, int, list[float], bool]  # object, frame from 0, x, y, w, h, lost


@dataclass(frozen=True)
class Boxes:
    """One object: `frames` (n,) from 0, `boxes` (n, 4) x, y, w, h in pixels, 0-based, `lost` (n,) where it is not."""

    name: str
    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]
    lost: NDArray[np.bool_]


def read_boxes(path: Path) -> list[Boxes]:
    """The objects of a box file, in order of their frames. Raises InputError naming the line that is damaged."""
    ending = next(e for e in ENDINGS if path.name.lower().endswith(e))
    found: dict[str, list[Line]] = defaultdict(list)
    for line in ENDINGS[ending](path):
        found[line[0]].append(line)
    if not found:
        raise InputError(f"{path}: no boxes in it")
    objects = []
    for name, lines in found.items():
        lines.sort(key=lambda line: line[1])
        frames = np.array([line[1] for line in lines], np.int64)
        twice = frames[1:][np.diff(frames) == 0]
        if len(twice):
            raise InputError(f"{path}: frame {twice[0]} has two boxes of the same object")
        boxes = np.array([line[2] for line in lines], np.float64).reshape(-1, 4)
        objects.append(Boxes(name, frames, boxes, np.array([line[3] for line in lines], bool)))
    return objects


def beside(stem: Path) -> Path | None:
    """The box file that is called like this, whatever its ending; None where there is none."""
    return next((p for e in ENDINGS if (p := stem.parent / (stem.name + e)).is_file()), None)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    return ((i, line) for i, line in enumerate(read_text(path).splitlines(), 1) if line.strip())


def _bad(path: Path, number: int, line: str, wanted: str) -> InputError:
    return InputError(f"{path}, line {number}: expected {wanted}, got {line.strip()[:80]!r}")


def _csv(path: Path) -> Iterator[Line]:
    """`frame,x,y,w,h[,score,lost]` with a header."""
    rows = csv.DictReader(read_text(path).splitlines())
    for number, row in enumerate(rows, 2):
        try:
            box = [float(row[key]) for key in "xywh"]
            yield row.get("object") or row.get("id") or "0", int(row["frame"]), box, (row.get("lost") or "0") != "0"
        except (KeyError, TypeError, ValueError):
            line = ",".join(map(str, row.values()))
            raise _bad(path, number, line, "frame,x,y,w,h,... below a line with these names") from None


def _jsonl(path: Path) -> Iterator[Line]:
    """One object a line, with the keys of the CSV form."""
    for number, line in _lines(path):
        try:
            row = json.loads(line)
            box = [float("nan") if row[key] is None else float(row[key]) for key in "xywh"]
            yield str(row.get("object", "0")), int(row["frame"]), box, bool(row.get("lost", 0))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _bad(
                path, number, line, 'a JSON object such as {"frame": 0, "x": 1, "y": 2, "w": 3, "h": 4}'
            ) from None


def _mot(path: Path) -> Iterator[Line]:
    """`frame,id,x,y,w,h,score,...`, frames from 1; a score of 0 says "not to be considered", as in MOTChallenge."""
    for number, line in _lines(path):
        cells = line.replace(",", " ").split()
        try:
            box = [float(v) for v in cells[2:6]]
            frame = int(float(cells[0])) - 1
            if len(box) != 4 or frame < 0:
                raise ValueError
            yield str(int(float(cells[1]))), frame, box, len(cells) > 6 and float(cells[6]) == 0
        except (IndexError, ValueError):
            raise _bad(path, number, line, "frame,id,x,y,w,h,..., frames counted from 1") from None


def _otb(path: Path) -> Iterator[Line]:
    """`x,y,w,h`, one row a frame from the first on, pixels counted from 1."""
    for frame, row in enumerate(read_rows(path) - [1, 1, 0, 0]):
        yield "0", frame, row.tolist(), False


# The longest ending that fits comes first.
ENDINGS: dict[str, Callable[[Path], Iterator[Line]]] = {
    ".mot.txt": _mot,
    ".mot": _mot,
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".txt": _otb,
}
