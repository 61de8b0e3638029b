"""Follows any number of targets through a video on one network: the crops of a frame go through it together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.tracking.crop import Frame, frame_size
from tracker.tracking.decode import Prediction
from tracker.tracking.result import Result
from tracker.tracking.siamese_tracker import Tracker
from tracker.tracking.target import Target, View, box_of, find, look, move, template_crop

CEILING = 2.5  # logit; chosen on held-out clips, where narrow and whole views then follow equally well
WHOLE_EVERY = 16  # frames; a calm target is searched in a whole crop this often

Maps = NDArray[np.float32]


@dataclass
class Followed:
    """A target among others, and what the last frame showed of it.

    `calm`: it was surely found, near the middle of its view. `peak` is the highest logit of its last whole view;
    `offset` what is added to the logits of narrow ones, None where it is not known yet.
    """

    target: Target
    view: View | None = None
    cls: Maps | None = None
    calm: bool = False
    peak: float = 0.0
    offset: float | None = None

    def level(self, cls: Maps, narrow: bool) -> Maps:
        """Logits 2,S,S of a view as a whole view would have them.

        Normalisation over the map and attention make the scores of a narrow view lower by much the same everywhere.
        By how much shows in the first narrow view after a whole one, in which the target hardly looks different.
        """
        peak = float(np.max(cls[1] - cls[0]))
        if not narrow:
            self.peak, self.offset = peak, None
            return cls
        if self.offset is None:
            self.offset = max(min(self.peak, CEILING) - peak, 0.0) if np.isfinite(peak) else 0.0
        return np.stack((cls[0], cls[1] + np.float32(self.offset)))


class MultiTracker:
    """`add` a target on any frame, then `update(frame)` for every further frame; one network serves all targets.

    Args:
        tracker: a loaded tracker, whose network, settings and device are used. It can be used for itself meanwhile.
    """

    def __init__(self, tracker: Tracker) -> None:
        self.settings = tracker.config.tracking
        self.runtime = tracker.runtime
        self._targets: dict[int, Followed] = {}
        self._last_id = 0
        self._frame_wh: tuple[int, int] | None = None
        self._updates = 0

    @property
    def ids(self) -> tuple[int, ...]:
        """The targets that are followed, in the order in which they were added."""
        return tuple(self._targets)

    def add(self, frame: Frame, box: Box) -> int:
        """Follow one more target: `box` in `frame`. Returns its id: 1, 2, ..., never used again.

        Raises ValueError that names the field: an unusable frame, or a box that is empty, not finite or outside.
        """
        target = self._begin(frame, box)
        self._last_id += 1
        self._targets[self._last_id] = target
        return self._last_id

    def redraw(self, id: int, frame: Frame, box: Box) -> None:
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
        results: dict[int, Result] = {}
        by_size: dict[int, list[int]] = defaultdict(list)
        for id, followed in self._targets.items():
            followed.view = look(frame, followed.target, self.settings, self._size(id, followed))
            by_size[len(followed.view.pixels)].append(id)
        for ids in by_size.values():
            views = [self._view(id) for id in ids]
            embeddings = [self._targets[id].target.embedding for id in ids]
            for id, maps in zip(ids, self.runtime.match_many(embeddings, [v.pixels for v in views]), strict=True):
                results[id] = self._conclude(self._targets[id], *maps, frame_wh)
        return {id: results[id] for id in self._targets}

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

    def _begin(self, frame: Frame, box: Box) -> Followed:
        template, fill = template_crop(frame, box, self.settings)
        self._frame_wh = self._frame_wh or frame_size(frame)
        return Followed(Target(box.pixel_centre, (box.w, box.h), self.runtime.embed(template), fill))

    def _known(self, id: int) -> None:
        if id not in self._targets:
            raise KeyError(f"target {id}: there is none (known: {', '.join(map(str, self._targets)) or 'none'})")

    def _view(self, id: int) -> View:
        view = self._targets[id].view
        assert view is not None
        return view

    def _size(self, id: int, followed: Followed) -> int:
        """Side of the search crop: narrower for targets that are surely where they were, where several are followed."""
        whole, narrow = self.settings.instance_size, self.settings.calm_size
        turn = (self._updates + 2 * id) % WHOLE_EVERY == 0
        return narrow if followed.calm and not turn and len(self._targets) > 1 and narrow < whole else whole

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

    def _conclude(self, followed: Followed, cls: Maps, loc: Maps, frame_wh: tuple[int, int]) -> Result:
        target, view, settings = followed.target, followed.view, self.settings
        assert view is not None
        cls = followed.level(cls, len(view.pixels) < settings.instance_size)
        found = find(target, view, cls, loc, settings)
        if found is not None:
            move(target, found, view.origin, settings.lr, frame_wh)
        followed.cls = cls
        score = 0.0 if found is None else found.score
        target.lost = found is None or score < settings.lost_threshold
        followed.calm = found is not None and score >= settings.calm_score and _is_calm(found, view, settings.calm_size)
        return Result(box_of(target, settings), score, target.lost)


def _is_calm(found: Prediction, view: View, size: int) -> bool:
    """Whether a target that goes on as it did would stay well inside a crop of `size` pixels."""
    reach = (size - 63) / 2 - 8  # of the points of its map from the middle, crop pixels
    return max(abs(found.dx), abs(found.dy)) * view.scale <= 0.4 * reach
