"""Readers: one native layout a file. A reader takes a root folder and a Benchmark, and gives Sequences by name."""

from __future__ import annotations

from pathlib import Path

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.readers import (  # noqa: F401 (they register themselves)
    dtb70,
    folder,
    got10k,
    lasot,
    nfs,
    otb,
    tc128,
    trackingnet,
    uav123,
    vot,
)
from tracker.evaluation.readers.base import READERS as READERS
from tracker.evaluation.readers.base import Reader as Reader


def open_reader(benchmark: Benchmark, root: str | Path, images: bool = True) -> Reader:
    """The reader of a benchmark's layout; without `images`, sequences whose images are not there are read as well.

    Raises InputError: no such layout or folder, or no sequence of the benchmark there.
    """
    try:
        layout = READERS[benchmark.layout]
    except ValueError as error:
        raise InputError(f"benchmark {benchmark.name}: {error}") from None
    reader = layout(Path(root), benchmark, images)
    if not reader.available():
        raise InputError(f"{root}: no sequence of {benchmark.title} in it (layout {benchmark.layout})")
    return reader
