"""GOT-10k layout: a folder of clips, each with numbered frames and `groundtruth.txt` (x, y, w, h, 0-based)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.data.clips import listed, make_track, match, read_each, without_boxes
from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import folders_in, numbered_frames, read_flags, read_rows, read_text
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

TRUTH, META = "groundtruth.txt", "meta_info.ini"
FLAGS = {"absence.label": 1, "cover.label": 0}  # file, and the value that says that the target is not in view
PLACES = ("", "train", "full_data/train", "train_data")  # of the clips, below the folder that is named


def clip_folders(folder: Path, report: Report) -> list[Path]:
    """The clips: the folder itself, those named in `list.txt`, or else every folder with a ground truth."""
    for place in PLACES:
        base = folder / place
        report.uses(base / TRUTH, base / "list.txt")
        if (base / TRUTH).is_file():
            return [base]
        if (base / "list.txt").is_file():
            return [base / name for name in listed(base / "list.txt", report)]
        inner = folders_in(base)
        report.uses(*(clip / TRUTH for clip in inner))
        clips = [clip for clip in inner if os.path.lexists(clip / TRUTH)]
        if clips:
            report.uses(base)
            without_boxes(report, inner, TRUTH)
            return clips
    not_here(folder, f"no list.txt, and no clip with a {TRUTH} in it", "GOT-10k")


def visible(clip: Path, count: int, report: Report) -> NDArray[np.bool_]:
    """Frames (n,) whose target is in view, from `absence.label` (1 = absent) and `cover.label` (0 = absent)."""
    seen = np.ones(count, dtype=bool)
    for name, hidden in FLAGS.items():
        report.uses(clip / name)
        if (clip / name).exists():
            seen &= read_flags(clip / name, count) != hidden
    return seen


def category(clip: Path) -> str:
    """`object_class` in `meta_info.ini`; empty where there is none."""
    path = clip / META
    found = re.search(r"^object_class:\s*(.+?)\s*$", read_text(path), re.MULTILINE) if path.is_file() else None
    return found[1] if found else ""


def read_clip(clip: Path, report: Report) -> Track | None:
    """One clip as a track, None where no box is left. Raises InputError naming what is missing or damaged."""
    report.uses(clip, clip / TRUTH, clip / META)
    if not (clip / TRUTH).exists():
        raise InputError(f"{clip / TRUTH}: missing")
    frames, boxes = numbered_frames(clip), read_rows(clip / TRUTH)
    match(clip, frames, len(boxes), clip / TRUTH)
    seen = visible(clip, len(boxes), report) & ~np.isnan(boxes).any(1)
    report.hide("absent", ~seen)
    return make_track(report, clip.name, frames, boxes, seen, clip / TRUTH, category(clip))


@DATASETS.register("got10k")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of a folder in GOT-10k layout. Raises InputError naming what is missing or damaged."""
    return read_each(report, clip_folders(folder, report), read_clip)
