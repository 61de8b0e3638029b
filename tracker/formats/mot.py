"""MOTChallenge: `frame,id,x,y,w,h,score,...`, frame from 1; x and y are 0-based pixels, as in CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tracker.formats.base import FORMATS, Row
from tracker.formats.found import MEANT, Found, found
from tracker.formats.text import LineFormat, LineWriter, expected, number, numbered_lines

LEAST = 0.0001  # score of a box that is not lost


def _lines(path: Path) -> Iterator[Found]:
    """A score of 0 says "not to be considered", as in MOTChallenge's ground truth; -1 that there is none."""
    for count, line in numbered_lines(path):
        where, cells = f"{path}, line {count}", line.replace(",", " ").split()
        try:
            box = [float(v) for v in cells[2:6]]
            frame, key = int(float(cells[0])) - 1, str(int(float(cells[1])))
            score = float(cells[6]) if len(cells) > 6 else 1.0
            if len(box) != 4 or frame < 0:
                raise ValueError
        except MEANT:
            raise expected(where, "frame,id,x,y,w,h,..., frames counted from 1", line) from None
        yield found(where, frame, key, box, 1.0 if score < 0 else score, score == 0)


class MotWriter(LineWriter):
    """`frame,id,x,y,w,h,score,-1,-1,-1`: boxes of tracking results in two dimensions; 0 is the score of a lost one."""

    def line(self, row: Row) -> str:
        score = 0.0 if row.lost else max(row.score, LEAST)
        return f"{row.frame + 1},{row.id},{','.join(map(number, (*row.box.xywh, score)))},-1,-1,-1"


@FORMATS.register("mot")
class Mot(LineFormat):
    """Rows as MOTChallenge and its evaluation tools take them."""

    endings = (".mot", ".mot.txt")
    holds = frozenset({"score", "lost"})
    kind = MotWriter
    finds = staticmethod(_lines)
