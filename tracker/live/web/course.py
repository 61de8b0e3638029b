"""Tracking in one direction of time, where targets may have got to different frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from tracker.box import Box
from tracker.live.followers import Follower
from tracker.live.web.turns import Turns
from tracker.tracking.result import Result

Image = NDArray[Any]


@dataclass(frozen=True)
class Start:
    """From where a target is followed: its box, and the serial number of the drawn box that it follows from."""

    box: Box
    mark: int


@dataclass
class Group:
    """Targets that have got to the same frame, on one follower: their crops go through the network together."""

    follower: Follower
    frame: int
    members: dict[int, tuple[int, int]] = field(default_factory=dict)  # target: its id in the follower, its mark


class Course:
    """Followers of one direction. A target that stands elsewhere, or follows from another box, begins afresh."""

    def __init__(self, make_follower: Callable[[], Follower], turns: Turns) -> None:
        self._make, self._turns = make_follower, turns
        self._groups: list[Group] = []

    def begin(self, id: int, frame: int, image: Image, start: Start) -> None:
        """Let a target start from its box in `image`, which is taken for the one of `frame`. Raises ValueError."""
        self.leave(id)
        group = next((g for g in self._groups if g.frame == frame), None)
        if group is None:
            group = Group(self._make(), frame)
            self._groups.append(group)
        with self._turns.turn():
            group.members[id] = (group.follower.add(image, start.box), start.mark)

    def leave(self, id: int) -> None:
        """Follow a target no longer."""
        for group in self._groups:
            if id in group.members:
                group.follower.remove(group.members.pop(id)[0])
        self._groups = [group for group in self._groups if group.members]

    def follow(
        self, starts: Mapping[int, Start], at: int, image: Image, to: int, next_image: Image
    ) -> dict[int, Result]:
        """Follow these targets from the frame `at` to the neighbouring frame `to`."""
        for id, start in starts.items():
            if not self._stands(id, at, start.mark):
                self.begin(id, at, image, start)
        results: dict[int, Result] = {}
        for group in [g for g in self._groups if g.frame == at]:
            for id in [id for id in group.members if id not in starts]:
                self.leave(id)
            if not group.members:
                continue
            with self._turns.turn():
                found = group.follower.update(next_image)
            results |= {id: found[inner] for id, (inner, _) in group.members.items()}
            group.frame = to
        return results

    def skip(self, at: int, to: int) -> None:
        """Pass over a frame that cannot be read."""
        for group in self._groups:
            if group.frame == at:
                group.frame = to

    def _stands(self, id: int, frame: int, mark: int) -> bool:
        return any(g.frame == frame and id in g.members and g.members[id][1] == mark for g in self._groups)
