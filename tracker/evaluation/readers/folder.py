"""Any folder of clips: frames (in the clip's folder, or in `img/`, `color/`, `frames/`) and `groundtruth.txt`.

The root may also be a single such clip. Boxes are `x,y,w,h` or polygons, 0-based unless the benchmark's YAML says
`origin: 1`.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader, folders_in, numbered
from tracker.evaluation.readers.got10k import hide
from tracker.evaluation.readers.vot import COLUMNS
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key, read_boxes

TRUTHS = ("groundtruth.txt", "groundtruth_rect.txt")


@READERS.register("folder")
class Folder(Reader):
    """Clips are folders with a ground truth."""

    @cached_property
    def folders(self) -> dict[str, Path]:
        if _truth(self.root):
            return {key(self.root.resolve().name): self.root}
        return {name: folder for name, folder in folders_in(self.root).items() if _truth(folder)}

    def available(self) -> list[str]:
        names = self.benchmark.sequences or [folder.resolve().name for folder in self.folders.values()]
        return [name for name in names if key(name) in self.folders]

    def read(self, name: str) -> Sequence:
        folder = self.folders.get(key(name))
        path = _truth(folder) if folder else None
        if folder is None or path is None:
            raise InputError(f"{self.root}: sequence {name} is not there")
        inside = (folder / sub for sub in ("img", "color", "frames"))
        frames, truth = self.in_order(next((p for p in inside if numbered(p)), folder)), read_boxes(path, COLUMNS)
        if len(truth) == 1 and len(frames) != 1:
            return self.make(name, frames, truth, folder, given=True)
        if len(truth) != len(frames) and self.images:
            raise InputError(f"{path}: {len(truth)} rows, but there are {len(frames)} frames")
        return self.make(name, frames, hide(truth, folder), folder)


def _truth(folder: Path) -> Path | None:
    return next((folder / name for name in TRUTHS if (folder / name).is_file()), None)
