"""VOT layout, 2013 to 2019 short-term: `<sequence>/groundtruth.txt` with boxes or polygons, 0-based.

Frames are `<sequence>/00000001.jpg` (to VOT2017) or `<sequence>/color/00000001.jpg` (from VOT2018 on).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key, read_boxes, read_rows

COLUMNS = (4, *range(6, 40, 2))
# VOT's visual attributes; `empty` are the frames that none of them holds for.
ATTRIBUTES = ("camera_motion", "illum_change", "motion_change", "occlusion", "size_change")
EMPTY = "empty"


@READERS.register("vot")
class Vot(Reader):
    """Attributes hold for frames: `<attribute>.tag` (`.label` to VOT2016) has a zero or one a frame.

    Frames beyond the end of such a file are zeros. A sequence has the attributes of any of its frames.
    """

    def available(self) -> list[str]:
        listing = self.root / "list.txt"
        names = list(self.benchmark.sequences)
        if not names and listing.is_file():
            names = listing.read_text(encoding="utf-8").split()
        names = names or [folder.name for folder in self.folders.values()]
        return [name for name in names if self._truth(name) is not None]

    def read(self, name: str) -> Sequence:
        path = self._truth(name)
        if path is None:
            raise InputError(f"{self.root}: sequence {name} is not there")
        folder, truth = path.parent, read_boxes(path, COLUMNS)
        images = folder / "color" if (folder / "color").is_dir() else folder
        frames = self.in_order(images)
        tags = read_tags(folder, len(truth))
        held = tuple(attribute for attribute, marked in tags.items() if marked.any())
        return replace(self.make(name, frames, truth, folder, attributes=held), tags=tags)

    def _truth(self, name: str) -> Path | None:
        folder = self.folders.get(key(name))
        return folder / "groundtruth.txt" if folder and (folder / "groundtruth.txt").is_file() else None


def read_tags(folder: Path, frames: int) -> dict[str, NDArray[np.bool_]]:
    """Which frames (n,) each attribute holds for; empty where the folder has no such files. Raises InputError."""
    tags = {}
    for name in ATTRIBUTES:
        path = next((p for p in (folder / f"{name}.tag", folder / f"{name}.label") if p.is_file()), None)
        if path is None:
            continue
        values = [value for row in read_rows(path) for value in row]
        if len(values) > frames or not set(values) <= {0.0, 1.0}:
            raise InputError(f"{path}: expected a zero or one for each of {frames} frames, got {len(values)} numbers")
        tags[name] = np.array(values + [0.0] * (frames - len(values))) > 0
    if tags:
        tags[EMPTY] = ~np.logical_or.reduce(list(tags.values()))
    return tags
