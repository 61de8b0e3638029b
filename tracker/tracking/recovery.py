"""Whether a target is still where it is followed: how much what is found there is like it (docs/recovery.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from tracker.settings import RecoveryConfig
from tracker.tracking.appearance import POWER, Appearance, Look
from tracker.tracking.others import EMERGED, INSTEAD, Find, Other, Others
from tracker.tracking.target import Point

LEARNING = 0.2  # weight of the last check in the running mean
MET_EVERY = 2  # frames between two checks of a target that met another thing
NEARLY = 0.1  # by so much less likeness than `back_likeness`, what is beside the other thing is the target
PARTLY = 0.95  # what the likeness of half of the colours counts
EDGE_EVERY = 4  # frames between two checks of a target at the frame's edge, at most
UNCOVERED = 0.85  # part of the first colours; what has less of them may be what comes before the target ...
SHRUNK = 0.15  # ... as what is so much smaller, as the logarithm of the area, than it was lately
STRANGE = 0.75  # first colours; what has less of them may be something that the box slid onto ...
BETTER = 0.2  # ... if there is something beside it that is so much more like the first look
TURNED = 0.1  # change of a box's shape, as the logarithm of w / h, after which it is looked at again: the target turns
SIZE = 63.5  # crop pixels of a square target's side: half a template


class Verdict(Enum):
    """What to make of a found box."""

    SURE = 0
    DOUBTFUL = 1  # it is believed, with reserve
    REFUSED = 2  # not believed, but once may be chance
    LOST = 3


@dataclass(frozen=True, eq=False)
class Instead:
    """What may be followed instead of the target: a thing that is `known`, or else what the box slid onto.

    Something beside it is the target if it is like that by `least`.
    """

    thing: Other
    known: bool = True
    least: float = -1.0


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
    mistaken: Instead | None = None  # what the last box may be
    refused: int = 0
    odd: int = 0  # looks in a row that were not like the target, refused or not
    unchecked: int = 0
    level: float = 0.9  # how much the target is like itself: the running mean of its checks
    hue: float = 0.98  # the same for its colours
    pause: int = 1  # frames between two checks of a sure target; doubles up to `check_every`
    shape: float = field(init=False)  # log(w / h) of the target when it was looked at last
    area: float = field(init=False)  # log(w h), the running mean of its checks
    last: Point = (0.0, 0.0)
    velocity: Point = (0.0, 0.0)  # running mean, sizes of the target per frame

    def __post_init__(self) -> None:
        self.others = Others(self.settings.forget)
        self.shape = math.log(self.size[0] / self.size[1])
        self.area = math.log(self.size[0] * self.size[1])

    def judge(
        self,
        score: float,
        step: Point,
        size: Point,
        look: Callable[[], Look],
        taken: Callable[[], bool] = lambda: False,
        at_edge: bool = False,
        beside: Callable[[Point], Look | None] = lambda place: None,
    ) -> Verdict:
        """Verdict on a box of this score.

        Args:
            score: 0..1.
            step: from the last centre to this one, search-crop pixels.
            size: of the target until now, frame pixels.
            look: gives the look of what is in the box; only asked where there is doubt, or now and then.
            taken: whether something else was known to be there; only asked after a sudden step.
            at_edge: whether the found box touches the frame's edge, where targets leave and others take their place.
            beside: gives the look of what is in another place, frame pixels; None where that is in the found box.
        """
        settings = self.settings
        jump = math.dist(step, self.last)
        self.unchecked += 1
        self.mistaken = None
        pause = MET_EVERY if self.others.meeting else EDGE_EVERY if at_edge else settings.check_every
        shape = math.log(size[0] / size[1])
        turns = abs(shape - self.shape) > TURNED
        due = turns or self.unchecked >= min(self.pause, pause)
        if score >= settings.sure_score and jump < settings.jump and not due and not self.refused:
            self._step(step)
            return Verdict.SURE
        seen = look()
        self.unchecked, self.shape = 0, shape
        likeness, strict = self.likeness(seen), self.strict_likeness(seen)
        if jump < settings.jump:
            unlike, off = likeness < settings.doubt_likeness, strict < settings.doubt_colours
            refused = unlike or off
            self.odd = self.odd + 1 if refused else 0
            if score >= settings.sure_score and not self.refused and not (unlike and off):
                refused &= self.odd >= settings.long_patience
        else:  # beyond twice of it, or where something else was, that is something else, however alike
            refused = likeness < settings.plain_likeness or strict < settings.back_likeness
            refused = refused or jump >= 2 * settings.jump or taken()
        self.mistaken = self._instead(seen, beside)
        refused |= self.mistaken is not None and self.mistaken.known
        if refused:
            gone = score < settings.gone_score or likeness < settings.gone_likeness
            self.refused += 1
            self.pause = 1
            return Verdict.LOST if gone or self.refused >= settings.patience else Verdict.REFUSED
        self.refused = 0
        self._step(step)
        if score >= settings.sure_score and likeness >= settings.back_likeness and not self.odd:
            self._sure(seen, likeness, strict, size, at_edge)
            often = turns or likeness < settings.learn_likeness  # it changes
            self.pause = 2 if often else min(2 * self.pause, settings.check_every)
            return Verdict.SURE
        self.pause = 1  # something may have come before it, which the next boxes are of
        return Verdict.DOUBTFUL

    def _step(self, step: Point) -> None:
        self.last = step
        x, y = (v + LEARNING * (s / SIZE - v) for v, s in zip(self.velocity, step, strict=True))
        self.velocity = x, y

    def likeness(self, look: Look) -> float:
        """How much something is like the target, as part of how much the target usually is."""
        return self.appearance.similarity(look) / self.level

    def strict_likeness(self, look: Look) -> float:
        """The same for something that may be another one of the kind: its colours must be the target's, too."""
        return self.likeness(look) * min(1.0, self.appearance.same_colours(look) / self.hue) ** POWER

    def emerging_likeness(self, look: Look) -> float:
        """The same for something of which half may still be hidden."""
        same = max(self.appearance.same_colours(look), PARTLY * self.appearance.same_half(look))
        return self.appearance.turned_similarity(look) / self.level * min(1.0, same / self.hue) ** POWER

    def _sure(self, look: Look, likeness: float, strict: float, size: Point, at_edge: bool) -> None:
        if self.others.meeting:  # which of the two it is will show
            return
        self.size = size
        self.level += LEARNING * (likeness - 1) * self.level
        self.hue += LEARNING * (self.appearance.same_colours(look) - self.hue)
        larger = math.log(size[0] * size[1]) - self.area
        self.area += LEARNING * larger
        whole = larger > -SHRUNK and not at_edge and self.appearance.first_colours(look) >= UNCOVERED * self.hue
        if likeness >= self.settings.learn_likeness and strict >= self.settings.back_likeness and whole:
            self.appearance.learn(look)

    def meet(self, place: Point, size: float, look: Callable[[Point], Look]) -> Other | None:
        """Remember the looks of things that come near the target, which is followed at `place`.

        Returns the one that is the target, where it came out from what is followed instead.

        Args:
            place, size: of the target, `sqrt(w h)`; frame pixels.
            look: gives the look of what is at a place.
        """
        for other, far in self.others.coming(place, size):
            seen = look(other.place)
            if far < EMERGED and not other.looks and self.strict_likeness(seen) >= self.settings.back_likeness:
                own = look(place)
                if self.appearance.alike(seen) > self.appearance.alike(own) + INSTEAD:
                    self.others.remember(other, self.appearance.unit(own))
                    return other
            self.others.remember(other, self.appearance.unit(seen))
        return None

    def _instead(self, seen: Look, beside: Callable[[Point], Look | None]) -> Instead | None:
        """What is seen rather than the target: a known thing that is not beside it, or one of quite other colours."""
        likeness, unit = self.appearance.alike(seen), self.appearance.unit(seen)
        other = self.others.most_alike(unit)
        if other is not None and other.alike(unit) > likeness + INSTEAD:
            its = beside(other.place) if other.seen == self.others.frame else None
            stays = -math.inf if its is None else likeness + other.alike(self.appearance.unit(its))
            if its is None or other.alike(unit) + self.appearance.alike(its) > stays + INSTEAD:
                return Instead(other)
        if self.appearance.first_colours(seen) >= STRANGE:
            return None
        thing = Other((math.nan, math.nan), self.others.frame)
        self.others.remember(thing, unit)
        return Instead(thing, known=False, least=self.appearance.first_alike(seen) + BETTER)

    def rather(self, instead: Instead, finds: Sequence[Find], look: Callable[[Point], Look]) -> Find | None:
        """The find that is most like the target, and more so than like what was followed instead.

        Where that was not known, the target may have been learnt from it: the first look alone counts then.
        """
        alike = self.appearance.alike if instead.known else self.appearance.first_alike
        best: tuple[float, Find | None] = instead.least, None
        for each in finds:
            seen = look(each.place)
            likeness = alike(seen)
            like = self.strict_likeness(seen) >= self.settings.back_likeness - NEARLY
            if like and likeness > max(instead.thing.alike(self.appearance.unit(seen)) + INSTEAD, best[0]):
                best = likeness, each
        return best[1]

    def found(self, look: Look) -> None:
        """What looks so is the target that was lost: if it has turned meanwhile, that is remembered."""
        turned = self.appearance.turned_similarity(look) / self.level
        if self.likeness(look) < min(turned, self.settings.learn_likeness):
            self.appearance.learn(look)

    def again(self) -> None:
        """The target is followed again."""
        self.refused, self.odd, self.unchecked, self.pause, self.last = 0, 0, 0, 1, (0.0, 0.0)
