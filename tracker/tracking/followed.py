"""A target that is followed among others: its state from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tracker.tracking.others import Other
from tracker.tracking.recovery import Watch
from tracker.tracking.seeking import Search
from tracker.tracking.target import Point, Target, View

CEILING = 2.5  # logit; chosen on held-out clips, where narrow and whole views then follow equally well

Maps = NDArray[np.float32]


@dataclass
class Followed:
    """A target among others, and what the last frame showed of it.

    `calm`: it was surely found, near the middle of its view. `peak` is the highest logit of its last whole view;
    `offset` what is added to the logits of those of `narrow` pixels since then. `watch` judges what is found,
    `search` looks for it while it is lost.
    """

    target: Target
    watch: Watch | None = None
    search: Search | None = None
    views: list[View] = field(default_factory=list)
    view: View | None = None
    cls: Maps | None = None
    calm: bool = False
    peak: float = 0.0
    narrow: int = 0
    offset: float = 0.0

    @property
    def is_sure(self) -> bool:
        """Whether it is followed, and what was found last was believed."""
        return self.search is None and (self.watch is None or not self.watch.refused)

    def exchange(self, place: Point, other: Other, frame_wh: tuple[int, int]) -> None:
        """The target is at `place`, frame pixels, and what was followed in its stead is `other`."""
        assert self.watch is not None
        (x, y), (width, height) = place, frame_wh
        self.target.centre = min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
        self.target.size, self.target.lost = self.watch.size, False
        self.calm, other.met = False, None
        self.watch.again()

    def level(self, cls: Maps, size: int, whole: int) -> Maps:
        """Logits 2,S,S of a view of `size` pixels as one of `whole` pixels would have them.

        Normalisation over the map and attention make the scores of a narrow view lower by much the same everywhere.
        By how much shows in the first one of its size after a whole one, in which the target hardly looks different.
        """
        peak = float(np.max(cls[1] - cls[0]))
        if size == whole:
            self.peak, self.narrow = peak, 0
            return cls
        if size != self.narrow:
            self.narrow, self.offset = size, max(min(self.peak, CEILING) - peak, 0.0) if np.isfinite(peak) else 0.0
        return np.stack((cls[0], cls[1] + np.float32(self.offset)))
