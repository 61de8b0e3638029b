"""Boxes between two given ones, pulled onto the later one: the tracker's drift is known there, and taken back."""

from __future__ import annotations

import math
from dataclasses import replace
from types import TracebackType

import numpy as np

from tracker.box import Box
from tracker.live.sinks.base import Sink
from tracker.live.step import ONLY, Step
from tracker.tracking.result import Result

NOTHING = np.zeros((1, 1, 3), np.uint8)


class Pulled(Sink):
    """For the only target of a run: holds the rows of another sink back until the next given box.

    The tracker's own box is compared with it there: the difference of centres, and the ratio of sizes, is taken to have
    grown evenly since the last given box, and is taken out of the rows in between. Steps are handed on without their
    image.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._held: list[Step] = []
        self._since = 0  # frame of the last given box

    def write(self, step: Step) -> None:
        """Take one frame; `step.tracked` says that its box was given, and what the tracker had said."""
        if ONLY.id in step.tracked:
            span = step.index - self._since
            self._held = [
                replace(held, results={ONLY.id: _moved(held.result, step, (held.index - self._since) / span)})
                for held in self._held
            ]
        if step.given:
            self._since = step.index
            self._release()
        self._held.append(replace(step, image=NOTHING))

    def _release(self) -> None:
        for held in self._held:
            self.sink.write(held)
        self._held = []

    def __enter__(self) -> Pulled:
        self.sink.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._release()
        finally:
            self.sink.__exit__(kind, error, trace)


def _moved(result: Result, step: Step, share: float) -> Result:
    """A result with this share of the drift that was found at `step` taken back."""
    right, wrong, box = step.result.box, step.tracked[ONLY.id], result.box
    x, y = (c + share * (r - w) for c, r, w in zip(box.centre, right.centre, wrong.centre, strict=True))
    w, h = (
        s * math.exp(share * math.log(r / t))
        for s, r, t in zip((box.w, box.h), (right.w, right.h), (wrong.w, wrong.h), strict=True)
    )
    return replace(result, box=Box.from_centre(x, y, w, h))
