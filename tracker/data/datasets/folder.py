"""Own clips: any folders with frames and `groundtruth.txt` (x, y, w, h, 0-based) or a box file of `siamsa track`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.data.clips import Frames, make_track, match
from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import numbered_frames, read_rows, read_text, walk
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError
from tracker.formats.targets import Boxes, endings_alone, read_boxes

TRUTH, BOXES = "groundtruth.txt", "boxes"
PLACES = ("", "img", "images", "frames")  # of the frames, below the folder that holds the boxes
ABSENT = "absent"


def table_in(folder: Path) -> Path | None:
    """`groundtruth.txt`, or `boxes.csv` (.jsonl, .mot, .txt); None where there is neither.

    What is called so and is no file is given where there is nothing else: reading it says what is wrong.
    """
    names = set(os.listdir(folder))
    found = [folder / name for name in (TRUTH, *(BOXES + e for e in endings_alone())) if name in names]
    return next((path for path in found if path.is_file()), found[0] if found else None)


def clip_tables(folder: Path, report: Report) -> Iterator[Path]:
    """The tables of the folder and of all below it, by name; hidden folders are left out."""
    for place, _ in walk(folder):
        report.uses(place)
        table = table_in(place)
        if table is not None:
            yield table
        elif report.checks and numbered_frames(place):  # no harm to training
            clip = place.parent if place != folder and place.name in PLACES else place
            if clip == place or table_in(clip) is None:
                report.fault(f"{clip / TRUTH}: missing, the boxes of the frames in {place}")


def read_truth(path: Path) -> NDArray[np.float64]:
    """Boxes x, y, w, h (n, 4) of rows of four numbers, or of eight, the corners of a polygon."""
    first = read_text(path).partition("\n")[0].replace(",", " ").split()
    if len(first) != 8:
        return read_rows(path)
    corners = read_rows(path, 8, "x1,y1,x2,y2,x3,y3,x4,y4 as in the first line").reshape(-1, 4, 2)
    low = corners.min(axis=1)
    return np.concatenate([low, corners.max(axis=1) - low], axis=1)


def name_of(root: Path, clip: Path) -> str:
    """Name of a clip: its folder below that of the data set."""
    return clip.relative_to(root).as_posix() if clip != root else root.resolve().name


def read_clip(root: Path, table: Path, report: Report) -> list[Track]:
    """The objects of one clip. Rows of NaN or without size say that the target is not in view."""
    clip = table.parent
    report.uses(table)
    frames: Frames = next((f for place in PLACES if (f := numbered_frames(clip / place))), [])
    if not frames:
        report.uses(*(clip / place for place in PLACES if (clip / place).is_dir()))
        raise InputError(f"{clip}: no frames in it, nor in its {', '.join(PLACES[1:])}, but {table.name} is there")
    report.uses(os.path.dirname(frames[0][1]))
    name = name_of(root, clip)
    if table.name != TRUTH:
        return _from_boxes(name, frames, table, report)
    boxes = read_truth(table)
    match(clip, frames, len(boxes), table)
    seen = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] != 0).any(axis=1)
    report.hide(ABSENT, ~seen)
    track = make_track(report, name, frames, boxes, seen, table)
    return [] if track is None else [track]


def _from_boxes(name: str, frames: Frames, table: Path, report: Report) -> list[Track]:
    """A box file counts the frames of the folder from 0, in order of their numbers."""
    tracks = []
    if not table.is_file():
        raise InputError(f"{table}: is not a file, but should hold the boxes of {table.parent}")
    objects: list[Boxes] = read_boxes(table)
    for thing in objects:
        if thing.frames[-1] >= len(frames):
            raise InputError(f"{table}: frame {thing.frames[-1]}, but there are only {len(frames)} in {table.parent}")
        report.hide("lost", thing.lost)
        named = name if len(objects) == 1 else f"{name}#{thing.name}"
        seen = [frames[i] for i in thing.frames.tolist()]
        track = make_track(report, named, seen, thing.boxes, ~thing.lost, table)
        tracks += [] if track is None else [track]
    return tracks


@DATASETS.register("folder")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of clips in any depth of folders. Raises InputError naming what is missing or damaged."""
    found = False
    for table in clip_tables(folder, report):
        found = True
        yield from report.part(name_of(folder, table.parent), read_clip, folder, table, report) or []
        report.step()
    if not found:
        not_here(folder, f"no folder with a {TRUTH} or boxes.csv", "folder")
