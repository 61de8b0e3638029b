"""Crops cut in advance, for disks that are too slow for whole frames, in PySOT's layout (the `pysot` reader's)."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from tracker.data.cache import replacing
from tracker.data.crop511 import CROP, crop_matrix
from tracker.data.crops import warp
from tracker.data.datasets import Track, Tracks
from tracker.data.datasets.pysot import META, RECORD
from tracker.data.files import image_size
from tracker.data.frames import load_frame
from tracker.errors import InputError

TABLE, FOLDER = "train.json", f"crop{CROP}"


@dataclass(frozen=True)
class Job:
    """The tracks of one video or still: rows of the data set, and the names of the video and tracks in the output."""

    rows: tuple[int, ...]
    video: str
    keys: tuple[str, ...]


def jobs(tracks: Tracks) -> Iterator[Job]:
    """Tracks that follow one another and share a video, together; names that were there before get a number."""
    used: set[str] = set()
    for name, group in groupby(enumerate(tracks.names), lambda item: split_name(item[1])[0]):
        rows, names = zip(*group, strict=True)
        video = safe(name)
        again = 2
        while video in used:
            video, again = f"{safe(name)}~{again}", again + 1
        used.add(video)
        keys: dict[str, None] = {}
        for given in names:
            key = re.sub(r"\W", "_", split_name(given)[1]).zfill(2)
            while key in keys:
                key += "_"
            keys[key] = None
        yield Job(tuple(rows), video, tuple(keys))


def split_name(name: str) -> tuple[str, str]:
    """Video and object of a track's name, `video#object`."""
    video, mark, thing = name.rpartition("#")
    return (video, thing) if mark else (name, "0")


def safe(name: str) -> str:
    """A name as a relative path on any system."""
    parts = [re.sub(r'[:*?"<>|\\]', "_", p) for p in name.split("/") if p not in ("", ".", "..")]
    return "/".join(parts) or "_"


def cut(job: Job, tracks: Tracks, output: Path, quality: int) -> tuple[str, list[str]]:
    """Write the crops of one job that are not there yet: its entry of `train.json`, and lines on what is damaged."""
    entry: dict[str, dict[str, object]] = {}
    by_image: dict[str, list[tuple[Path, list[float]]]] = defaultdict(list)
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row, key in zip(job.rows, job.keys, strict=True):
        track: Track = tracks[row]
        entry[key] = {}
        for path, box, number in zip(track.paths, track.boxes.tolist(), track.numbers.tolist(), strict=True):
            frame = f"{number:06d}"
            by_image[path].append((output / FOLDER / job.video / f"{frame}.{key}.x.jpg", box))
            places[path].append((key, frame))
            x, y, w, h = box
            entry[key][frame] = [round(v, 2) for v in (x, y, x + w, y + h)]
        if track.category:
            entry[key][META] = {"category": track.category}
    damaged = []
    (output / FOLDER / job.video).mkdir(parents=True, exist_ok=True)
    for path, targets in by_image.items():
        try:
            _cut_image(path, targets, quality)
        except InputError as error:
            damaged.append(str(error))
            for key, frame in places[path]:
                del entry[key][frame]
    whole = {key: frames for key, frames in entry.items() if set(frames) - {META}}
    return f"{json.dumps(job.video)}: {json.dumps(whole)}" if whole else "", damaged


def _cut_image(path: str, targets: list[tuple[Path, list[float]]], quality: int) -> None:
    missing = [(target, box) for target, box in targets if not _there(target)]
    if not missing:
        return
    frame = load_frame(path)
    for target, box in missing:
        with replacing(target) as new:
            crop = warp(frame, crop_matrix(box), CROP)
            if not cv2.imwrite(str(new), crop, [cv2.IMWRITE_JPEG_QUALITY, quality]):
                raise OSError(f"{target}: cannot be written")


def _there(target: Path) -> bool:
    """Whether a crop is there; it was moved into place, so it is whole if its header is."""
    try:
        return image_size(target) == (CROP, CROP)
    except InputError:
        return False


def precut(
    tracks: Tracks, output: Path, quality: int, workers: int, progress: Callable[[int], object] | None = None
) -> list[str]:
    """Cut all crops and write `train.json` last; lines on images that are damaged, whose frames are left out.

    Crops that are there are kept, so that a run that was stopped goes on. Raises InputError where the folder holds
    crops of other boxes or another quality, or cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        _claim(output, {"tracks": digest(tracks), "quality": quality, "size": CROP})
        damaged = []
        with replacing(output / TABLE) as new, new.open("w", encoding="utf-8") as file:
            file.write("{")
            mark = "\n"
            for entry, lines, boxes in _results(list(jobs(tracks)), tracks, output, quality, workers):
                if entry:
                    file.write(mark + entry)
                    mark = ",\n"
                damaged += lines
                if progress is not None:
                    progress(boxes)
            file.write("\n}\n")
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror or error})") from None
    return damaged


def _results(
    work: list[Job], tracks: Tracks, output: Path, quality: int, workers: int
) -> Iterator[tuple[str, list[str], int]]:
    lengths = tracks.lengths
    if workers < 2:
        found: Iterator[tuple[str, list[str]]] = (cut(job, tracks, output, quality) for job in work)
        yield from ((*done, int(lengths[list(job.rows)].sum())) for job, done in zip(work, found, strict=True))
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start, (tracks, output, quality))
    try:
        chunk = max(1, min(64, len(work) // (8 * workers)))
        results = pool.map(_cut_here, work, chunksize=chunk)
        yield from ((*done, int(lengths[list(job.rows)].sum())) for job, done in zip(work, results, strict=True))
    finally:
        pool.shutdown(cancel_futures=True)  # a run that is interrupted ends after the jobs in hand


_shared: tuple[Tracks, Path, int]


def _start(tracks: Tracks, output: Path, quality: int) -> None:
    global _shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process decides
    cv2.setNumThreads(1)
    _shared = (tracks, output, quality)


def _cut_here(job: Job) -> tuple[str, list[str]]:
    return cut(job, *_shared)


def digest(tracks: Tracks) -> str:
    """Digest of names, frames and boxes."""
    total = hashlib.blake2b(digest_size=16)
    for name in sorted(tracks.arrays):
        total.update(np.ascontiguousarray(tracks.arrays[name]).tobytes())
    return total.hexdigest()


def _claim(output: Path, record: dict[str, object]) -> None:
    path = output / RECORD
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if found != record:
            raise InputError(f"{output}: holds crops of other boxes or another quality; choose another folder")
    elif any(os.scandir(output)):
        raise InputError(f"{output}: is not empty, and not of an earlier run; choose another folder")
    else:
        with replacing(path) as new:
            new.write_text(json.dumps(record), encoding="utf-8")
