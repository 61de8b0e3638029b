"""Whether a target is still where it is followed: how much what is found there is like it (docs/recovery.md)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tracker.settings import RecoveryConfig
from tracker.tracking.others import Others
from tracker.tracking.target import Point

Vector = NDArray[np.float32]
LEARNING = 0.2  # weight of the last check in the running mean
SIZE = 63.5  # crop pixels of a square target's side: half a template
PLAIN = 0.25  # what differs from the surroundings by less than this part of what the target does, is hardly anything


def summary(embedding: Any) -> Vector:
    """An embedding as one vector: the mean of its inner cells, which the target fills; levels one after the other."""
    levels = [torch.as_tensor(level).detach().float().cpu().numpy() for level in embedding]
    return np.concatenate([v[0, :, 1:-1, 1:-1].mean((1, 2)) if v.ndim == 4 else v.ravel() for v in levels])


class Appearance:
    """What a target looks like, and how much something else is like it.

    Summaries are compared after what is around the target in its first frame is taken off: what a whole scene has in
    common says nothing about the target.

    Args:
        first: summary of the template.
        around: summaries of places beside the target; may be none.
    """

    def __init__(self, first: Vector, around: Sequence[Vector]) -> None:
        self._ground = np.mean(around, axis=0) if around else np.zeros_like(first)
        self._least = PLAIN * float(np.linalg.norm(first - self._ground))
        self._first = self.unit(first)
        self._recent: deque[Vector] = deque(maxlen=3)

    def similarity(self, look: Vector) -> float:
        """Cosine, -1..1, with the first look or, where that is more, with one that was learnt."""
        unit = self.unit(look)
        return max(float(unit @ known) for known in (self._first, *self._recent))

    def learn(self, look: Vector) -> None:
        """Remember a look of the target; the last three are kept."""
        self._recent.append(self.unit(look))

    def unit(self, look: Vector) -> Vector:
        """A look without its surroundings, of length 1 (less where hardly anything is left)."""
        centred = look - self._ground
        return np.asarray(centred / max(float(np.linalg.norm(centred)), self._least, 1e-9), np.float32)


def beside(box_centre: Point, side: float, frame_wh: tuple[int, int]) -> list[Point]:
    """Up to four places in the frame, a template's `side` left, right, above and below of the target."""
    (x, y), (width, height) = box_centre, frame_wh
    places = [(x - side, y), (x + side, y), (x, y - side), (x, y + side)]
    return [(px, py) for px, py in places if 0 <= px < width and 0 <= py < height]


class Verdict(Enum):
    """What to make of a found box."""

    SURE = 0
    DOUBTFUL = 1  # it is believed, with reserve
    REFUSED = 2  # not believed, but once may be chance
    LOST = 3


@dataclass
class Watch:
    """Judges the boxes that are found for a target that is followed.

    size: of the target when it was last surely itself, frame pixels. Boxes that are half hidden or wrong change theirs,
    and would be searched at the wrong scale.
    """

    settings: RecoveryConfig
    appearance: Appearance
    size: Point
    others: Others = field(init=False)
    refused: int = 0
    unchecked: int = 0
    level: float = 0.9  # how much the target is like itself: the running mean of its checks
    pause: int = 1  # frames between two checks of a sure target; doubles up to `check_every`
    last: Point = (0.0, 0.0)
    velocity: Point = (0.0, 0.0)  # running mean, sizes of the target per frame

    def __post_init__(self) -> None:
        self.others = Others(self.settings.forget)

    def judge(
        self,
        score: float,
        step: Point,
        size: Point,
        look: Callable[[], Vector],
        taken: Callable[[], bool] = lambda: False,
    ) -> Verdict:
        """Verdict on a box of this score.

        Args:
            score: 0..1.
            step: from the last centre to this one, search-crop pixels.
            size: of the target until now, frame pixels.
            look: gives the summary of what is in the box; only asked where there is doubt, or now and then.
            taken: whether something else was known to be there; only asked after a sudden step.
        """
        settings = self.settings
        jump = math.dist(step, self.last)
        self.unchecked += 1
        due = self.unchecked >= min(self.pause, settings.check_every)
        if score >= settings.sure_score and jump < settings.jump and not due and not self.refused:
            self._step(step)
            return Verdict.SURE
        seen = look()
        self.unchecked = 0
        likeness = self.likeness(seen)
        if jump >= 2 * settings.jump or (jump >= settings.jump and taken()):
            likeness = min(likeness, settings.gone_likeness)  # that is something else, however alike
        if likeness < (settings.doubt_likeness if jump < settings.jump else settings.plain_likeness):
            gone = score < settings.gone_score or likeness < settings.gone_likeness
            self.refused += 1
            return Verdict.LOST if gone or self.refused >= settings.patience else Verdict.REFUSED
        self.refused = 0
        self._step(step)
        if score >= settings.sure_score and likeness >= settings.back_likeness:
            self._sure(seen, likeness, size)
            self.pause = 2 * self.pause if likeness >= settings.learn_likeness else 2  # one that changes: often
            return Verdict.SURE
        return Verdict.DOUBTFUL

    def _step(self, step: Point) -> None:
        self.last = step
        x, y = (v + LEARNING * (s / SIZE - v) for v, s in zip(self.velocity, step, strict=True))
        self.velocity = x, y

    def likeness(self, look: Vector) -> float:
        """How much something is like the target, as part of how much the target usually is."""
        return self.appearance.similarity(look) / self.level

    def _sure(self, look: Vector, likeness: float, size: Point) -> None:
        self.size = size
        self.level += LEARNING * (likeness - 1) * self.level
        if likeness >= self.settings.learn_likeness:
            self.appearance.learn(look)

    def again(self) -> None:
        """The target is followed again."""
        self.refused, self.unchecked, self.pause, self.last = 0, 0, 1, (0.0, 0.0)
