"""GOT-10k layout: a folder of clips, each with numbered frames and `groundtruth.txt` (x, y, w, h, 0-based)."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.data.datasets.base import DATASETS, Loaded, Track, sane
from tracker.errors import InputError

FRAMES = {".jpg", ".jpeg", ".png", ".bmp"}


def frame_files(clip: Path) -> list[tuple[int, Path]]:
    """Frames of a clip with their numbers, in the order of the numbers (not of the names)."""
    found = []
    for path in clip.iterdir():
        digits = re.findall(r"\d+", path.stem)
        if digits and path.suffix.lower() in FRAMES:
            found.append((int(digits[-1]), path))
    return sorted(found)


def read_boxes(path: Path) -> NDArray[np.float32]:
    """Rows of a ground-truth file (n, 4), split at commas, tabs or spaces; an empty row is a row of NaN."""
    try:
        lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text ({error})") from error
    rows = []
    for number, line in enumerate(lines, 1):
        parts = line.replace(",", " ").split()
        try:
            row = [float(p) for p in parts] or [np.nan] * 4
        except ValueError:
            row = []
        if len(row) != 4:
            raise InputError(f"{path}, line {number}: expected x,y,w,h, got {line.strip()!r}")
        rows.append(row)
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def visible(clip: Path, count: int) -> NDArray[np.bool_]:
    """Frames (n,) whose target is in view, from `absence.label` (1 = absent) and `cover.label` (0 = absent)."""
    seen = np.ones(count, dtype=bool)
    for name, hidden in (("absence.label", 1), ("cover.label", 0)):
        path = clip / name
        if not path.is_file():
            continue
        try:
            values = np.array(path.read_text(encoding="utf-8").split(), dtype=np.int64)
        except ValueError as error:
            raise InputError(f"{path}: expected one whole number a line ({error})") from error
        if len(values) != count:
            raise InputError(f"{path}: {len(values)} rows for {count} frames")
        seen &= values != hidden
    return seen


def read_clip(clip: Path) -> tuple[Track | None, int]:
    """One clip as a track (None where no box is left) and how many boxes were absurd; absent frames do not count."""
    frames = frame_files(clip)
    boxes = read_boxes(clip / "groundtruth.txt")
    if not frames or len(frames) != len(boxes):
        raise InputError(f"{clip}: {len(frames)} frames but {len(boxes)} rows in groundtruth.txt; they must match")
    first = cv2.imread(str(frames[0][1]), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if first is None:
        raise InputError(f"{frames[0][1]}: cannot be read as an image")
    present = visible(clip, len(boxes)) & ~np.isnan(boxes).any(1)
    good = present & sane(boxes, first.shape[1], first.shape[0])
    keep = np.flatnonzero(good)
    dropped = int(present.sum()) - len(keep)
    if not len(keep):
        return None, dropped
    numbers = np.array([frames[i][0] for i in keep], np.int64)
    return Track(clip.name, tuple(str(frames[i][1]) for i in keep), boxes[keep], numbers), dropped


def clip_folders(folder: Path) -> list[Path]:
    """The clips of a folder: itself, those named in `list.txt`, or else every folder with a ground truth."""
    if (folder / "groundtruth.txt").is_file():
        return [folder]
    listing = folder / "list.txt"
    if not listing.is_file():
        return sorted(p.parent for p in folder.glob("*/groundtruth.txt"))
    clips = [folder / name for name in listing.read_text(encoding="utf-8").split()]
    for clip in clips:
        if not (clip / "groundtruth.txt").is_file():
            raise InputError(f"{listing} names {clip.name!r}, but {clip / 'groundtruth.txt'} is not there")
    return clips


@DATASETS.register("got10k")
def read(folder: Path) -> Loaded:
    """Tracks of a folder in GOT-10k layout. Raises InputError naming what is missing or damaged."""
    clips = clip_folders(folder)
    if not clips:
        raise InputError(f"{folder}: no clip with a groundtruth.txt in it; is this the GOT-10k layout?")
    parts = [read_clip(clip) for clip in clips]
    return Loaded([t for t, _ in parts if t is not None], sum(d for _, d in parts))
