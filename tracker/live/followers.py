"""What the engine drives: something that follows several targets, made of whatever follows one."""

from __future__ import annotations

import copy
from typing import Any, Protocol

from numpy.typing import NDArray

from tracker.box import Box
from tracker.tracking.result import Result


class AnyTracker(Protocol):
    """Whatever follows one target: `tracker.Tracker`, or any other object with these two methods."""

    def init(self, frame: NDArray[Any], box: Box) -> None: ...
    def update(self, frame: NDArray[Any]) -> Result: ...


class Follower(Protocol):
    """Whatever follows several targets, such as `MultiTracker`. An id is never used again."""

    def add(self, frame: NDArray[Any], box: Box) -> int: ...
    def redraw(self, id: int, frame: NDArray[Any], box: Box) -> None: ...
    def remove(self, id: int) -> None: ...
    def update(self, frame: NDArray[Any]) -> dict[int, Result]: ...


class Copies:
    """A follower made of copies of a tracker that follows one target."""

    def __init__(self, tracker: AnyTracker) -> None:
        self._blank = tracker
        self._trackers: dict[int, AnyTracker] = {}
        self._last_id = 0

    def add(self, frame: NDArray[Any], box: Box) -> int:
        """Follow one more target; its id counts from 1."""
        tracker = copy.deepcopy(self._blank)
        tracker.init(frame, box)
        self._last_id += 1
        self._trackers[self._last_id] = tracker
        return self._last_id

    def redraw(self, id: int, frame: NDArray[Any], box: Box) -> None:
        """Start a target afresh. Raises KeyError for an unknown id."""
        self._trackers[id].init(frame, box)

    def remove(self, id: int) -> None:
        """Follow a target no longer. Raises KeyError for an unknown id."""
        del self._trackers[id]

    def update(self, frame: NDArray[Any]) -> dict[int, Result]:
        """The results of all targets on the next frame."""
        return {id: tracker.update(frame) for id, tracker in self._trackers.items()}


def follower_of(tracker: AnyTracker, recover: bool = True) -> Follower:
    """A follower of several targets: on one network where `tracker` is this project's, else by copies of it.

    `recover`: a lost target keeps its last box and is searched in a growing region (this project's tracker only).
    """
    from tracker.tracking.multi_tracker import MultiTracker
    from tracker.tracking.siamese_tracker import Tracker

    if isinstance(tracker, Tracker):
        return MultiTracker(tracker, recover)
    return Copies(tracker)
