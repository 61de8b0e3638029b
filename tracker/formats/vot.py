"""VOT: one region a frame, `x,y,w,h` or a polygon, pixels counted from 0; in results also codes in their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tracker.box import Box
from tracker.formats.base import FORMATS, Row
from tracker.formats.found import Found, found
from tracker.formats.text import LineFormat, OneTarget, expected, number, read_text

NAN = float("nan")
NOTHING, START, FAILURE = 0, 1, 2
WANTED = "x,y,w,h, a polygon x1,y1,x2,y2,..., or a code 0, 1 or 2"


def _lines(path: Path) -> Iterator[Found]:
    """A tracker's start (1) has no row: its box is the ground truth's. In failures and skipped frames it is lost."""
    for frame, line in enumerate(read_text(path).rstrip().splitlines()):
        where, parts = f"{path}, line {frame + 1}", line.replace(",", " ").split()
        try:
            values = [float(p) for p in parts] or [float(NOTHING)]
        except ValueError:
            raise expected(where, WANTED, line) from None
        if values == [START]:
            continue
        if values in ([NOTHING], [FAILURE]):
            yield found(where, frame, "1", [NAN] * 4, 0.0, lost=True)
        elif len(values) == 4:
            yield found(where, frame, "1", values)
        elif len(values) >= 6 and len(values) % 2 == 0:
            yield found(where, frame, "1", Box.from_polygon(values).xywh)
        else:
            raise expected(where, WANTED, line)


class VotWriter(OneTarget):
    """`1` for the frame in which the tracker was started, then its boxes; 0 where there is none to write."""

    absent = str(NOTHING)
    _started = False

    def line(self, row: Row) -> str:
        if row.lost and row.box.w == row.box.h == 0:
            return self.absent
        if not self._started:
            self._started = True
            return str(START)
        return ",".join(map(number, row.box.xywh))


@FORMATS.register("vot")
class Vot(LineFormat):
    """Results and ground truth of VOT's short-term challenges, such as `bag_001.txt`."""

    endings = (".vot", ".vot.txt")
    holds = frozenset()
    several = numbered = False
    kind = VotWriter
    finds = staticmethod(_lines)
