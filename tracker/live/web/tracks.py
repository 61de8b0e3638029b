"""Which targets are followed from one frame to the next, and which have a result there that stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from tracker.box import Box
from tracker.live.followers import Follower
from tracker.live.web.board import Board
from tracker.live.web.course import Course, Start
from tracker.live.web.records import Entry
from tracker.live.web.turns import Turns
from tracker.tracking.result import Result

Image = NDArray[Any]


class Tracks:
    """The targets of a board, followed forward and backward. For the thread of the run."""

    def __init__(self, board: Board, make_follower: Callable[[], Follower], turns: Turns) -> None:
        self._board = board
        self._courses = {way: Course(make_follower, turns) for way in (1, -1)}

    def move(self, at: int, image: Image, to: int, next_image: Image | None) -> None:
        """Track from a frame to its neighbour what has no valid result there. None: it cannot be read."""
        starts, course = self._starts(at, to), self._courses[to - at]
        if next_image is None:
            course.skip(at, to)
            found = {id: Result(start.box, 0.0, True) for id, start in starts.items()}
        else:
            found = course.follow(starts, at, image, to, next_image)
        for id, result in found.items():
            self._board.records[id].put(to, Entry(result, starts[id].mark))

    def _starts(self, at: int, to: int) -> dict[int, Start]:
        """The targets to follow. Others have no result to start from, or one at the other end that is as new."""
        starts = {}
        for id, here in self._board.on(at).items():
            there = self._board.records[id].get(to)
            if id not in self._board.ended and (there is None or not (there.given or there.mark >= here.mark)):
                starts[id] = Start(here.result.box, here.mark)
        return starts

    def draw(self, id: int, box: Box, frame: int, image: Image, position: int) -> None:
        """Take the user's word for a target in `frame`. Where that has passed (live), it joins the others now."""
        mark = self._board.draw(id, frame, box)
        if frame != position:
            self._board.records[id].put(position, Entry(Result(box, 1.0, False), mark))
            self._courses[1].begin(id, position, image, Start(box, mark))

    def remove(self, id: int, keep: bool) -> None:
        """Follow a target no longer, and forget what was found of it unless `keep`."""
        for course in self._courses.values():
            course.leave(id)
        self._board.remove(id, keep)
