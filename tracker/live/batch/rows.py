"""What tables of targets say, row by row: CSV with a header, JSON, and the short `.box.txt`."""

from __future__ import annotations

import csv
import difflib
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracker.box import Box
from tracker.errors import InputError
from tracker.formats.text import numbered_lines, one_line, read_text

BOX = ("x", "y", "w", "h")
KEYS = ("video", *BOX, "name", "frame", "output")
RESULT = ("score", "lost", "state", "id", "object")  # what our own box files have besides; `id` counts


@dataclass(frozen=True)
class Target:
    """What is to be followed: its box, in pixels from 0, on a frame counted from 0.

    `where` is its place, such as `jobs.csv, line 3`; a target is the same wherever it stands.
    """

    box: Box
    name: str = ""
    frame: int = 0
    where: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """What it is called where something is wrong with it."""
        return f"{self.where} ({self.name})" if self.name else self.where


@dataclass(frozen=True)
class Row:
    """A target as a table has it; `where` is its place, with the table's path. Video and output may be empty."""

    where: str
    target: Target
    video: str = ""
    output: str = ""


def read_table(path: Path) -> list[Row]:
    """The rows of a `.csv`, `.json` or `.box.txt` file. Raises InputError naming file and line, or entry."""
    if path.name.lower().endswith(".txt"):
        return [_short(f"{path}, line {number}", line) for number, line in numbered_lines(path)]
    found = _from_json(path) if path.suffix.lower() == ".json" else _from_csv(path)
    rows, seen = [], set()
    for where, fields in found:
        id = _text(fields.get("object") or fields.get("id"))
        if id and id in seen:
            continue  # a box file of ours has a row for every frame: the first one of a target says where it begins
        seen.add(id)
        rows.append(_row(where, fields))
    return rows


def _from_csv(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    text = read_text(path)
    head = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text, newline=None), delimiter=";" if head.count(";") > head.count(",") else ",")
    table.fieldnames = [name.strip().lower() for name in table.fieldnames or ()]
    _check_keys(f"{path}, line 1", table.fieldnames)
    missing = [key for key in BOX if key not in table.fieldnames]
    if missing:
        raise InputError(f"{path}, line 1: has no column {', '.join(missing)}; the first line names the columns")
    try:
        for fields in table:
            where = f"{path}, line {table.line_num}"
            if None in fields:
                raise InputError(f"{where}: has more fields than the first line; put names with commas in quotes")
            if any(fields.values()):
                yield where, fields
    except csv.Error as error:
        raise InputError(f"{path}, line {table.reader.line_num}: cannot be read as CSV ({error})") from None


def _from_json(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        entries = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(entries, list):
        raise InputError(f"{path}: expected a list of objects with {', '.join(KEYS)}")
    for number, fields in enumerate(entries, 1):
        where = f"{path}, entry {number}"
        if not isinstance(fields, dict):
            raise InputError(f"{where}: expected an object with {', '.join(KEYS)}")
        _check_keys(where, fields)
        yield where, fields


def _check_keys(where: str, keys: Any) -> None:
    for key in keys:
        if key not in KEYS and key not in RESULT:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"{where}: unknown column {key!r}{hint} (known: {', '.join(KEYS)})")


def _row(where: str, fields: Mapping[str, Any]) -> Row:
    try:
        box = Box(*(float(fields[key]) for key in BOX))
        text = _text(fields.get("frame"))
        frame = float(text or 0)
        if frame != int(frame) or frame < 0:
            raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError):
        got = ",".join(_text(fields.get(key)) for key in (*BOX, "frame"))
        raise InputError(f"{where}: expected numbers x,y,w,h and a frame from 0, got {got!r}") from None
    target = Target(_checked(where, box), one_line(_text(fields.get("name"))), int(frame), Path(where).name)
    return Row(where, target, _text(fields.get("video")), _text(fields.get("output")))


def _short(where: str, line: str) -> Row:
    """`x,y,w,h` or `name=x,y,w,h`."""
    name, _, numbers = line.strip().rpartition("=")
    try:
        box = Box.parse(numbers)
    except ValueError:
        raise InputError(f"{where}: expected x,y,w,h or name=x,y,w,h, got {line.strip()[:60]!r}") from None
    return Row(where, Target(_checked(where, box), one_line(name), where=Path(where).name))


def _checked(where: str, box: Box) -> Box:
    if not all(map(math.isfinite, box.xywh)) or box.w <= 0 or box.h <= 0:
        raise InputError(f"{where}: the box must have finite numbers and a size, got {box.xywh}")
    return box


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
