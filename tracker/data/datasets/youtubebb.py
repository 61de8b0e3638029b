"""YouTube-BB layout: a CSV file beside `yt_bb_detection_train/<class>/<youtube id>_<ms>_<class>_<object>.jpg`."""

from __future__ import annotations

import csv
import gzip
import io
import os
from array import array
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

COLUMNS = "youtube_id,timestamp_ms,class_id,class_name,object_id,object_presence,xmin,xmax,ymin,ymax"
SPLIT = "yt_bb_detection_train"
MISSING = "image not downloaded"
PRESENCE = {"present": 1.0, "absent": 0.0, "uncertain": 0.0}
FEW = 5  # faults, and names, in full; the others are counted


class Row(NamedTuple):
    """One line of the CSV file: what it is about, and `values`.

    These are time in milliseconds, 1 where the object is present, and xmin, xmax, ymin, ymax as fractions of the image.
    """

    video: str
    class_id: str
    class_name: str
    thing: str
    values: tuple[float, ...]


class Lines:
    """The lines of one object of one video, as numbers: 48 bytes each, since a data set has six million of them."""

    def __init__(self, row: Row) -> None:
        self.video, self.class_id, self.class_name, self.thing, _ = row
        self._values = array("d")

    def add(self, row: Row) -> None:
        """Another line of the same object."""
        self._values.extend(row.values)

    def table(self) -> NDArray[np.float64]:
        """Values (n, 6) in order of time; a line that is there twice counts once."""
        table = np.array(self._values).reshape(-1, 6)
        table = table[np.argsort(table[:, 0], kind="stable")]
        again = (table[1:] == table[:-1]).all(axis=1)
        return table[np.concatenate([[True], ~again])]

    def file(self, time: float) -> str:
        """Name of an image below the folder of the split, as youtube-bb-utility and PySOT write it."""
        return os.path.join(self.class_id, f"{self.video}_{int(time)}_{self.class_id}_{self.thing}.jpg")


def table_of(folder: Path, report: Report) -> Path:
    """The CSV file, packed or not. A folder without the one of the training split may hold another `yt_bb_...`."""
    names = [f"{SPLIT}.csv", f"{SPLIT}.csv.gz", *sorted(p.name for p in folder.glob("yt_bb_*.csv*"))]
    for name in names:
        report.uses(folder / name)
        if (folder / name).is_file():
            return folder / name
    not_here(folder, f"no {SPLIT}.csv or .csv.gz", "YouTube-BB")


def read_table(path: Path, report: Report) -> Iterator[Row]:
    """Lines of the CSV file. Raises InputError where it is not to be read; a broken line is a fault of its own, but
    after a few they are only counted: the whole file may be of another form."""
    bad = 0
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:  # type: ignore[arg-type]
            for number, cells in enumerate(csv.reader(file), 1):
                if not cells or cells[0] == "youtube_id" or not report.wants(cells[0]):
                    continue
                row = _row(cells)
                if row is not None:
                    yield row
                elif bad < FEW:
                    report.part(cells[0], _refuse, path, number, cells)
                bad += row is None
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        report.fault(f"{path}: cannot be read to its end ({error})", whole=True)
    if bad > FEW:
        report.fault(f"{path}: {bad - FEW} more lines are not as expected")


def _row(cells: list[str]) -> Row | None:
    try:
        video, time, class_id, class_name, thing, presence = cells[:6]
        x1, x2, y1, y2 = (float(v) for v in cells[6:])
        values = (float(int(float(time))), PRESENCE[presence.strip()], x1, x2, y1, y2)
        return Row(video, class_id, class_name, thing, values)
    except (ValueError, OverflowError, KeyError):
        return None


def _refuse(path: Path, number: int, cells: list[str]) -> None:
    where, got = f"{path}, line {number}", ",".join(cells)[:80]
    if len(cells) == COLUMNS.count(",") + 1 and cells[5].strip() not in PRESENCE:
        raise InputError(f"{where}: object_presence must be one of {', '.join(PRESENCE)}, got {cells[5][:40]!r}")
    raise InputError(f"{where}: expected {COLUMNS}, got {got!r}")


def objects_of(rows: Iterator[Row]) -> list[list[Lines]]:
    """The objects of each video, in order of their first lines; those of one object may be anywhere in the file."""
    videos: dict[str, dict[tuple[str, str], Lines]] = defaultdict(dict)
    for row in rows:
        things, key = videos[row.video], (row.class_id, row.thing)
        if key not in things:
            things[key] = Lines(row)
        things[key].add(row)
    return [list(things.values()) for things in videos.values()]


class Images:
    """The images in a folder: how many that were asked for are there, and the first few that are not."""

    def __init__(self, base: Path) -> None:
        self.base, self.found = base, 0
        self.missing: list[str] = []
        self._names = {entry.name: set(os.listdir(entry.path)) for entry in os.scandir(base) if entry.is_dir()}

    def folders(self) -> list[Path]:
        """The folder and those in it."""
        return [self.base, *(self.base / name for name in self._names)]

    def here(self, files: list[str], wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of these files (n,), named by folder and name, are there; only the `wanted` ones are counted."""
        parts = map(os.path.split, files)
        here = np.array([name in self._names.get(folder, ()) for folder, name in parts], bool)
        self.found += int((wanted & here).sum())
        if len(self.missing) < FEW:
            lost = np.flatnonzero(wanted & ~here)[: FEW - len(self.missing)]
            self.missing += [str(self.base / files[i]) for i in lost]
        return here


def read_track(lines: Lines, images: Images, report: Report) -> Track | None:
    """One object of one video, from the lines of which there is an image."""
    table = lines.table()
    files = [lines.file(time) for time in table[:, 0]]
    shown = table[:, 1] > 0
    report.hide("absent", ~shown)
    here = images.here(files, shown)
    report.hide(MISSING, shown & ~here)
    shown &= here
    if not shown.any():
        return None
    paths = [os.path.join(images.base, file) for file in files]
    width, height = report.size_of(paths[int(np.flatnonzero(shown)[0])])
    x1, x2, y1, y2 = table[:, 2:].T * np.array([width, width, height, height])[:, None]
    boxes = np.stack([x1, y1, x2 - x1, y2 - y1], axis=1)
    keep = report.usable(paths, boxes, (width, height), shown)
    if not len(keep):
        return None
    numbers = table[keep, 0].astype(np.int64) // 1000  # annotated once a second
    name = f"{lines.video}#{lines.class_id}_{lines.thing}"
    return Track(name, [paths[i] for i in keep], boxes[keep].astype(np.float32), numbers, lines.class_name)


@DATASETS.register("youtubebb")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of a folder in YouTube-BB layout; lines without an image are counted, since many videos are gone.

    `numbers` are seconds. Raises InputError naming what is missing or damaged.
    """
    table = table_of(folder, report)
    base = folder / table.name.partition(".")[0]
    if not base.is_dir():
        raise InputError(f"{base}: missing, the folder of the frames of {table}")
    images = Images(base)
    report.uses(table, *images.folders())
    for things in objects_of(read_table(table, report)):
        for lines in things:
            track = report.part(lines.video, read_track, lines, images, report)
            if track is not None:
                yield track
        report.step()
    if report.checks and images.missing:
        more = report.left.total()[MISSING] - len(images.missing)
        report.left.notes.append(f"{MISSING}: {', '.join(images.missing)}{f' and {more} more' if more else ''}")
        if not images.found:
            report.fault(f"{table}: none of its images is in {base}")
