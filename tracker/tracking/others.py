"""Things that a target could be mistaken for: seen beside it, or where it cannot have got to (docs/recovery.md)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tracker.settings import TrackingConfig
from tracker.tracking.appearance import Look
from tracker.tracking.decode import Prediction, points
from tracker.tracking.target import Point, Target, View, find

SAME = 0.5  # sizes of the target; two finds in a frame that are closer are one thing
NEAR = 0.7  # sizes; another thing is where it was last, within so much ...
DRIFT = 0.1  # ... and so much more for each frame in which it was not seen, up to ten
RATHER = 0.02  # by so much more must a find be like the target than like the thing in whose place it is ...
MET = 0.15  # ... or by so much, where the thing was in sight all the time: the two met
GAP = 6  # frames in which a thing was not seen, after which it may be the target that is seen in its place ...
CLEAR = 0.8  # ... until it looks as it did, so much alike ...
CLEARLY = 0.05  # ... and by so much more than it looks like the target
COMING = 2.5  # sizes; a thing that comes so near the target may meet it, and its look is remembered
TOGETHER = 1.0  # sizes; so near, the two may be exchanged ...
LATELY = 20  # ... which shows within so many sure frames ...
EMERGED = 1.5  # sizes; a thing that is first seen so near was hidden by the target, or is the target
INSTEAD = 0.1  # ... in that what is followed is so much more like the thing than like the target
FAINT = 0.05  # score of a find that may be the target then: beside its like a target has hardly any
SUDDEN = 0.4  # sizes a frame
LOOK_EVERY = 8  # frames between two looks of a thing that are remembered
ROUGH = 60.0  # crop pixels from the middle of a view, beyond which a find is rough ...
SLACK = 0.5  # ... and may be so many sizes farther from where the thing was
BESIDE = 1.6  # sizes; the middles of things beside a target are outside a box so much larger
WORTH = 0.5  # score from which a find is a thing at all


@dataclass(frozen=True, eq=False)
class Find:
    """A box that was found in a view, and its centre in the frame."""

    box: Prediction
    view: View
    place: Point

    @property
    def is_rough(self) -> bool:
        """Whether it lies near the edge of its view, where boxes are off by up to half a size."""
        return max(abs(self.box.dx), abs(self.box.dy)) * self.view.scale > ROUGH


@dataclass
class Other:
    """A thing beside the target: where and in which frame it was seen last, and how it looked lately."""

    place: Point
    seen: int
    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=3))

    born: int = 0  # frame in which it was first seen
    unlike: int = 0  # sights of it that were not enough like the target, of a thing that may be it by its place ...
    usual: float = 0.0  # ... and the mean of their likeness
    unsure: bool = False  # whether it may be the target that is seen in its place
    learnt: int = 0  # frame in which its looks were last remembered
    looked: int = 0  # frame in which it was last looked at, while the target is lost
    met: int | None = None  # frame in which it was last so near the target that the two may have been exchanged

    def moved(self, place: Point, frame: int, size: float, rough: bool = False) -> None:
        """Seen again. After a gap the target may have come back just there; after a sudden step a look tells."""
        self.unsure |= frame - self.seen > GAP
        if not rough and math.dist(place, self.place) > SUDDEN * size * (frame - self.seen):
            self.learnt = frame - LOOK_EVERY
        if rough:
            place = (place[0] + self.place[0]) / 2, (place[1] + self.place[1]) / 2
        self.place, self.seen = place, frame

    def refuse(self, likeness: float) -> None:
        """One more sight that was not enough like the target."""
        self.usual += (likeness - self.usual) / (self.unlike + 1)
        self.unlike += 1

    def alike(self, unit: Look) -> float:
        """How much what looks like `unit` is like it."""
        return max((unit.alike(look) for look in self.looks), default=0.0)

    def wants_look(self) -> bool:
        """Whether a closer look at it is of use in this frame."""
        return self.unsure or self.unlike > 0 or not self.looks or self.seen - self.learnt >= LOOK_EVERY

    def is_still(self, unit: Look, likeness: float) -> bool:
        """Whether what is in its place, and looks like `unit`, is this thing; the target is like it by `likeness`."""
        own = self.alike(unit) if self.looks else -1.0 if self.unsure else 1.0
        if likeness > own + (RATHER if self.unsure else MET):
            return False
        self.unsure &= own < max(CLEAR, likeness + CLEARLY)
        if not self.unsure:
            self.looks.append(unit)
            self.learnt = self.seen
        return True


class Others:
    """What is known beside one target. `size` is the target's, `sqrt(w h)`, frame pixels.

    A thing is told from the target by where it is, so that even a twin is; by its looks only where the two may have
    changed places.
    """

    def __init__(self, forget: int) -> None:
        self.forget = forget
        self.frame = 0
        self.known: list[Other] = []

    def next_frame(self) -> None:
        """Forget what was not seen for long."""
        self.frame += 1
        self.known = [o for o in self.known if self.frame - o.seen <= self.forget // 2]

    def add(self, place: Point) -> Other:
        """One more thing that is not the target, or does not look like it."""
        self.known.append(Other(place, self.frame, born=self.frame))
        return self.known[-1]

    def lost(self, place: Point, size: float) -> None:
        """The target was lost at `place`: what was first seen lately, and is so near, may be its other half."""
        for other in self.known:
            other.unsure |= self.frame - other.born < LATELY and math.dist(other.place, place) < EMERGED * size

    @property
    def meeting(self) -> bool:
        """Whether the target met one of them lately, and may have been exchanged for it."""
        return any(self._met(other) for other in self.known)

    def _met(self, other: Other) -> bool:
        return other.met is not None and self.frame - other.met < LATELY

    def coming(self, place: Point, size: float) -> list[tuple[Other, float]]:
        """Those near a target at `place` whose looks are to be remembered, and how many sizes off they are.

        Notes which of them it meets.
        """
        near = []
        for other in self.known:
            far = math.dist(other.place, place) / size
            stale = not other.looks or self.frame - other.learnt >= LOOK_EVERY
            if other.seen == self.frame and NEAR < far < COMING and stale and not self._met(other):
                near.append((other, far))
            if far < TOGETHER and self.frame - other.seen <= LATELY:
                other.met = self.frame
        return near

    def remember(self, other: Other, unit: Look) -> None:
        """How one of them looks."""
        other.looks.append(unit)
        other.learnt = self.frame

    def most_alike(self, unit: Look) -> Other | None:
        """The one, of those that were looked at, that is most like what looks like `unit`."""
        return max((o for o in self.known if o.looks), key=lambda other: other.alike(unit), default=None)

    def any_at(self, place: Point, size: float) -> bool:
        """Whether one of them was there lately."""
        lately = (o for o in self.known if self.frame - o.seen <= LOOK_EVERY)
        return any(math.dist(o.place, place) <= NEAR * size for o in lately)

    def unseen(self, least: int, most: int) -> list[Point]:
        """Places of things that were seen last so many frames ago, those not seen for longest first."""
        known = sorted(self.known, key=lambda other: other.seen)
        return [other.place for other in known if least <= self.frame - other.seen <= most]

    def claim(self, finds: Sequence[Find], size: float) -> tuple[list[Find], list[tuple[Other, Find]]]:
        """Find the known things among the finds of this frame, the nearest first; returns the other finds, and them."""
        pairs = sorted(
            (
                (math.dist(other.place, each.place), i, j)
                for i, other in enumerate(self.known)
                for j, each in enumerate(finds)
            )
        )
        others, taken, together = set(), set(), []
        for far, i, j in pairs:
            reach = NEAR + DRIFT * min(self.frame - self.known[i].seen - 1, 10) + SLACK * finds[j].is_rough
            if i not in others and j not in taken and far <= reach * size:
                self.known[i].moved(finds[j].place, self.frame, size, finds[j].is_rough)
                others.add(i)
                taken.add(j)
                together.append((i, j))
        now = [o.place for o in self.known if o.seen == self.frame]
        left = [each for j, each in enumerate(finds) if j not in taken]
        free = [each for each in left if all(math.dist(each.place, place) > SAME * size for place in now)]
        return free, [(self.known[i], finds[j]) for i, j in together]


def finds_in(
    target: Target,
    views: Sequence[View],
    maps: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
    settings: TrackingConfig,
    most: int = 3,
    worth: float = WORTH,
) -> list[Find]:
    """Boxes of a score of at least `worth` in all views, at most so many a view; the best first, each thing once."""
    found: list[Find] = []
    edge = (settings.instance_size - 63) / 2
    for view, (cls, loc) in zip(views, maps, strict=True):
        left = cls.copy()
        for _ in range(most):
            box = find(target, view, left, loc, settings)
            if box is None or box.score < worth:
                break
            if max(abs(box.dx), abs(box.dy)) * view.scale <= edge:  # beyond its points a view shows parts of things
                found.append(Find(box, view, view.place(box)))
            blot(left, box, view.scale, settings.stride)
    found.sort(key=lambda each: -each.box.score * each.box.penalty)
    size = math.sqrt(target.size[0] * target.size[1])
    kept: list[Find] = []
    for each in found:
        if all(math.dist(each.place, k.place) > SAME * size for k in kept):
            kept.append(each)
    return kept


def finds_beside(
    target: Target,
    view: View,
    maps: tuple[NDArray[np.float32], NDArray[np.float32]],
    found: Prediction,
    settings: TrackingConfig,
    worth: float = WORTH,
) -> list[Find]:
    """What else is in a view than the box that was found in it: boxes of a score of at least `worth`."""
    rest = maps[0].copy()
    blot(rest, found, view.scale, settings.stride, share=BESIDE)
    if np.max(rest[1] - rest[0]) < math.log(worth / (1 - worth)):
        return []
    return finds_in(target, [view], [(rest, maps[1])], settings, worth=worth)


def blot(cls: NDArray[np.float32], box: Prediction, scale: float, stride: int, share: float = 1.0) -> None:
    """Take the points in a box (or `share` of it) out of logits 2,S,S, in place: the next best thing can be found."""
    x, y = points(cls.shape[-1], stride)
    half = share * scale / 2
    near = (np.abs(x - box.dx * scale) < box.w * half) & (np.abs(y - box.dy * scale) < box.h * half)
    cls[1][near.reshape(cls.shape[1:])] = -np.inf
