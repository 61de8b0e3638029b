"""How much a source holds, and how much of it is left out, for a line at the start of training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.data.choice import clip_of
from tracker.data.left_out import LeftOut
from tracker.data.tracks import Tracks


@dataclass(frozen=True)
class Counts:
    """Clips (a still is one), frames and boxes that are used, boxes left out by reason, and how many clips are damaged.

    `str()` says so in one line.
    """

    name: str
    layout: str
    clips: int
    frames: int
    boxes: int
    left: LeftOut

    @property
    def left_out(self) -> dict[str, int]:
        """Boxes left out by reason."""
        return self.left.total()

    @property
    def damaged(self) -> int:
        """Clips that are damaged: they, or their damaged frames, are left out."""
        return len(self.left.damaged)

    def __str__(self) -> str:
        used = f"{self.name} ({self.layout}): {self.clips} clips, {self.frames} frames, {self.boxes} boxes"
        return "; ".join([used, *([f"left out: {self.left}"] if str(self.left) else []), *self.left.notes])


def count(name: str, layout: str, tracks: Tracks, left: LeftOut) -> Counts:
    """Count what tracks hold. A frame in which a clip has several objects is one frame."""
    codes: dict[str, int] = {}
    clips = np.array([codes.setdefault(clip_of(track), len(codes)) for track in tracks.names], np.int64)
    lengths = tracks.lengths
    boxes = int(lengths.sum())
    shared = np.flatnonzero(np.bincount(clips, minlength=len(codes))[clips] > 1)  # of clips with several objects
    some = tracks.take(shared)
    numbers = some.numbers()
    pairs = np.stack([np.repeat(clips[shared], lengths[shared]), numbers], axis=1)
    frames = boxes - len(numbers) + len(np.unique(pairs, axis=0))
    return Counts(name, layout, len(codes), frames, boxes, left)
