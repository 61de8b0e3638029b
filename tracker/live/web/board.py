"""The targets of a session and all that was found of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.box import Box
from tracker.formats import Row
from tracker.live.targets import TargetInfo
from tracker.live.web.records import Entry, Records
from tracker.live.web.wire import Refused
from tracker.tracking.result import Result

REMEMBERED = 8  # removed targets
Public = list[dict[str, Any]]


class Board:
    """Changed by the thread of the run only; others read."""

    def __init__(self, most: int) -> None:
        self.targets: dict[int, TargetInfo] = {}
        self.records: dict[int, Records] = {}
        self.ended: set[int] = set()  # not followed any more, but kept
        self._removed: dict[int, tuple[TargetInfo, Records]] = {}  # the newest ones, which can be taken back
        self._most, self._last, self._marks = most, 0, 0

    def add(self, name: str) -> int:
        """A new target. Raises Refused where there are too many."""
        self._check_room()
        self._last += 1
        self.records[self._last] = Records()
        self.targets[self._last] = TargetInfo(self._last, name)
        return self._last

    def _check_room(self) -> None:
        if len(self.targets) >= self._most:
            raise Refused(429, f"there are {self._most} targets, more are not followed")

    def draw(self, id: int, frame: int, box: Box) -> int:
        """Take the user's word for where a target is. Returns the serial number of this mark."""
        self._marks += 1
        self.records[id].put(frame, Entry(Result(box, 1.0, False), self._marks, given=True))
        self.ended.discard(id)
        return self._marks

    def rename(self, id: int, name: str) -> None:
        """Give a target another name."""
        self.targets[id] = TargetInfo(id, name)

    def remove(self, id: int, keep: bool) -> None:
        """Forget a target; with `keep` it is only not followed any more."""
        if keep:
            self.ended.add(id)
            return
        self.ended.discard(id)
        self._removed[id] = self.targets.pop(id), self.records.pop(id)
        while len(self._removed) > REMEMBERED:
            del self._removed[next(iter(self._removed))]

    def restore(self, id: int) -> None:
        """Take a removed target back, with its results. Raises Refused."""
        if id not in self._removed:
            raise Refused(404, f"id: there is no removed target {id} to take back")
        self._check_room()
        info, records = self._removed.pop(id)
        self.records[id] = records
        self.targets = dict(sorted({**self.targets, id: info}.items()))  # a new one: others may read the old one

    def known(self, id: int) -> int:
        """The same id. Raises Refused where there is no such target."""
        if id not in self.targets:
            raise Refused(404, f"id: there is no target {id}")
        return id

    def on(self, frame: int) -> dict[int, Entry]:
        """The entries of a frame by target."""
        found = ((id, records.get(frame)) for id, records in list(self.records.items()))
        return {id: entry for id, entry in found if entry is not None}

    def shown(self, frame: int) -> Public:
        """The targets of a frame as a client is told."""
        shown = []
        for id, entry in self.on(frame).items():
            result = entry.result
            values = {"box": [round(v, 2) for v in result.box.xywh], "score": round(result.score, 4)}
            shown.append({**_named(self.targets[id]), **values, "state": result.state, "given": entry.given})
        return shown

    def all(self) -> Public:
        """Every target with its name and the first frame that it has."""
        return [
            {**_named(info), "from": self.records[id].first, "followed": id not in self.ended}
            for id, info in list(self.targets.items())
            if id in self.records
        ]

    def timeline(self, first: int, last: int | None) -> dict[str, Any]:
        """Scores and states of all targets by frame, `first` and `last` included."""
        pairs = [(info, self.records.get(id)) for id, info in list(self.targets.items())]
        columns = [_named(info) | records.columns(first, last) for info, records in pairs if records is not None]
        begins = [records.first for _, records in pairs if records is not None and records.after]
        return {"from": min(begins, default=0), "targets": columns, "known": self.all()}

    def steps(self) -> Iterator[tuple[int, list[Row]]]:
        """The rows of each frame that has any, in order of frames."""
        records, targets = dict(self.records), dict(self.targets)
        for frame in sorted({frame for one in records.values() for frame in one.frames()}):
            rows = []
            for id, one in records.items():
                entry = one.get(frame)
                if entry is not None and id in targets:
                    result = entry.result
                    rows.append(Row(frame, id, result.box, result.score, result.lost, targets[id].name, result.state))
            yield frame, rows


def _named(info: TargetInfo) -> dict[str, Any]:
    blue, green, red = info.colour
    return {"id": info.id, "name": info.name, "colour": f"#{red:02x}{green:02x}{blue:02x}"}
