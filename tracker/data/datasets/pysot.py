"""PySOT's training data: `train.json` beside `crop511/<video>/<frame>.<track>.x.jpg`, crops around their target."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tracker.data.crop511 import boxes_in_crops
from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import read_text
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

RECORD = "crops.json"  # of `siamsa data crops`: what the crops were cut from
META = "meta"  # a key beside the frames, which PySOT skips: {"category": "dog"}


def crop_folder(folder: Path) -> tuple[Path, int]:
    """The folder of the crops, `crop511` or another `crop<size>`, and their size in pixels."""
    found = [p for p in sorted(folder.glob("crop*")) if re.fullmatch(r"crop\d+", p.name) and p.is_dir()]
    if not found:
        not_here(folder, "no folder crop511", "PySOT")
    best = next((p for p in found if p.name == "crop511"), found[0])
    return best, int(best.name[4:])


def tables(folder: Path, report: Report) -> list[Path]:
    """The JSON files: `train*.json`, or else all."""
    report.uses(folder)
    others = (p for p in sorted(folder.glob("*.json")) if p.name != RECORD and not p.name.startswith("."))
    found = sorted(folder.glob("train*.json")) or list(others)
    if not found:
        not_here(folder, "no train.json beside the crops", "PySOT")
    return found


def read_json(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """{video: {track: {frame: box}}}. Raises InputError where it is something else."""
    try:
        data = json.loads(read_text(path))
        if not all(isinstance(tracks, dict) for tracks in data.values()):
            raise TypeError("a video without tracks")
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not {{video: {{track: {{frame: box}}}}}} ({error})") from None
    return dict(data)


def read_track(
    where: str, crops: Path, size: int, video: str, key: str, frames: dict[str, Any], report: Report
) -> Track | None:
    """One track. A box is x1, y1, x2, y2 in the frame, or w, h; only its size matters, since the crop is around it."""
    try:
        named = sorted((int(frame), frame) for frame in frames if frame.isdecimal())
        if not named:
            return None
        sizes = np.array([_width_height(frames[frame]) for _, frame in named], np.float64)
        category = str(frames.get(META, {}).get("category", ""))
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{where}: {video!r}, track {key!r} is damaged ({error})") from None
    relative = bool((sizes <= 1.5).all())  # YouTube-BB's file has fractions of the frame
    frame_boxes = np.concatenate([np.zeros_like(sizes), sizes * (1e4 if relative else 1.0)], axis=1)
    keep = report.usable(f"{where}, {video!r}, track {key!r}", frame_boxes, None)
    if not len(keep):
        return None
    base = os.path.join(crops, *video.split("/"))
    report.states(base, (size, size))
    paths = [os.path.join(base, f"{named[i][1]:0>6}.{key}.x.jpg") for i in keep]
    numbers = np.array([named[i][0] for i in keep], np.int64)
    boxes = boxes_in_crops(frame_boxes[keep], size).astype(np.float32)
    return Track(f"{video}#{key}", paths, boxes, numbers, category)


def _width_height(box: Any) -> tuple[float, float]:
    values = [float(v) for v in box]
    if len(values) == 4:
        return values[2] - values[0], values[3] - values[1]
    if len(values) == 2:
        return values[0], values[1]
    raise ValueError(f"box {box!r} has neither 4 nor 2 numbers")


@DATASETS.register("pysot")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Tracks of crops with boxes in crop pixels. Raises InputError naming what is missing or damaged."""
    crops, size = crop_folder(folder)
    for table in tables(folder, report):
        report.uses(table)
        data = report.attempt(read_json, table) or {}
        for video, tracks in data.items():
            for key, frames in tracks.items():
                track = report.part(video, read_track, str(table), crops, size, video, key, frames, report)
                if track is not None:
                    yield track
            report.step()
