"""TrackingNet layout: `TRAIN_k/anno/<id>.txt` (x, y, w, h) and `TRAIN_k/frames/<id>/0.jpg`, `1.jpg`, ..."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracker.data.clips import make_track, match, read_each
from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import folders_in, numbered_frames, read_rows
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

PARTS = 12


def parts(folder: Path, report: Report) -> list[Path]:
    """The folders `TRAIN_0` ... `TRAIN_11` that are there (any of them), or the folder itself if it is one of them.

    One with frames, but without boxes, is a fault for a check.
    """
    report.uses(folder / "anno")
    if (folder / "anno").is_dir():
        return [folder]
    report.uses(*(folder / f"TRAIN_{k}" / "anno" for k in range(PARTS)))  # by name: other files may come and go
    training = [p for p in folders_in(folder) if p.name.startswith("TRAIN")]
    found = [p for p in training if (p / "anno").is_dir()]
    if not found:
        not_here(folder, "no TRAIN_0, TRAIN_1, ... with a folder anno in it", "TrackingNet")
    for part in training:
        if part not in found:
            report.uses(part / "anno")
            if report.checks and (part / "frames").is_dir():  # no harm to training
                report.fault(f"{part / 'anno'}: missing, the folder of the boxes of {part / 'frames'}")
    return sorted(found, key=lambda p: (len(p.name), p.name))


def read_clip(table: Path, report: Report) -> Track | None:
    """One clip as a track, None where no box is left. Raises InputError naming what is missing or damaged."""
    name = table.stem
    folder = table.parents[1] / "frames" / name
    report.uses(table, folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: missing, the folder of the frames of {table}")
    boxes = read_rows(table)
    frames = numbered_frames(folder)
    match(folder, frames, len(boxes), table)
    return make_track(report, name, frames, boxes, np.ones(len(boxes), bool), table)


@DATASETS.register("trackingnet")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of a folder in TrackingNet layout. Raises InputError naming what is missing or damaged."""
    for part in parts(folder, report):
        report.uses(part / "anno")
        tables = sorted((part / "anno").glob("*.txt"))
        if not tables:
            report.fault(f"{part / 'anno'}: no files in it")
        yield from read_each(report, tables, read_clip)
        lost = {p.name for p in folders_in(part / "frames")} - {t.stem for t in tables}
        for name in sorted(lost) if report.checks else ():  # no harm to training
            report.fault(f"{part / 'anno' / name}.txt: missing, the boxes of {part / 'frames' / name}")
