"""ImageNet VID layout: `Annotations/VID/train/.../<video>/000000.xml` beside `Data/VID/train/.../000000.JPEG`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracker.data.datasets.base import DATASETS
from tracker.data.imagenet import Sheet, Thing, annotation_folder, image_of, read_xml, xml_folders
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

Seen = list[tuple[int, str, Thing]]  # frame number, annotation file, object


def read_video(name: str, files: list[str], report: Report) -> list[Track]:
    """The tracks of one video, by their id. Boxes flagged as occluded are left out, as are absurd ones."""
    by_track: dict[str, Seen] = defaultdict(list)
    size = None
    missing = set(map(image_of, files)) - _images(os.path.dirname(image_of(files[0])))
    for image in sorted(missing):
        report.uses(image)
        report.fault(f"{image}: missing")
    for file in files:
        sheet, image = report.part(name, read_sheet, file), image_of(file)
        if sheet is None or image in missing:
            continue
        size = sheet.size
        report.states(image, size)
        for thing in sheet.things:
            by_track[thing.track].append((_number(file), file, thing))
    tracks = []
    for key in sorted(by_track, key=lambda k: (len(k), k)):
        seen = by_track[key]
        shown = np.array([not thing.occluded for _, _, thing in seen])
        report.hide("occluded", ~shown)
        boxes = np.array([thing.box for _, _, thing in seen], np.float64)
        keep = report.usable([file for _, file, _ in seen], boxes, size, shown)
        if len(keep):
            numbers = np.array([seen[i][0] for i in keep], np.int64)
            paths = [image_of(seen[i][1]) for i in keep]
            kind = seen[0][2].category
            tracks.append(Track(f"{name}#{key}", paths, boxes[keep].astype(np.float32), numbers, kind))
    return tracks


def read_sheet(file: str) -> Sheet:
    """The XML file of a frame. Raises InputError as `read_xml` does, and where an object is of no track."""
    sheet = read_xml(file)
    if not all(thing.track for thing in sheet.things):
        raise InputError(f"{file}: not an ImageNet annotation (no <trackid> in <object>)")
    return sheet


def _images(folder: str) -> set[str]:
    try:
        return {os.path.join(folder, name) for name in os.listdir(folder)}
    except OSError:
        return set()


def _number(file: str) -> int:
    stem = Path(file).stem
    if not stem.isdecimal():
        raise InputError(f"{file}: the name of a frame's file must be its number")
    return int(stem)


@DATASETS.register("imagenet_vid")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of a folder in ImageNet VID layout. Raises InputError naming what is missing or damaged."""
    top = annotation_folder(folder, "VID")
    for place, files in xml_folders(top, report):
        name = place.relative_to(top).as_posix()
        yield from report.part(name, read_video, name, files, report) or []
