"""Own videos: `clip.mp4` beside `clip.csv`, `.jsonl`, `.mot` or `.txt`, as `siamsa track` writes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.data.unpack import frame_name, unpack
from tracker.errors import InputError
from tracker.formats.targets import beside, endings_alone, read_boxes

VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"}


def read_video(video: Path, report: Report) -> list[Track]:
    """The objects of one video. Its frames are unpacked once (see `tracker.data.unpack`); lost ones are left out."""
    table = beside(video.with_suffix("")) or beside(video) or _in_capitals(video)
    if table is None:
        raise InputError(
            f"{video.with_suffix('.csv')}: missing, the boxes of {video.name} (`siamsa track` writes them)"
        )
    report.uses(video, table)
    objects = read_boxes(table)
    wanted = {int(n) for thing in objects for n in thing.frames[~thing.lost]}
    folder, undecoded = unpack(video, wanted)
    report.uses(folder)
    if undecoded:
        some = ", ".join(map(str, sorted(undecoded)[:5])) + (", ..." if len(undecoded) > 5 else "")
        report.fault(f"{video}: {len(undecoded)} frames that have boxes cannot be decoded: {some}")
    tracks = []
    for thing in objects:
        report.hide("lost", thing.lost)
        shown = ~thing.lost & ~np.isin(thing.frames, list(undecoded))
        if not shown.any():
            continue
        paths = [os.path.join(folder, frame_name(n)) for n in thing.frames.tolist()]
        keep = report.usable(table, thing.boxes, report.size_of(paths[int(np.flatnonzero(shown)[0])]), shown)
        name = video.stem if len(objects) == 1 else f"{video.stem}#{thing.name}"
        if len(keep):
            boxes = thing.boxes[keep].astype(np.float32)
            tracks.append(Track(name, [paths[i] for i in keep], boxes, thing.frames[keep]))
    return tracks


def _in_capitals(video: Path) -> Path | None:
    """The box file of a video whose ending is `.CSV`, as some cameras and systems write it."""
    names = {
        n.lower(): n for n in sorted(os.listdir(video.parent)) if n.startswith((video.stem + ".", video.name + "."))
    }
    wanted = (f"{stem}{ending}".lower() for stem in (video.stem, video.name) for ending in endings_alone())
    return next((video.parent / names[n] for n in wanted if n in names and (video.parent / names[n]).is_file()), None)


@DATASETS.register("video")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of a folder of videos with box files. Raises InputError naming what is missing or damaged."""
    videos = sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEOS and not p.name.startswith("."))
    if not videos:
        not_here(folder, "no video in it", "video")
    report.uses(folder)
    for video in videos:
        yield from report.part(video.stem, read_video, video, report) or []
        report.step()
