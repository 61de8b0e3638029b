"""TC128 layout (Liang et al., TIP 2015): `<Clip>/img/0001.jpg`, `<Clip>/<Clip>_gt.txt`, `<Clip>/<Clip>_frames.txt`.

The frames file holds the first and last frame that are evaluated; 1-based.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader, numbered
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key, read_boxes, read_rows


@READERS.register("tc128")
class Tc128(Reader):
    """Clips are folders with a `_gt.txt`."""

    @cached_property
    def _texts(self) -> dict[str, Path]:
        return {key(path.parent.name): path for path in sorted(self.root.glob("*/*_gt.txt"))}

    def available(self) -> list[str]:
        names = self.benchmark.sequences or [path.parent.name for path in self._texts.values()]
        return [name for name in names if key(name) in self._texts]

    def read(self, name: str) -> Sequence:
        path = self._texts.get(key(name))
        if path is None:
            raise InputError(f"{self.root}: sequence {name} is not there")
        folder, truth = path.parent, read_boxes(path)
        ranges = next(iter(sorted(folder.glob("*_frames.txt"))), None)
        row = read_rows(ranges)[0] if ranges else [float(next(iter(numbered(folder / "img")), 1))]
        return self.make(name, self.pick(folder / "img", int(row[0]), len(truth)), truth, folder)
