"""A tracker that is led: what the user says about single frames goes before what the tracker would say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from tracker.box import Box
from tracker.errors import InputError
from tracker.live.sources import Frame
from tracker.tracking.result import Result

Given = Mapping[int, Box | None]  # by frame: where the target is; None: not in view from here until the next box


class AnyTracker(Protocol):
    """Whatever follows one target: `tracker.Tracker`, or any other object with these two methods."""

    def init(self, frame: NDArray[Any], box: Box) -> None: ...
    def update(self, frame: NDArray[Any]) -> Result: ...


def check_box(box: Box, image: NDArray[Any], address: str) -> None:
    """Refuse a box that cannot be tracked on a frame, with InputError naming field and source."""
    try:
        box.validate(image.shape[1], image.shape[0])
    except ValueError as error:
        raise InputError(f"{error} ({address})") from None


class Guide:
    """Follows from frame to frame, and starts afresh at every box that is given.

    A given box is the result of its frame, with score 1. Of the latest frame, `given` says whether its box was given,
    `tracked` what the tracker said of it nevertheless, and `away` that there is no target by the user's word. `unused`
    holds what was given for frames that have not come yet, or could not be read.
    """

    def __init__(self, tracker: AnyTracker, given: Given, address: str) -> None:
        """`given` has a box for the first frame that comes, which is readable; `address` names the source in errors."""
        self.tracker, self.unused, self.address = tracker, dict(given), address
        self.away = self.given = False
        self.tracked: Box | None = None
        self._following = False
        self._last = Box(0, 0, 0, 0)

    def follow(self, frame: Frame) -> Result:
        """The result of one frame. Where there is no target, or no image, it is the last box with score 0, lost.

        Raises InputError for a given box that cannot be tracked on its frame.
        """
        self.given, self.tracked = False, None
        if frame.image is None:
            return Result(self._last, 0.0, True)
        if frame.index in self.unused:
            return self._take(self.unused.pop(frame.index), frame.index, frame.image)
        if self.away:
            return Result(self._last, 0.0, True)
        result = self.tracker.update(frame.image)
        self._last = result.box
        return result

    def _take(self, box: Box | None, index: int, image: NDArray[Any]) -> Result:
        following, self.away = self._following, box is None
        self._following = box is not None
        if box is None:
            return Result(self._last, 0.0, True)
        check_box(box, image, f"frame {index} of {self.address}")
        self.tracked = self.tracker.update(image).box if following else None
        self.tracker.init(image, box)
        self.given, self._last = True, box
        return Result(box, 1.0, False)
