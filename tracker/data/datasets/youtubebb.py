"""YouTube-BB layout: a CSV file beside `yt_bb_detection_train/<class>/<youtube id>_<ms>_<class>_<object>.jpg`."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import image_size
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

COLUMNS = "youtube_id,timestamp_ms,class_id,class_name,object_id,object_presence,xmin,xmax,ymin,ymax"
SPLIT = "yt_bb_detection_train"
MISSING = "image not downloaded"


class Row(NamedTuple):
    """One line of the CSV file. Corners are fractions of the image's width and height."""

    video: str
    time: int
    class_id: str
    class_name: str
    thing: str
    present: bool
    corners: tuple[float, ...]  # xmin, xmax, ymin, ymax

    @property
    def file(self) -> str:
        """Name of the image below the folder of the split, as youtube-bb-utility and PySOT write it."""
        return f"{self.class_id}/{self.video}_{self.time}_{self.class_id}_{self.thing}.jpg"


def table_of(folder: Path) -> Path:
    """The CSV file, packed or not. A folder without the one of the training split may hold another `yt_bb_...`."""
    names = [f"{SPLIT}.csv", f"{SPLIT}.csv.gz", *sorted(p.name for p in folder.glob("yt_bb_*.csv*"))]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    not_here(folder, f"no {SPLIT}.csv or .csv.gz", "YouTube-BB")


def read_table(path: Path, report: Report) -> Iterator[Row]:
    """Lines of the CSV file. Raises InputError where it is not to be read; a broken line is a fault of its own."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as file:  # type: ignore[arg-type]
            for number, cells in enumerate(csv.reader(file), 1):
                if cells and cells[0] != "youtube_id":
                    row = report.attempt(_row, path, number, cells)
                    if row is not None:
                        yield row
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        report.fault(f"{path}: cannot be read to its end ({error})")


def _row(path: Path, number: int, cells: list[str]) -> Row:
    try:
        video, time, class_id, class_name, thing, presence = cells[:6]
        x1, x2, y1, y2 = (float(v) for v in cells[6:])
        return Row(video, int(float(time)), class_id, class_name, thing, presence != "absent", (x1, x2, y1, y2))
    except ValueError:
        raise InputError(f"{path}, line {number}: expected {COLUMNS}, got {','.join(cells)[:80]!r}") from None


def read_track(rows: list[Row], base: Path, present: dict[str, set[str]], report: Report) -> Track | None:
    """One object of one video, from the lines of which there is an image."""
    shown = np.array([row.present for row in rows])
    report.hide("absent", ~shown)
    here = np.array([os.path.basename(row.file) in present.get(row.class_id, ()) for row in rows])
    report.hide(MISSING, shown & ~here)
    shown &= here
    if not shown.any():
        return None
    width, height = image_size(base / rows[int(np.flatnonzero(shown)[0])].file)
    x1, x2, y1, y2 = np.array([row.corners for row in rows]).T * np.array([width, width, height, height])[:, None]
    boxes = np.stack([x1, y1, x2 - x1, y2 - y1], axis=1)
    keep = report.usable([f"{base}/{row.file}" for row in rows], boxes, (width, height), shown)
    if not len(keep):
        return None
    first = rows[0]
    paths = [os.path.join(base, *rows[i].file.split("/")) for i in keep]
    numbers = np.array([rows[i].time // 1000 for i in keep], np.int64)  # annotated once a second
    name = f"{first.video}#{first.class_id}_{first.thing}"
    return Track(name, paths, boxes[keep].astype(np.float32), numbers, first.class_name)


@DATASETS.register("youtubebb")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of a folder in YouTube-BB layout; lines without an image are counted, since many videos are gone.

    `numbers` are seconds. Raises InputError naming what is missing or damaged.
    """
    table = table_of(folder)
    base = folder / table.name.partition(".")[0]
    if not base.is_dir():
        raise InputError(f"{base}: missing, the folder of the frames of {table}")
    present = {entry.name: set(os.listdir(entry.path)) for entry in os.scandir(base) if entry.is_dir()}
    report.uses(table, base, *(base / name for name in present))
    for _, lines in groupby(read_table(table, report), lambda row: row.video):
        objects: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in lines:
            objects[row.class_id, row.thing].append(row)
        for rows in objects.values():
            track = report.attempt(read_track, sorted(rows, key=lambda r: r.time), base, present, report)
            if track is not None:
                yield track
        report.step()
