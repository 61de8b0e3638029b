"""VOT layout, 2013 to 2019 short-term: `<sequence>/groundtruth.txt` with boxes or polygons, 0-based.

Frames are `<sequence>/00000001.jpg` (to VOT2017) or `<sequence>/color/00000001.jpg` (from VOT2018 on).
"""

from __future__ import annotations

from pathlib import Path

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader, in_order
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key, read_boxes

COLUMNS = (4, *range(6, 40, 2))


@READERS.register("vot")
class Vot(Reader):
    """Attributes are frames marked in `<attribute>.tag` or `.label`; a sequence has those of any of its frames."""

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
        frames = in_order(images)
        return self.make(name, frames, truth, folder)

    def _truth(self, name: str) -> Path | None:
        folder = self.folders.get(key(name))
        return folder / "groundtruth.txt" if folder and (folder / "groundtruth.txt").is_file() else None
