"""Rows that are kept until the end of a run, for forms whose files begin with what is known only then."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.formats.base import STATES, Row, Writer


class Kept:
    """Rows in arrays, about 55 bytes each. A target has one name, the last that it was given."""

    def __init__(self) -> None:
        self._numbers = array("q")  # frame and id of each row
        self._values = array("d")  # x, y, w, h
        self._scores = array("f")
        self._marks = bytearray()  # state, and 128 where it is lost
        self.names: dict[int, str] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Keep the rows of a frame."""
        for row in rows:
            self._numbers.extend((row.frame, row.id))
            self._values.extend(row.box.xywh)
            self._scores.append(row.score)
            self._marks.append((STATES.index(row.state) if row.state in STATES else 0) | (128 if row.lost else 0))
            self.names[row.id] = row.name or self.names.get(row.id, "")

    def frames(self) -> NDArray[np.int64]:
        """The different frames in order."""
        return np.unique(self._table()[:, 0])

    def rows(self, by_target: bool = False) -> Iterator[Row]:
        """Rows by frame, then id; or by id, then frame."""
        table = self._table()
        for i in np.lexsort((table[:, 0], table[:, 1]) if by_target else (table[:, 1], table[:, 0])).tolist():
            frame, number = self._numbers[2 * i : 2 * i + 2]
            mark = self._marks[i]
            box = Box(*self._values[4 * i : 4 * i + 4])
            yield Row(frame, number, box, self._scores[i], mark >= 128, self.names.get(number, ""), STATES[mark & 127])

    def _table(self) -> NDArray[np.int64]:
        # A copy: an array that NumPy looks into can no longer grow.
        return np.array(self._numbers, np.int64).reshape(-1, 2)


class KeepingWriter(Writer):
    """A writer of such a form: the file is written by `finish`, and where that fails the rows are still in `kept`."""

    def __init__(self) -> None:
        self.kept = Kept()

    def write(self, rows: Sequence[Row]) -> None:
        self.kept.add(rows)
