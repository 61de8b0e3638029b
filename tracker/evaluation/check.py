"""What is missing or damaged in a benchmark's folder, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.measures.metrics import valid
from tracker.evaluation.readers import open_reader
from tracker.evaluation.sequence import Sequence
from tracker.images import fault, read_image


def check(benchmark: Benchmark, root: Path, images: bool = False) -> Iterator[tuple[str, str]]:
    """Pairs of a sequence's name and what is wrong with it, empty where nothing is; in the benchmark's order.

    The first and last image are decoded, of the others both ends of the file are looked at; `images` decodes all.
    Raises InputError if nothing is there at all, or more than the benchmark has.
    """
    reader = open_reader(benchmark, root)
    there = set(reader.available())
    benchmark.require_at_most(len(there), root)
    for name in benchmark.sequences or reader.available():
        if name not in there:
            yield name, "missing"
            continue
        try:
            yield name, _problem(reader.read(name), images)
        except InputError as error:
            yield name, str(error)


def _problem(sequence: Sequence, images: bool) -> str:
    if not valid(sequence.boxes)[0]:
        return f"{sequence.folder or sequence.name}: the first box cannot be tracked: {sequence.boxes[0].tolist()}"
    for path in sequence.frames:
        if problem := fault(path):
            return problem
    sizes = set()
    for path in sequence.frames if images else (sequence.frames[0], sequence.frames[-1]):
        sizes.add(read_image(path).shape[:2])
    if len(sizes) > 1:
        return f"{sequence.folder}: images of {len(sizes)} sizes"
    height, width = sizes.pop()
    centre = sequence.boxes[:, :2] + sequence.boxes[:, 2:] / 2 - sequence.origin
    seen = centre[valid(sequence.boxes)]
    outside = int((np.abs(seen / (width, height) - 0.5) > 1).any(axis=1).sum())
    return f"{sequence.folder}: {outside} boxes lie far outside the {width}x{height} images" if outside else ""
