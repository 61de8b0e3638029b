"""What readers find in a file, checked and made into rows."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tracker.box import Box
from tracker.errors import InputError
from tracker.formats.base import Row

MOST_FRAMES = 2**31  # what comes later does not number the frames of a video
FARTHEST = 1e9  # pixels; no score is larger either
NOWHERE = Box(0.0, 0.0, 0.0, 0.0)
MEANT = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)  # what damage in a row raises


class Found(NamedTuple):
    """A row whose target is still called as the file calls it."""

    frame: int
    key: str
    box: Box
    score: float
    lost: bool
    name: str
    state: str


def found(
    where: str,
    frame: int,
    key: str,
    xywh: Sequence[float],
    score: float = 1.0,
    lost: bool = False,
    name: str = "",
    state: str = "",
) -> Found:
    """A row with its box `x, y, w, h` in pixels from 0. Four NaN say that there is no box: the target is lost.

    Raises InputError that begins with `where` for a frame that no video has, and numbers that are not finite.
    """
    if not 0 <= frame < MOST_FRAMES:
        raise InputError(f"{where}: frame {frame} is not among those of a video, which count from 0")
    if all(map(math.isnan, xywh)):
        xywh, lost = NOWHERE.xywh, True
    for axis, value in zip("xywh", xywh, strict=True):
        if not abs(value) <= FARTHEST:
            raise InputError(f"{where}: {axis} of the box must be a number of pixels, got {value:g}")
    if not abs(score) <= FARTHEST:
        raise InputError(f"{where}: the score must be finite, got {score:g}")
    x, y, w, h = xywh
    return Found(frame, key, Box(x, y, w, h), score, lost, name, state)


def key_and_name(key: object, name: object = None) -> tuple[str, str]:
    """How a file calls a target, and its name: the one that is given, or the key where that is no number."""
    text = "1" if key is None or key == "" else str(key)
    return text, str(name) if name else "" if _whole(text) else text


def collect(path: Path, finds: Iterable[Found]) -> list[Row]:
    """Rows by frame, then id. Raises InputError for none at all, and for two boxes of a target in a frame."""
    lines = list(finds)
    if not lines:
        raise InputError(f"{path}: no boxes in it")
    ids = _ids(line.key for line in lines)
    rows = [Row(f.frame, ids[f.key], f.box, f.score, f.lost, f.name, f.state) for f in lines]
    rows.sort(key=lambda row: (row.frame, row.id))
    for row, after in itertools.pairwise(rows):
        if (row.frame, row.id) == (after.frame, after.id):
            raise InputError(f"{path}: frame {row.frame} has two boxes of the same object")
    return rows


def _ids(keys: Iterable[str]) -> dict[str, int]:
    """Ids from 1: the file's own numbers, all one more where it counts from 0; free ones for what is no number."""
    order = list(dict.fromkeys(keys))
    numbers = {key: int(key) for key in order if _whole(key)}
    shift = int(len(numbers) == len(order) and min(numbers.values()) == 0)
    ids = {key: value + shift for key, value in numbers.items() if value + shift >= 1}
    taken = set(ids.values())
    free = (n for n in itertools.count(1) if n not in taken)
    return ids | {key: next(free) for key in order if key not in ids}


def _whole(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,9}", text) is not None
