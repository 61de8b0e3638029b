"""CSV: `frame,x,y,w,h,score,lost` with a header, and `id,name,state` where there are several targets or names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from tracker.errors import InputError
from tracker.formats.base import FORMATS, Row
from tracker.formats.found import MEANT, Found, found, key_and_name
from tracker.formats.text import GrowingWriter, LineFormat, expected, number, one_line, read_text

KEYS = ("frame", "x", "y", "w", "h", "score", "lost")
MORE = ("id", "name", "state")
NOT_LOST = ("0", "0.0", "false", "no")  # spreadsheets and pandas rewrite a column of 0 and 1
FIELD = 131072  # characters of one field, as the library has it


def _lines(path: Path) -> Iterator[Found]:
    table = csv.DictReader(io.StringIO(read_text(path), newline=None))
    try:
        for row in table:
            yield _found(f"{path}, line {table.line_num}", row)
    except csv.Error as error:
        raise InputError(f"{path}, line {table.reader.line_num}: cannot be read as CSV ({error})") from None


def _found(where: str, row: dict[str, str]) -> Found:
    try:
        box = [float(row[key]) for key in "xywh"]
        frame, score = int(row["frame"]), float(row.get("score") or 1)
        lost = (row.get("lost") or "0").strip().lower() not in NOT_LOST
        key, name = key_and_name(row.get("object") or row.get("id"), row.get("name"))
    except MEANT:
        line = ",".join(map(str, row.values()))
        raise expected(where, "frame,x,y,w,h,... below a line with these names", line) from None
    return found(where, frame, key, box, score, lost, name, row.get("state") or "")


class CsvWriter(GrowingWriter):
    """Frame from 0 in the source, x and y 0-based pixels, lost 0 or 1."""

    header = ",".join(KEYS)
    long_header = ",".join((*KEYS, *MORE))

    def line(self, row: Row) -> str:
        return f"{row.frame},{','.join(map(number, (*row.box.xywh, row.score)))},{int(row.lost)}"

    def addition(self, target: int, name: str, state: str) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow((target, one_line(name)[:FIELD], one_line(state)))
        return "," + text.getvalue()


@FORMATS.register("csv")
class Csv(LineFormat):
    """A table with a header, the form that spreadsheets and pandas read."""

    endings = (".csv",)
    kind = CsvWriter
    finds = staticmethod(_lines)
