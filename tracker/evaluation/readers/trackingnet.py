"""TrackingNet layout (Mueller et al., ECCV 2018): `<set>/frames/<clip>/0.jpg`, `<set>/anno/<clip>.txt`, 0-based.

The annotations of the test set hold the first box only.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import read_boxes


@READERS.register("trackingnet")
class TrackingNet(Reader):
    """`root` is the folder of all sets, or of the one named by the benchmark's `folder`."""

    @cached_property
    def _place(self) -> Path:
        place = self.root / self.benchmark.folder
        return place if place.is_dir() else self.root

    def available(self) -> list[str]:
        found = sorted(path.stem for path in (self._place / "anno").glob("*.txt"))
        names, there = self.benchmark.sequences or found, set(found)
        frames = {name: (self._place / "frames" / name).is_dir() for name in there}
        return [name for name in names if name in there and (frames[name] or not self.images)]

    def read(self, name: str) -> Sequence:
        path, folder = self._place / "anno" / f"{name}.txt", self._place / "frames" / name
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        frames, truth = self.in_order(folder), read_boxes(path)
        return self.make(name, frames, truth, folder, given=len(truth) == 1 and len(frames) != 1)
