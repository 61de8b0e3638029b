"""JSONL: one JSON object a line, with the keys of the CSV form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tracker.formats.base import FORMATS, Row
from tracker.formats.csv_rows import KEYS, MORE
from tracker.formats.found import MEANT, Found, found, key_and_name
from tracker.formats.text import GrowingWriter, LineFormat, expected, numbered_lines

NAN = float("nan")


def _lines(path: Path) -> Iterator[Found]:
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
            box = [NAN if row[key] is None else float(row[key]) for key in "xywh"]
            frame, lost = int(row["frame"]), bool(row.get("lost", 0))
            score = row.get("score")
            score = 1.0 if score is None else float(score)
            key, name = key_and_name(row.get("object", row.get("id")), row.get("name"))
        except (*MEANT, RecursionError):
            raise expected(where, 'a JSON object such as {"frame": 0, "x": 1, "y": 2, "w": 3, "h": 4}', line) from None
        yield found(where, frame, key, box, score, lost, name, str(row.get("state") or ""))


class JsonlWriter(GrowingWriter):
    """Frame from 0 in the source, x and y 0-based pixels, lost 0 or 1."""

    mark = "}"

    def line(self, row: Row) -> str:
        values = [round(v, 4) for v in (*row.box.xywh, row.score)]
        return json.dumps(dict(zip(KEYS, (row.frame, *values, int(row.lost)), strict=True)))

    def addition(self, target: int, name: str, state: str) -> str:
        return ", " + json.dumps(dict(zip(MORE, (target, name, state), strict=True)))[1:-1]


@FORMATS.register("jsonl")
class Jsonl(LineFormat):
    """JSON in lines, which programs can read while it is written."""

    endings = (".jsonl", ".ndjson")
    kind = JsonlWriter
    finds = staticmethod(_lines)
