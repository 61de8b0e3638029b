"""OTB layout (Wu et al., TPAMI 2015): `<Sequence>/img/0001.jpg` and `<Sequence>/groundtruth_rect.txt`, 1-based.

A folder with two targets has `groundtruth_rect.1.txt` and `.2.txt`; its sequences are called `<Sequence>-1` and `-2`.
"""

from __future__ import annotations

import re
from pathlib import Path

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader, numbered
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key, read_boxes


@READERS.register("otb")
class Otb(Reader):
    """Folders are found whatever their spelling (`jogging`, `Jogging-1`, `Jogging_1`)."""

    def available(self) -> list[str]:
        names = self.benchmark.sequences or self._found()
        return [name for name in names if self._place(name) is not None]

    def read(self, name: str) -> Sequence:
        place = self._place(name)
        if place is None:
            raise InputError(f"{self.root}: sequence {name} is not there")
        folder, path = place
        truth = read_boxes(path)
        images = folder / "img" if (folder / "img").is_dir() else folder
        if name not in self.benchmark.frames:
            return self.make(name, self.pick(images, next(iter(numbered(images)), 1), len(truth)), truth, folder)
        first, last = self.benchmark.frames[name]
        if len(truth) == last:  # some copies have rows from frame 1 on, others only those that are evaluated
            truth = truth[first - 1 :]
        if len(truth) != last - first + 1:
            raise InputError(f"{path}: {len(truth)} rows, but frames {first} to {last} are evaluated")
        return self.make(name, self.pick(images, first, len(truth)), truth, folder)

    def _place(self, name: str) -> tuple[Path, Path] | None:
        """Folder and ground truth of a sequence, None where they are not there."""
        own = self.folders.get(key(name))
        if own is not None and (own / "groundtruth_rect.txt").is_file():
            return own, own / "groundtruth_rect.txt"
        stem, _, target = name.rpartition("-")
        if not target.isdigit():
            return None
        for folder in (self.folders.get(key(stem)), own):
            if folder is None:
                continue
            if (folder / f"groundtruth_rect.{target}.txt").is_file():
                return folder, folder / f"groundtruth_rect.{target}.txt"
            lone = sum(other.rpartition("-")[0] == stem for other in self.benchmark.sequences) == 1
            if lone and (folder / "groundtruth_rect.txt").is_file():
                return folder, folder / "groundtruth_rect.txt"
        return None

    def _found(self) -> list[str]:
        """Names of whatever lies there, for benchmarks without a list."""
        names = []
        for folder in self.folders.values():
            for path in sorted(folder.glob("groundtruth_rect*.txt")):
                target = re.fullmatch(r"groundtruth_rect\.(\d+)", path.stem)
                names.append(f"{folder.name}-{target[1]}" if target else folder.name)
        return names
