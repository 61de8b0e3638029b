"""LaSOT layout: `class/class-N/img/00000001.jpg`, `groundtruth.txt` (x, y, w, h, 1-based), two files of flags."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracker.data.clips import listed, make_track, match, read_each, without_boxes
from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import folders_in, numbered_frames, read_flags, read_rows
from tracker.data.held_out import clips_of_benchmark
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

TRUTH = "groundtruth.txt"
LIST = "training_set.txt"  # as in LaSOT's own toolkit
FLAGS = {"full_occlusion.txt": "occluded", "out_of_view.txt": "out of view"}  # 1 says so


def clip_folders(folder: Path, report: Report) -> list[Path]:
    """Clips named in `training_set.txt`; without it, all but those of the test set.

    They are `class-N` below the folder, or `class/class-N`.
    """
    if (folder / LIST).is_file():
        names = listed(folder / LIST, report)
        flat = [folder / name for name in names]
        nested = [folder / name.rsplit("-", 1)[0] / name for name in names]
        return [a if a.is_dir() else b for a, b in zip(flat, nested, strict=True)]
    top = folders_in(folder)
    for places, inner in (([folder], top), (top, [clip for place in top for clip in folders_in(place)])):
        clips = sorted((p for p in inner if os.path.lexists(p / TRUTH)), key=lambda p: (p.parent, natural(p.name)))
        if clips:
            report.uses(folder, *places)
            without_boxes(report, inner, TRUTH, "img")
            return without_test(folder, clips, report)
    not_here(folder, f"no clip with a {TRUTH} in it or in its class folders", "LaSOT")


def without_test(folder: Path, clips: list[Path], report: Report) -> list[Path]:
    """The clips that are not of LaSOT's test set, which are noted. Raises InputError where none is left."""
    tests = clips_of_benchmark("lasot")
    report.left.apart += [clip.name for clip in clips if clip.name in tests]
    count = len(report.left.apart)
    if count == len(clips):
        raise InputError(f"{folder}: its {count} clips are of LaSOT's test set; write those to train on into {LIST}")
    if count:
        report.left.notes.append(f"no {LIST}, so {count} clips of LaSOT's test set are left out")
    return [clip for clip in clips if clip.name not in tests]


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Order of names in which `cat-2` comes before `cat-10`."""
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)]


def read_clip(clip: Path, report: Report) -> Track | None:
    """One clip as a track, None where no box is left. Raises InputError naming what is missing or damaged."""
    report.uses(clip / "img", clip / TRUTH)
    if not (clip / "img").is_dir():
        raise InputError(f"{clip / 'img'}: missing, the folder of the frames")
    boxes = read_rows(clip / TRUTH) - [1, 1, 0, 0]
    frames = numbered_frames(clip / "img")
    match(clip / "img", frames, len(boxes), clip / TRUTH)
    shown = np.ones(len(boxes), bool)
    for name, flag in FLAGS.items():
        report.uses(clip / name)
        if (clip / name).exists():
            hidden = read_flags(clip / name, len(boxes)) == 1
            report.hide(flag, hidden & shown)
            shown &= ~hidden
    return make_track(report, clip.name, frames, boxes, shown, clip / TRUTH, clip.name.rsplit("-", 1)[0])


@DATASETS.register("lasot")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of a folder in LaSOT layout. Raises InputError naming what is missing or damaged."""
    return read_each(report, clip_folders(folder, report), read_clip)
