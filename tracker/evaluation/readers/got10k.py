"""GOT-10k layout (Huang et al., TPAMI 2021): `<set>/<clip>/00000001.jpg`, `groundtruth.txt` (0-based), `cover.label`.

In the test set `groundtruth.txt` holds the first box only. Frames whose cover is 0 have no visible target.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader, absent, folders_in, rows_or_fail
from tracker.evaluation.sequence import Floats, Sequence
from tracker.evaluation.text import key, read_boxes, read_rows

COVER = (("cover.label", 0),)  # what GOT-10k's own evaluation goes by
LABELS = (*COVER, ("absence.label", 1))


@READERS.register("got10k")
class Got10k(Reader):
    """`root` is the folder of all sets, or of the one set named by the benchmark's `folder`."""

    @cached_property
    def folders(self) -> dict[str, Path]:
        place = self.root / self.benchmark.folder
        return folders_in(place if place.is_dir() else self.root)

    def available(self) -> list[str]:
        names = self.benchmark.sequences or [folder.name for folder in self.folders.values()]
        return [name for name in names if self._truth(name) is not None]

    def read(self, name: str) -> Sequence:
        path = self._truth(name)
        if path is None:
            raise InputError(f"{self.root}: sequence {name} is not there")
        frames, truth = self.in_order(path.parent), read_boxes(path)
        if len(truth) == 1 and len(frames) != 1:
            return self.make(name, frames, truth, path.parent, given=True)
        if self.images:
            rows_or_fail(truth, len(frames), path)
        truth = hide(truth, path.parent, COVER)
        return self.make(name, frames, truth, path.parent)

    def _truth(self, name: str) -> Path | None:
        folder = self.folders.get(key(name))
        return folder / "groundtruth.txt" if folder and (folder / "groundtruth.txt").is_file() else None


def hide(truth: Floats, folder: Path, labels: tuple[tuple[str, int], ...] = LABELS) -> Floats:
    """Ground truth with NaN where a label has the value that means hidden; the first frame is given as it is."""
    for name, gone in labels:
        path = folder / name
        if path.is_file():
            values = np.array([row[0] if row else np.nan for row in read_rows(path)])
            hidden = rows_or_fail(values, len(truth), path) == gone
            hidden[0] = False
            truth = absent(truth, hidden)
    return truth
