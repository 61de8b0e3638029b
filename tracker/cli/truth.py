"""What `siamsa track` reads from box files: corrections of single frames, and boxes to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np

from tracker.box import Box, iou
from tracker.errors import InputError
from tracker.formats.targets import endings_alone, read_boxes
from tracker.live.sinks import Sink
from tracker.live.step import Step

NUMBERED, ENDINGS = endings_alone(numbered=True), endings_alone()


def read_marks(path: str | Path, endings: tuple[str, ...] = ENDINGS) -> dict[int, Box | None]:
    """The boxes of a box file by frame, counted from 0; None where a row is `lost` or has no size.

    Raises InputError for another ending, a file that cannot be read, and one of several objects.
    """
    if not str(path).lower().endswith(endings):
        raise InputError(f"{path}: the name must end in {', '.join(sorted(endings))}")
    objects = read_boxes(Path(path))
    if len(objects) > 1:
        raise InputError(f"{path}: boxes of {len(objects)} objects; give a file with one")
    (thing,) = objects
    there = ~thing.lost & np.isfinite(thing.boxes).all(axis=1) & (thing.boxes[:, 2:] != 0).any(axis=1)
    boxes = [Box(*row) if seen else None for row, seen in zip(thing.boxes.tolist(), there, strict=True)]
    return dict(zip(thing.frames.tolist(), boxes, strict=True))


class Comparison(Sink):
    """Overlap with known boxes, on the frames that have one, but for the first, which was given."""

    def __init__(self, truth: Mapping[int, Box | None]) -> None:
        self.truth = truth
        self.overlaps: list[float] = []
        self._begun = False

    def write(self, step: Step) -> None:
        known = self.truth.get(step.index)
        if known is not None and self._begun:
            self.overlaps.append(float(iou(step.result.box.xywh, known.xywh)))
        self._begun = True

    def __str__(self) -> str:
        if not self.overlaps:
            return "no frame after the first has a known box to compare with"
        mean, low = np.mean(self.overlaps), min(self.overlaps)
        return f"mean overlap {mean:.3f} over {len(self.overlaps)} frames (lowest {low:.2f})"

    def __enter__(self) -> Comparison:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
