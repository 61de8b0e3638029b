"""What was found of a target, by number of frame, in a few bytes each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.box import Box
from tracker.tracking.result import Result

STATES = ("", "tracking", "uncertain", "lost")
ROW = np.dtype([("box", "f4", 4), ("score", "f4"), ("mark", "u4"), ("state", "u1"), ("given", "?")])


@dataclass(frozen=True)
class Entry:
    """One frame of a target. `mark` is the serial number of the drawn box that it follows from, `given` that one."""

    result: Result
    mark: int
    given: bool = False


class Records:
    """Entries by frame from 0 on."""

    def __init__(self) -> None:
        self._rows = np.zeros(64, ROW)
        self.first, self.after = 0, 0  # frames outside of this range have no entry

    def put(self, frame: int, entry: Entry) -> None:
        """Keep an entry in place of what was there."""
        if frame >= len(self._rows):
            grown = np.zeros(max(frame + 1, 2 * len(self._rows)), ROW)
            grown[: len(self._rows)] = self._rows
            self._rows = grown  # a new array: who reads the old one in another thread is not disturbed
        result = entry.result
        row = (result.box.xywh, result.score, entry.mark, STATES.index(result.state), entry.given)
        self._rows[frame] = row
        self.first = min(self.first, frame) if self.after else frame
        self.after = max(self.after, frame + 1)

    def get(self, frame: int) -> Entry | None:
        """The entry of a frame."""
        if not self.first <= frame < self.after or not self._rows["state"][frame]:
            return None
        row = self._rows[frame]
        state = STATES[row["state"]]
        result = Result(Box(*row["box"].tolist()), float(row["score"]), state == "lost", state == "uncertain")
        return Entry(result, int(row["mark"]), bool(row["given"]))

    def frames(self, first: int = 0, last: int | None = None) -> list[int]:
        """Frames with an entry, in order; `first` and `last` included."""
        states = self._rows["state"][: self.after if last is None else min(self.after, last + 1)]
        return (np.flatnonzero(states[first:]) + first).tolist() if first < len(states) else []

    def columns(self, first: int, last: int | None) -> dict[str, list[int] | list[float] | str]:
        """`frames`, `scores`, `states` (a letter each), centres `x`, `y` in pixels, and the `given` frames."""
        frames = self.frames(first, last)
        rows = self._rows[frames]
        x, y = (rows["box"][:, :2] + rows["box"][:, 2:] / 2).astype(float).round(1).T.tolist()
        return {
            "frames": frames,
            "scores": np.round(rows["score"].astype(float), 3).tolist(),
            "states": "".join("-tul"[state] for state in rows["state"]),
            "x": x,
            "y": y,
            "given": [frame for frame, given in zip(frames, rows["given"].tolist(), strict=True) if given],
        }
