"""OTB: `x,y,w,h`, one row a frame from the first on, pixels counted from 1, as in groundtruth_rect.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tracker.formats.base import FORMATS, Row
from tracker.formats.found import Found, found
from tracker.formats.text import LineFormat, OneTarget, expected, number, read_text

NAN = float("nan")


def _lines(path: Path) -> Iterator[Found]:
    """An empty row, or one of NaN, says that the target is not in view."""
    for frame, line in enumerate(read_text(path).rstrip().splitlines()):
        where, parts = f"{path}, line {frame + 1}", line.replace(",", " ").split()
        try:
            x, y, w, h = [float(p) for p in parts] or [NAN] * 4
        except ValueError:
            raise expected(where, "x,y,w,h", line) from None
        yield found(where, frame, "1", (x - 1, y - 1, w, h))


class OtbWriter(OneTarget):
    """The box is repeated while the target is lost: the form has no place for a state."""

    def line(self, row: Row) -> str:
        x, y, w, h = row.box.xywh
        return self.absent if row.lost and w == h == 0 else ",".join(map(number, (x + 1, y + 1, w, h)))


@FORMATS.register("otb")
class Otb(LineFormat):
    """Bare boxes, as the benchmarks OTB, UAV123 and others have them."""

    endings = (".txt",)
    holds = frozenset()
    several = numbered = False
    kind = OtbWriter
    finds = staticmethod(_lines)
