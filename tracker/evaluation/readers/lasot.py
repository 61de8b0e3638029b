"""LaSOT layout (Fan et al., CVPR 2019): `<class>/<class>-1/img/00000001.jpg`, `groundtruth.txt`, 1-based.

A flat folder of `<class>-1` works as well. Frames in `full_occlusion.txt` or `out_of_view.txt` have no visible target.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader, absent, rows_or_fail
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key, read_boxes, read_rows


@READERS.register("lasot")
class Lasot(Reader):
    """Lost frames count as LaSOT counts them: the ground truth of a frame without visible target is invalid."""

    @cached_property
    def folders(self) -> dict[str, Path]:
        found = [*self.root.glob("*/groundtruth.txt"), *self.root.glob("*/*/groundtruth.txt")]
        return {key(path.parent.name): path.parent for path in sorted(found)}

    def available(self) -> list[str]:
        listing = self.root / "testing_set.txt"  # of the whole dataset, the part that is the benchmark
        names = list(self.benchmark.sequences)
        if not names and listing.is_file():
            names = listing.read_text(encoding="utf-8").split()
        names = names or [folder.name for folder in self.folders.values()]
        return [name for name in names if key(name) in self.folders]

    def read(self, name: str) -> Sequence:
        folder = self.folders.get(key(name))
        if folder is None:
            raise InputError(f"{self.root}: sequence {name} is not there")
        truth = read_boxes(folder / "groundtruth.txt")
        for label in ("full_occlusion.txt", "out_of_view.txt"):
            path = folder / label
            if path.is_file():
                values = np.array([value for row in read_rows(path) for value in row])  # all on one line
                hidden = rows_or_fail(values, len(truth), path) == 1
                hidden[0] = False
                truth = absent(truth, hidden)
        return self.make(name, self.in_order(folder / "img"), truth, folder)
