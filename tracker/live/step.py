"""One frame after tracking: what sinks, windows and pages show and keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.drawing.draw import annotate, annotate_all
from tracker.live.targets import TargetInfo
from tracker.tracking.result import Result

ONLY = TargetInfo(1)


@dataclass(frozen=True, eq=False)
class Step:
    """One frame after tracking.

    `index` counts from 0 in the source; `image` is as the source gave it (the last readable one where this frame is
    not `readable`). `results` and `targets` are by id. `given`: targets whose box is the user's, not the tracker's;
    `tracked` is then what the tracker said, where it was following. `away`: targets that are not there by the user's
    word. A `status` such as "reconnecting, 3 s" is news of the source and no frame: it has no rows.
    """

    index: int
    image: NDArray[Any]
    results: Mapping[int, Result]
    targets: Mapping[int, TargetInfo] = field(default_factory=lambda: {ONLY.id: ONLY})
    readable: bool = True
    given: frozenset[int] = frozenset()
    tracked: Mapping[int, Box] = field(default_factory=dict)
    away: frozenset[int] = frozenset()
    status: str = ""

    @property
    def result(self) -> Result:
        """The result of the only target, or of the first one. KeyError where there is none."""
        return self.results[min(self.results)]

    @property
    def named(self) -> dict[str, Result]:
        """The results by the targets' names, `target 2` where one has none. Of two of one name the last is there."""
        return {self.targets[id].label: result for id, result in self.results.items()}

    @cached_property
    def drawn(self) -> NDArray[np.uint8]:
        """An 8-bit BGR copy with everything on it, made once for all that want it."""
        note = "" if self.readable else "unreadable frame"
        if set(self.targets) == {ONLY.id} and not self.targets[ONLY.id].name:
            return annotate(self.image, self.result, f"#{self.index}", note=note)
        marks = [(self.targets[id].label, self.targets[id].colour, result) for id, result in self.results.items()]
        return annotate_all(self.image, marks, corner=f"#{self.index} {note}".strip())
