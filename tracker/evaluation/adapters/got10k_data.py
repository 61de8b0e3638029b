"""Sequences and results in the forms that the package `got10k` reads; the package itself is not needed for this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running.layouts import layout_of
from tracker.evaluation.scoring.results import TrackerResults, read_result
from tracker.evaluation.scoring.score import files_of
from tracker.evaluation.sequence import Floats, Sequence
from tracker.evaluation.text import read_boxes, read_rows


class Sequences:
    """Sequences as a dataset of the package: frames and boxes by number or name, in the numbers of the files.

    With `return_meta` (GOT-10k) the boxes are those of the file even where the target is hidden, and a dictionary with
    `cover` and `resolution` comes with them. `last` is the number of the sequence that was asked for last.
    """

    def __init__(self, sequences: Iterable[Sequence]) -> None:
        self.sequences = list(sequences)
        self.seq_names = [sequence.name for sequence in self.sequences]
        self.return_meta = False
        self.last = 0

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int | str) -> tuple[Any, ...]:
        at = self.seq_names.index(index) if isinstance(index, str) else index
        sequence = self.sequences[at]
        self.last = at
        frames = [str(path) for path in sequence.frames]
        if not self.return_meta:
            return frames, sequence.boxes.copy()  # the package writes into what it gets
        return frames, *_with_meta(sequence)


def _with_meta(sequence: Sequence) -> tuple[Floats, dict[str, Any]]:
    if sequence.folder is None:
        raise InputError(f"{sequence.name}: GOT-10k's cover.label and meta_info.ini are needed; give --root")
    truth = read_boxes(sequence.folder / "groundtruth.txt")
    cover = np.array([row[0] for row in read_rows(sequence.folder / "cover.label", absent=False)])
    path = sequence.folder / "meta_info.ini"
    try:
        lines = [line.partition(":") for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path}: cannot be read; got10k takes the size of the images from it") from None
    meta: dict[str, Any] = {key.strip(): value.strip() for key, colon, value in lines if colon}
    if "resolution" not in meta:
        raise InputError(f"{path}: no line `resolution: (width, height)`")
    if len(cover) != len(truth):
        raise InputError(f"{sequence.folder / 'cover.label'}: {len(cover)} rows, but there are {len(truth)} frames")
    return truth, {**meta, "cover": cover}


def stage(benchmark: Benchmark, sequences: Mapping[str, Sequence], tracker: TrackerResults, place: Path) -> None:
    """Copy a tracker's results to `<place>/<tracker>/` in the spelling and separators that the package reads.

    Times go with them where they are there. Raises InputError: a result that is missing, short, or not finite.
    """
    for name, sequence in sequences.items():
        path = next(iter(files_of(benchmark, sequences, tracker, name)), None)
        if path is None:
            raise InputError(f"{tracker.folder}: no result of {name} in it")
        boxes = read_result(path, np.empty((len(sequence), 4)))
        files = layout_of(benchmark, place / tracker.name, name)
        seconds = layout_of(benchmark, tracker.folder, path.stem.removesuffix("_001")).times(1)[0]
        # Without a file of times the package's GOT-10k report fails; NaN is what it leaves out.
        times = read_boxes(seconds, (1,)).ravel().tolist() if seconds.is_file() else [np.nan]
        for target, rows in ((files.results(1)[0], boxes.tolist()), (files.times(1)[0], [[t] for t in times])):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("".join(",".join(map(repr, row)) + "\n" for row in rows), encoding="utf-8")
