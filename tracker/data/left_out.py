"""What a data set holds that is not trained on, and why: boxes by reason, damaged clips, clips that are for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class LeftOut:
    """What is not used.

    `boxes` are counts by reason and clip, `damaged` is the first fault of each clip that is left out, or of whose
    frames some are, `apart` are clips that were not read since they are not to be trained on, `notes` say why.
    """

    boxes: dict[str, Counter[str]] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    apart: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, reason: str, clip: str, count: int) -> None:
        """Count boxes of a clip; 0 are no entry."""
        if count:
            self.boxes.setdefault(reason, Counter())[clip] += count

    def total(self) -> dict[str, int]:
        """How many boxes for which reason."""
        return {reason: sum(counts.values()) for reason, counts in self.boxes.items()}

    def clips(self) -> set[str]:
        """Names of all clips that are mentioned."""
        return {*self.damaged, *self.apart}.union(*self.boxes.values())

    def of(self, wanted: Callable[[str], bool]) -> LeftOut:
        """The part that is about these clips."""
        boxes = {r: Counter({c: n for c, n in counts.items() if wanted(c)}) for r, counts in self.boxes.items()}
        damaged = {clip: text for clip, text in self.damaged.items() if wanted(clip)}
        return LeftOut({r: counts for r, counts in boxes.items() if counts}, damaged, self.apart, self.notes)

    def __str__(self) -> str:
        """How many boxes for which reason, and how many clips are damaged; empty where there is nothing to say."""
        parts = [f"{count} {reason}" for reason, count in sorted(self.total().items())]
        many = len(self.damaged) > 1
        clips = f"{len(self.damaged)} damaged clip{'s' * many} (or some of {'their' if many else 'its'} frames)"
        return ", ".join([*parts, clips] if self.damaged else parts)

    def first_damage(self) -> str:
        """How many clips are damaged, with what is wrong with the first; empty where none is."""
        count = len(self.damaged)
        return f"{count} damaged, such as {next(iter(self.damaged.values()))}" if count else ""
