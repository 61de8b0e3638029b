"""NfS layout (Galoogahi et al., ICCV 2017): `<clip>/<fps>/<clip>/00001.jpg`, `<clip>/<fps>/<clip>.txt`.

A row of the annotations is `id x1 y1 x2 y2 lost occluded generated frame class`. They are made at 240 frames/s: the 30
frames/s version keeps every eighth row, from the first.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader
from tracker.evaluation.sequence import Floats, Sequence
from tracker.evaluation.text import key

EVERY = 8  # rows of 240 frames/s to one of 30
SLACK = 1  # rows and frames of a whole clip differ by this many at most


@READERS.register("nfs")
class Nfs(Reader):
    """`folder` of the benchmark is the frame rate, 30 or 240."""

    @cached_property
    def _texts(self) -> dict[str, Path]:
        found = sorted(self.root.glob(f"*/{self.benchmark.folder}/*.txt"))
        there = (path for path in found if not self.images or (path.parent / path.stem).is_dir())
        return {key(path.parent.parent.name): path for path in there}

    def available(self) -> list[str]:
        names = self.benchmark.sequences or [path.parent.parent.name for path in self._texts.values()]
        return [name for name in names if key(name) in self._texts]

    def read(self, name: str) -> Sequence:
        path = self._texts.get(key(name))
        if path is None:
            raise InputError(f"{self.root}: sequence {name} is not there")
        frames, truth = self.in_order(path.parent / path.stem), read_corners(path)
        if self.benchmark.folder == "30" and (not frames or len(truth) > len(frames) + SLACK):
            truth = truth[::EVERY]
        if abs(len(frames) - len(truth)) > SLACK:
            if self.images:
                raise InputError(f"{path}: {len(truth)} rows, but there are {len(frames)} frames")
            frames = ()
        count = min(len(frames), len(truth)) if frames else len(truth)
        return self.make(name, frames[:count], truth[:count], path.parent)


def read_corners(path: Path) -> Floats:
    """Boxes `x, y, w, h` (n, 4) of a file of corners. Raises InputError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path}: cannot be read as text") from None
    rows = []
    for line, text in enumerate(lines, 1):
        parts = text.split()
        try:
            rows.append([float(part) for part in parts[1:5]])
        except ValueError:
            rows.append([])
        if len(rows[-1]) != 4:
            raise InputError(f"{path}, line {line}: expected `id x1 y1 x2 y2 ...`, got {text[:60]!r}")
    if not rows:
        raise InputError(f"{path}: is empty; expected one box a line")
    corners = np.array(rows, dtype=np.float64)
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
