"""Boxes of a file target by target, in arrays, as data sets and comparisons want them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.formats.base import FORMATS, Row
from tracker.formats.choose import endings, read_rows

FIRST = (".mot.txt", ".mot", ".csv", ".jsonl", ".ndjson", ".txt")  # looked for before the others


@dataclass(frozen=True)
class Boxes:
    """One object: `frames` (n,) from 0, `boxes` (n, 4) x, y, w, h in pixels, 0-based, `lost` (n,) where it is not."""

    name: str
    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]
    lost: NDArray[np.bool_]


def read_boxes(path: Path) -> list[Boxes]:
    """The objects of a box file, in order of their frames. Raises InputError naming the line that is damaged."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in read_rows(path):
        found[row.id].append(row)
    objects = []
    for number, rows in found.items():
        boxes = np.array([row.box.xywh for row in rows], np.float64)
        frames, lost = np.array([row.frame for row in rows], np.int64), np.array([row.lost for row in rows], bool)
        objects.append(Boxes(rows[-1].name or str(number), frames, boxes, lost))
    return objects


def endings_alone(numbered: bool = False) -> tuple[str, ...]:
    """Endings of the forms that can be read without the video; only those whose rows are `numbered` if asked for."""
    known = {e: FORMATS[name] for e, name in endings().items()}
    fitting = [e for e, form in known.items() if not form.reads_sized and (form.numbered or not numbered)]
    return tuple(sorted(fitting, key=lambda e: FIRST.index(e) if e in FIRST else len(FIRST)))


def beside(stem: Path) -> Path | None:
    """The box file that is called like this, whatever its ending; None where there is none."""
    return next((p for e in endings_alone() if (p := stem.parent / (stem.name + e)).is_file()), None)
