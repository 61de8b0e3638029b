"""Rows of numbers in text files, as benchmarks and result folders have them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.errors import InputError
from tracker.evaluation.decimals import parse_table

_SEPARATORS = re.compile(r"[,;\s]+")


def read_rows(path: Path, absent: bool = True) -> list[list[float]]:
    """The numbers of each line, split at commas, semicolons, tabs or spaces; NaN in any spelling.

    An empty line within the file is an empty list where `absent`. Raises InputError naming file and line.
    """
    try:
        text = _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: cannot be read (it is not text)") from None
    rows: list[list[float]] = []
    for number, line in enumerate(text.rstrip().splitlines(), 1):
        try:
            rows.append([float(part) for part in _SEPARATORS.split(line.strip().strip(",;")) if part])
        except ValueError:
            raise InputError(f"{path}, line {number}: expected numbers, got {line.strip()[:60]!r}") from None
        if not rows[-1] and not absent:
            raise InputError(f"{path}, line {number}: is empty")
    return rows


def read_boxes(path: Path, columns: tuple[int, ...] = (4,)) -> NDArray[np.float64]:
    """A table (n, columns) of one box or polygon a line; empty lines are NaN.

    Raises InputError: nothing in it, or a line with another number of columns.
    """
    table = parse_table(_bytes(path))
    if table is not None and table.shape[1] in columns:
        return table
    rows = read_rows(path)  # slower, for empty lines and mixed separators, and to name the line that is wrong
    if not rows:
        raise InputError(f"{path}: is empty; expected one box a line")
    width = next((len(row) for row in rows if row), 0)
    for number, row in enumerate(rows, 1):
        if row and (len(row) != width or width not in columns):
            expected = " or ".join(map(str, columns))
            raise InputError(f"{path}, line {number}: expected {expected} numbers, got {len(row)}")
    return np.array([row or [np.nan] * width for row in rows], dtype=np.float64).reshape(len(rows), -1)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def number(value: float, digits: int = 4) -> str:
    """At most this many decimals, none where they are zero: `12`, `12.5`, `12.3457`."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def key(name: str) -> str:
    """A sequence's name without what differs between copies: `Jogging.1`, `jogging_1` and `Jogging-1` are one.

    Only a separator between two digits means something: `car1_1` is not `car11`.
    """
    parts = re.split(r"(?<=\d)[^a-z0-9]+(?=\d)", name.lower())
    return "-".join(re.sub(r"[^a-z0-9]", "", part) for part in parts)
