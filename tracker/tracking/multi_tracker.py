"""Follows any number of targets through a video on one network: the crops of a frame go through it together.

A target that is lost keeps its box, is looked for in a growing region, and comes back (`recovery.py`, `seeking.py`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracker.box import Box, BoxLike, iou
from tracker.tracking.crop import Frame, context_side, frame_size
from tracker.tracking.decode import Prediction
from tracker.tracking.followed import Followed, Maps
from tracker.tracking.looks import Looks
from tracker.tracking.others import FAINT, NEAR, Find, finds_beside
from tracker.tracking.recovery import Instead, Verdict, Watch
from tracker.tracking.result import Result
from tracker.tracking.seeking import Search, growth, seek
from tracker.tracking.shares import calm_size, is_whole_turn, lost_views
from tracker.tracking.siamese_tracker import Tracker
from tracker.tracking.target import Point, Target, View, box_of, find, grown, look, move, template_crop

TAKEN = 0.5  # overlap with another target from which a box is of that one


class MultiTracker:
    """`add` a target on any frame, then `update(frame)` for every further frame; one network serves all targets.

    Args:
        tracker: a loaded tracker, whose network, settings and device are used. It can be used for itself meanwhile.
        recover: whether targets are judged, and looked for where they are lost (`tracking.recovery`). Without it a
            target is followed as `Tracker` does: it always has a new box, however low the score.
    """

    def __init__(self, tracker: Tracker, recover: bool = True) -> None:
        self.settings = tracker.config.tracking
        self.recover = recover
        self._open = replace(self.settings, lost_window_influence=0.0)  # a lost target may be anywhere in a view
        self.runtime = tracker.runtime
        self._looks = Looks(tracker.runtime, self.settings)
        self._targets: dict[int, Followed] = {}
        self._last_id = 0
        self._frame_wh: tuple[int, int] | None = None
        self._updates = 0

    @property
    def ids(self) -> tuple[int, ...]:
        """The targets that are followed, in the order in which they were added."""
        return tuple(self._targets)

    def add(self, frame: Frame, box: BoxLike) -> int:
        """Follow one more target: `box`, x, y, w, h in pixels, in `frame`. Returns its id: 1, 2, ..., never used again.

        Raises InputError that names the field: an unusable frame, or a box that is empty, not finite or outside.
        """
        target = self._begin(frame, box)
        self._last_id += 1
        self._targets[self._last_id] = target
        return self._last_id

    def redraw(self, id: int, frame: Frame, box: BoxLike) -> None:
        """Start a target afresh from `box` in `frame`. Raises as `add` does, and KeyError for an unknown id."""
        self._known(id)
        self._targets[id] = self._begin(frame, box)

    def remove(self, id: int) -> None:
        """Follow a target no longer. Raises KeyError for an unknown id."""
        self._known(id)
        del self._targets[id]

    def update(self, frame: Frame) -> dict[int, Result]:
        """Find all targets in the next frame. Raises ValueError for an unusable frame."""
        frame_wh = frame_size(frame)
        self._follow_size(frame_wh)
        self._updates += 1
        by_size: dict[int, list[tuple[int, View]]] = defaultdict(list)
        for id, followed in self._targets.items():
            followed.views = self._views(frame, id, followed)
            for view in followed.views:
                by_size[len(view.pixels)].append((id, view))
        maps: dict[int, list[tuple[Maps, Maps]]] = defaultdict(list)
        for entries in by_size.values():
            embeddings = [self._targets[id].target.embedding for id, _ in entries]
            found = self.runtime.match_many(embeddings, [view.pixels for _, view in entries])
            for (id, _), each in zip(entries, found, strict=True):
                maps[id].append(each)
        return {id: self._conclude(frame, followed, maps[id]) for id, followed in self._targets.items()}

    def score_map(self, id: int) -> tuple[Maps, Box] | None:
        """A target's last scores S,S (0..1), and the square of the frame that their points span; None before `update`.

        Raises KeyError for an unknown id.
        """
        self._known(id)
        followed = self._targets[id]
        if followed.view is None or followed.cls is None:
            return None
        view, logits = followed.view, followed.cls
        side = logits.shape[-1] * self.settings.stride / view.scale
        scores = 1 / (1 + np.exp(np.clip(logits[0] - logits[1], -50, 50)))
        return scores.astype(np.float32), Box.from_centre(*view.origin, side, side)

    def _begin(self, frame: Frame, box: BoxLike) -> Followed:
        box = Box.of(box)
        template, fill = template_crop(frame, box, self.settings)
        self._frame_wh = self._frame_wh or frame_size(frame)
        target = Target(box.pixel_centre, (box.w, box.h), self.runtime.embed(template), fill)
        if not self.recover:
            return Followed(target)
        return Followed(
            target, Watch(self.settings.recovery, self._looks.appearance(frame, target, template), target.size)
        )

    def _known(self, id: int) -> None:
        if id not in self._targets:
            raise KeyError(f"target {id}: there is none (known: {', '.join(map(str, self._targets)) or 'none'})")

    def _views(self, frame: Frame, id: int, followed: Followed) -> list[View]:
        """What of the frame the network gets for a target."""
        if followed.search is None:
            return [look(frame, followed.target, self.settings, self._size(id, followed))]
        assert followed.watch is not None
        search, others = followed.search, followed.watch.others
        lost = [each for each, other in self._targets.items() if other.search is not None]
        views = self.settings.recovery.views
        views = lost_views(views, len(self._targets), len(lost), lost.index(id), self._updates)
        if search.found is None and not views:
            search.wait()
            others.next_frame()
            return []
        places = search.places(max(1, views), others.unseen(3, 12))
        return [look(frame, grown(followed.target, factor), self.settings, centre=place) for place, factor in places]

    def _size(self, id: int, followed: Followed) -> int:
        """Side of the search crop: narrower for targets that are surely where they were, where many are followed."""
        narrow = followed.calm and not is_whole_turn(self._updates, id)
        return calm_size(self.settings, len(self._targets)) if narrow else self.settings.instance_size

    def _follow_size(self, frame_wh: tuple[int, int]) -> None:
        """Where the frames change their size, as streams do, the targets keep their place in the picture."""
        last, self._frame_wh = self._frame_wh, frame_wh
        if last is None or last == frame_wh:
            return
        x, y = frame_wh[0] / last[0], frame_wh[1] / last[1]
        for followed in self._targets.values():
            target = followed.target
            target.centre = target.centre[0] * x, target.centre[1] * y
            target.size = target.size[0] * x, target.size[1] * y
            if followed.watch is not None:
                followed.watch.size = followed.watch.size[0] * x, followed.watch.size[1] * y
                followed.watch.others.known.clear()
                followed.view = followed.cls = None
                followed.search = followed.search and self._search(target, followed.watch.velocity, frame_wh)

    def _conclude(self, frame: Frame, followed: Followed, maps: Sequence[tuple[Maps, Maps]]) -> Result:
        """Believe what was found, or not."""
        if followed.search is not None:
            return self._seek(frame, followed, followed.search, maps)
        target, view, settings, (cls, loc) = followed.target, followed.views[0], self.settings, maps[0]
        followed.view, followed.cls = view, followed.level(cls, len(view.pixels), settings.instance_size)
        found = find(target, view, followed.cls, loc, settings)
        score = 0.0 if found is None else found.score
        verdict = self._judge(frame, followed, view, found)
        if found is not None and followed.watch is not None and followed.watch.mistaken is not None:
            there = self._exchange(frame, followed, followed.watch.mistaken, verdict, found, loc)
            if there is not None:
                return Result(box_of(target, settings), there.box.score, False, True)
        if found is not None and verdict in (Verdict.SURE, Verdict.DOUBTFUL):
            move(target, found, view.origin, settings.lr, frame_size(frame))
        target.lost = found is None or score < settings.lost_threshold
        sure = verdict is Verdict.SURE and found is not None and score >= settings.calm_score
        followed.calm = sure and found is not None and view.is_middle(found, calm_size(settings, len(self._targets)))
        if followed.watch is None:
            return Result(box_of(target, settings), score, target.lost)
        if verdict is Verdict.SURE and found is not None:
            self._note_others(followed, view, found, loc)
        if verdict is Verdict.SURE:
            at = lambda place: self._looks.at(frame, target, place)  # noqa: E731
            other = followed.watch.meet(target.centre, _mean(target.size), at)
            if other is not None:
                place, other.place = other.place, target.centre
                followed.exchange(place, other, frame_size(frame))
                return Result(box_of(target, settings), score, False, True)
        if verdict is Verdict.LOST:
            target.size = followed.watch.size
            followed.watch.others.lost(target.centre, _mean(target.size))
            followed.search = self._search(target, followed.watch.velocity, frame_size(frame))
            score = 0.0  # of another thing
        return Result(box_of(target, settings), score, verdict is Verdict.LOST, verdict is not Verdict.SURE)

    def _judge(self, frame: Frame, followed: Followed, view: View, found: Prediction | None) -> Verdict:
        if followed.watch is None:
            return Verdict.SURE
        if found is None:
            return Verdict.LOST
        target, step = followed.target, (found.dx * view.scale, found.dy * view.scale)
        place, others = view.place(found), followed.watch.others
        box = Box.from_centre(*place, *target.size)
        far = lambda there: math.dist(place, there) > NEAR * _mean(target.size)  # noqa: E731
        return followed.watch.judge(
            found.score,
            step,
            target.size,
            lambda: self._looks.at(frame, target, place),
            lambda: others.any_at(place, _mean(target.size)) or self._is_taken(followed, box),
            _at_edge(box, frame_size(frame)),
            lambda there: self._looks.at(frame, target, there) if far(there) else None,
        )

    def _is_taken(self, followed: Followed, box: Box) -> bool:
        """Whether another target is surely followed in this place."""
        rest = [each for each in self._targets.values() if each is not followed and each.is_sure]
        there = [Box.from_centre(*each.target.centre, *each.target.size).xywh for each in rest]
        return bool(there) and bool(np.max(iou(box.xywh, there)) > TAKEN)

    def _note_others(self, followed: Followed, view: View, found: Prediction, loc: Maps) -> None:
        """Keep in mind what is seen beside a target and could be taken for it."""
        watch, cls = followed.watch, followed.cls
        assert watch is not None and cls is not None
        watch.others.next_frame()
        finds = finds_beside(followed.target, view, (cls, loc), found, self._open)
        free, claimed = watch.others.claim(finds, _mean(followed.target.size))
        for other, _ in claimed:
            other.unsure = False  # the target is elsewhere
        for each in free:
            watch.others.add(each.place)

    def _exchange(
        self, frame: Frame, followed: Followed, instead: Instead, verdict: Verdict, found: Prediction, loc: Maps
    ) -> Find | None:
        """What was followed is something else, perhaps: go on with the find beside it that is the target.

        None where there is none.
        """
        target, watch, view, cls = followed.target, followed.watch, followed.views[0], followed.cls
        assert watch is not None and cls is not None
        anywhere = replace(target, lost=True)
        finds = finds_beside(anywhere, view, (cls, loc), found, self._open, FAINT)
        other, size = instead.thing, _mean(target.size)
        if not instead.known:
            finds = [each for each in finds if not watch.others.any_at(each.place, size)]
        there = watch.rather(instead, finds, lambda place: self._looks.at(frame, target, place))
        if there is not None or verdict is Verdict.LOST:
            other.place, other.seen = view.place(found), watch.others.frame
        if there is not None:
            if not instead.known:
                watch.others.known.append(other)
            followed.exchange(there.place, other, frame_size(frame))
        return there

    def _search(self, target: Target, velocity: Point, frame_wh: tuple[int, int]) -> Search:
        scale = self.settings.exemplar_size / context_side(*target.size, self.settings.context_amount)
        reach = max(16, self.settings.instance_size - 63 - 16)  # what the points of a view span, less a little overlap
        return Search(target.centre, reach / scale, _mean(target.size), velocity, frame_wh, self.settings.recovery)

    def _seek(self, frame: Frame, followed: Followed, search: Search, maps: Sequence[tuple[Maps, Maps]]) -> Result:
        """Look for a lost target in its views."""
        target, watch = followed.target, followed.watch
        assert watch is not None
        if not maps:
            return Result(box_of(target, self.settings), 0.0, True)
        sought = seek(
            watch,
            search,
            target,
            followed.views,
            maps,
            self._open,
            lambda place, factor: self._looks.at(frame, grown(target, factor), place),
            lambda find: self._is_taken(followed, Box.from_centre(*find.place, find.box.w, find.box.h)),
        )
        followed.view, followed.cls = followed.views[sought.best], maps[sought.best][0]
        if sought.back is None:
            return Result(box_of(target, self.settings), 0.0, True)
        box, view = sought.back.box, sought.back.view
        target.size = grown(target, growth(sought.back, target)).size
        move(target, box, view.origin, self.settings.lr, frame_size(frame))
        followed.search, target.lost = None, False
        watch.again()
        return Result(box_of(target, self.settings), box.score, False, True)


def _at_edge(box: Box, frame_wh: tuple[int, int]) -> bool:
    return min(box.x, box.y, frame_wh[0] - box.x - box.w, frame_wh[1] - box.y - box.h) < 1


def _mean(size: Point) -> float:
    return math.sqrt(size[0] * size[1])
