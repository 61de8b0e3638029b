"""The search for a target that is lost: where to look, and what of the finds is the target (docs/recovery.md)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tracker.settings import RecoveryConfig, TrackingConfig
from tracker.tracking.appearance import Look
from tracker.tracking.others import Find, Other, Others, finds_in
from tracker.tracking.recovery import Watch
from tracker.tracking.target import Point, Target, View

OFTEN = 4  # looks at a thing in vain, after which it must be like the target by ...
RISE = 0.15  # ... so much more than it was on the average, but not more than a target that needs no second frame
NEARLY = 0.2  # by so much less likeness than `back_likeness`, a find is looked at again in the next frame
LOOKS = 3  # finds that are looked at closely in a frame, at most
FAR = 4.0  # sizes from the last place, at which a part is seen half as often
EDGE = 0.5  # sizes; what is not so far in the frame touches its edge: it is leaving or coming in
LEAVING = 6  # frames; a target that would have left the frame in these may be back over its edge
SWEEPS = 2  # times that every part was seen, after which what is new has come into the frame
BORDER = 0.7  # of a part's side; a part whose middle is so near the frame's edge lies along it
HOME_EVERY = 3  # searched frames; the last place has its turn so often, later on


@dataclass(frozen=True)
class Candidate:
    """A find that is looked at again in the next frame: as for a target whose sides are larger by `factor`.

    `likely` ones were enough like the target; the others nearly.
    """

    place: Point
    factor: float
    likeness: float
    likely: bool


@dataclass
class Search:
    """Where to look for a target that is lost, and where it may be by now: a region that grows around its last place.

    home: where it was last, frame pixels. reach: from one place to the next, frame pixels. size: `sqrt(w h)` of the
    target, frame pixels. velocity: of the target until then, sizes per frame. away: frames since then.
    """

    home: Point
    reach: float
    size: float
    velocity: Point
    frame_wh: tuple[int, int]
    settings: RecoveryConfig
    found: Candidate | None = None
    away: int = 0
    _rounds: int = 0
    _parts: list[Point] = field(init=False)
    _visits: dict[Point, tuple[int, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._parts = places_in(self.home, self.reach, self.frame_wh)

    def places(self, views: int, known: Sequence[Point] = ()) -> list[tuple[Point, float]]:
        """Centres of at most so many views for the next frame, each with the factor on the target's size for its scale.

        The last find; home now and then, unless the find was likely; the first of the `known` other things, which are
        not to be lost sight of; and at least one of the parts of the frame, those that were not seen for longest, near
        ones more often. Home and parts are seen as for a somewhat larger, then for a somewhat smaller target: by how
        much grows with time. A single view is for a likely find, or for all these in turn.
        """
        self.wait()
        self._rounds += 1
        likely = self.found is not None and self.found.likely
        chosen: list[tuple[Point, float]] = []
        if self.found is not None:
            chosen.append((self.found.place, self.found.factor))
        if not likely and (self.away <= self.settings.stay or self._rounds % HOME_EVERY == 0):
            chosen.append((self.home, self._zoom(self.home)))
        chosen.extend((place, 1.0) for place in known[:1])
        chosen = chosen[: views - 1 if views > 1 else int(likely or self._rounds % 2)]
        parts = sorted(self._parts, key=self._turn)[: views - len(chosen)]
        return chosen + [(place, self._zoom(place)) for place in parts]

    def wait(self) -> None:
        """One more frame without it."""
        self.away += 1

    def _zoom(self, place: Point) -> float:
        """The factor for a place, which is noted as seen."""
        spread = 1 + min(self.settings.zoom_growth * self.away, self.settings.zoom)
        turn = self._visits.get(place, (0, 0))[1]
        self._visits[place] = self.away, turn + 1
        return 1 / spread if turn % 2 else spread

    def _turn(self, place: Point) -> float:
        """Less for parts that were not seen for longer; those far away have their turn half as often, or less.

        A target that left comes back over the frame's edge: parts there have theirs twice as often.
        """
        waited = self.away - self._visits.get(place, (0, 0))[0]
        if self._left and self._inside(place) * self.size < BORDER * self.reach:
            waited *= 2
        return -waited / (1 + math.dist(place, self.home) / (FAR * self.size))

    def may_be(self, place: Point) -> bool:
        """Whether the target can have got there since it was seen last.

        It is in a region that grows with time. What comes in over the frame's edge is something else where the target
        was lost in the middle of the frame.
        """
        far = math.dist(place, self.home) / self.size
        growth = 0 if self._comes_in(place) else max(self.settings.region_growth, 1.5 * math.hypot(*self.velocity))
        return far <= self.settings.region + growth * self.away

    def is_new(self, place: Point) -> bool:
        """Whether what is first seen there was not in the frame before: all of that is known by now.

        A target that left the frame comes in over whatever edge.
        """
        swept = all(self._visits.get(part, (0, 0))[1] >= SWEEPS for part in self._parts)
        return swept and not self._comes_in(place)

    def _comes_in(self, place: Point) -> bool:
        """Whether something comes in there, over the frame's edge, and the target was lost in the middle of it."""
        return self._inside(place) < EDGE and not self._left

    @property
    def _left(self) -> bool:
        """Whether the target was on its way out of the frame."""
        x, y = (at + LEAVING * v * self.size for at, v in zip(self.home, self.velocity, strict=True))
        return self._inside((x, y)) < EDGE

    def _inside(self, place: Point) -> float:
        """How far a place is from the frame's edge, in sizes."""
        return min(min(v, length - v) for v, length in zip(place, self.frame_wh, strict=True)) / self.size

    def expects(self, place: Point) -> bool:
        """Whether this is what was found in the last frame, and enough like the target."""
        return self.found is not None and self.found.likely and math.dist(place, self.found.place) <= 0.5 * self.size


def places_in(home: Point, reach: float, frame_wh: tuple[int, int]) -> list[Point]:
    """Middles of the fewest equal parts of a frame that are at most `reach` (and a tenth) wide and high.

    They are in the order of their distance from `home`.
    """
    counts = [max(1, math.ceil(length / reach - 0.1)) for length in frame_wh]
    xs, ys = ([(i + 0.5) * length / n for i in range(n)] for n, length in zip(counts, frame_wh, strict=True))
    return sorted(itertools.product(xs, ys), key=lambda place: math.dist(place, home))


@dataclass(frozen=True, eq=False)
class Sought:
    """What a frame showed of a lost target: where it is back, if it is, and the best view."""

    back: Find | None
    best: int


def seek(
    watch: Watch,
    search: Search,
    target: Target,
    views: Sequence[View],
    maps: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
    settings: TrackingConfig,
    look: Callable[[Point, float], Look],
    taken: Callable[[Find], bool] = lambda find: False,
) -> Sought:
    """Go through the views of a frame.

    The target is back where a find is like it, where it can be by now, is none of the things that are known beside it,
    and either leaves no doubt or confirms the last frame's find. What cannot be it is one more known thing.

    Args:
        settings: those to decode with: no window around the last place.
        look: gives the look of what is at a place, at the target's size times a factor.
        taken: whether a find is another target that is followed.
    """
    recovery, others = watch.settings, watch.others
    finds = finds_in(target, views, maps, settings)
    best = views.index(finds[0].view) if finds else 0
    looks = 0
    candidates: list[Candidate] = []
    for other, each in [pair for pair in _claimed(others, finds, search) if not taken(pair[1])]:
        reached = search.may_be(each.place)
        if other is not None and not reached:
            other.unsure = False
        if each.box.score < recovery.back_score or looks == LOOKS or (other and not other.wants_look()):
            continue
        if other is None and not reached and not search.is_new(each.place):
            others.add(each.place)
            continue
        looks += 1
        if other is not None:
            other.looked = others.frame
        factor = growth(each, target)
        seen = look(each.place, factor)
        likeness = watch.emerging_likeness(seen)
        if other is None or other.unlike:
            if likeness < _wanted(other, recovery, reached):
                (other or others.add(each.place)).refuse(likeness)
                if likeness >= recovery.back_likeness - NEARLY:
                    candidates.append(Candidate(each.place, factor, likeness, False))
                continue
        elif not reached or other.is_still(watch.appearance.unit(seen), watch.appearance.alike(seen)):
            continue
        if likeness < recovery.back_likeness:
            continue
        plain = min(likeness, each.box.score) >= recovery.plain_likeness and not each.is_rough
        if plain or search.expects(each.place):
            watch.found(seen)
            return Sought(each, best)
        candidates.append(Candidate(each.place, factor, likeness, True))
    search.found = max(candidates, key=lambda c: (c.likely, c.likeness), default=None)
    return Sought(None, best)


def _claimed(others: Others, finds: Sequence[Find], search: Search) -> list[tuple[Other | None, Find]]:
    """The finds of a frame, and which known things they are: new ones first, then those not looked at for longest."""
    others.next_frame()
    if search.away > search.settings.forget:
        others.known.clear()
    free, claimed = others.claim(finds, search.size)
    return [*((None, find) for find in free), *sorted(claimed, key=lambda pair: pair[0].looked)]


def _wanted(other: Other | None, recovery: RecoveryConfig, reached: bool) -> float:
    """Likeness with which a find is the target: all the more, the more often it was not enough, or where it is far."""
    if not reached:
        return recovery.plain_likeness
    if other is None or other.unlike <= OFTEN:
        return recovery.back_likeness
    return min(max(other.usual + RISE, recovery.back_likeness), recovery.plain_likeness)


def growth(find: Find, target: Target) -> float:
    """How much larger a find is than the target was, as a factor on its sides; at most by half, or two thirds of it."""
    ratio = math.sqrt(find.box.w * find.box.h / (target.size[0] * target.size[1]))
    return min(max(ratio, 1 / 1.5), 1.5)
