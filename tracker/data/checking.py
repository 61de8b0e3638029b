"""What is missing or damaged in a data set, one line each with the file's name, and a picture of what is in it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.data.cache import replacing
from tracker.data.datasets import Report, Track, Tracks, read
from tracker.data.files import image_size
from tracker.data.left_out import LeftOut
from tracker.data.report import OUTSIDE, judge
from tracker.drawing.sheet import PAPER, contact_sheet
from tracker.errors import InputError
from tracker.images import fault, read_image

PICTURES, COLUMNS = 20, 5
TALL = 3 / 4  # height over width: pictures that are higher get margins, so that rows stay low
CAPTION = 34  # letters that fit below a picture


@dataclass(frozen=True)
class Checked:
    """What is usable, what is left out, lines on what is damaged, and how many image files were looked at."""

    tracks: Tracks
    left: LeftOut
    faults: list[str]
    files: int
    size: int

    @property
    def boxes(self) -> int:
        """How many boxes are usable."""
        return int(self.tracks.lengths.sum())


def check(layout: str, folder: Path, images: bool = False, progress: Callable[[], object] | None = None) -> Checked:
    """Read a folder of this layout to its end, and look at its images.

    Of every image both ends of the file are looked at; the first and last one of a clip are decoded, with `images` all
    that have boxes. Stills are held against the size that is stated. Raises InputError where the folder does not hold
    the layout at all.
    """
    report = Report("list", progress=progress)
    tracks = read(layout, folder, report).tracks
    seen: set[str] = set()
    good: set[str] = set()
    total = 0
    for track in tracks:
        for i, path in enumerate(track.paths):
            if path not in seen:
                seen.add(path)
                problem = fault(path)
                report.faults += [problem] if problem else []
                good.update([] if problem else [path])
                total += _size(path)
            if path in good and (images or i in (0, len(track) - 1)):
                report.attempt(_look, path, track, i, images)
        report.step()
    return Checked(tracks, report.left, list(dict.fromkeys(report.faults)), len(seen), total)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _look(path: str, track: Track, i: int, images: bool) -> None:
    """Open an image, and hold its size against the box. Raises InputError."""
    if len(track) > 1 or images:
        height, width = read_image(path).shape[:2]
    else:
        width, height = image_size(path)
    if judge(track.boxes[i], (width, height))[0] == OUTSIDE:
        x, y, w, h = track.boxes[i].tolist()
        raise InputError(f"{path}: the box {x:g},{y:g},{w:g},{h:g} lies outside this image of {width}x{height} pixels")


def sheet(tracks: Tracks, count: int = PICTURES) -> NDArray[np.uint8]:
    """A contact sheet (H, W, 3), 8-bit BGR: boxes in frames of tracks that are spread evenly over the data set.

    Of a small one, several frames a track. Images that cannot be read are left out. Raises InputError if none is left.
    """
    frames, boxes, captions = [], [], []
    for track, i in _moments(tracks, count):
        try:
            image = read_image(track.paths[i])
        except InputError:
            continue
        margin = max(0, math.ceil((image.shape[0] / TALL - image.shape[1]) / 2))
        frames.append(cv2.copyMakeBorder(image, 0, 0, margin, margin, cv2.BORDER_CONSTANT, value=PAPER))
        x, y, w, h = track.boxes[i].tolist()
        boxes.append(Box(x + margin, y, w, h))
        captions.append(_caption(track, i))
    if not frames:
        raise InputError("contact sheet: no image with a usable box can be read")
    return contact_sheet(frames, boxes, columns=COLUMNS, captions=captions)


def write_sheet(tracks: Tracks, path: Path) -> None:
    """Write a contact sheet as PNG or JPEG, by its ending. Raises InputError where it cannot be written."""
    picture = sheet(tracks)
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise InputError(f"{path}: a contact sheet is a .png or .jpg file")
    try:
        with replacing(path) as new:
            if not cv2.imwrite(str(new), picture):
                raise OSError("OpenCV refuses")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None


def _moments(tracks: Tracks, count: int) -> Iterator[tuple[Track, int]]:
    if not len(tracks):
        return
    chosen = np.unique(np.linspace(0, len(tracks) - 1, count).round().astype(int))
    each = -(-count // len(chosen))
    for row in chosen:
        track: Track = tracks[int(row)]
        inner = np.linspace(0, len(track) - 1, each + 2)[1:-1] if each < len(track) else np.arange(len(track))
        for i in inner.round().astype(int):
            yield track, int(i)


def _caption(track: Track, i: int) -> str:
    frame = f", {track.numbers[i]}" if len(track) > 1 else ""
    kind = f", {track.category}" if track.category else ""
    room = CAPTION - len(frame + kind)
    name = track.name if len(track.name) <= room else "..." + track.name[max(0, len(track.name) - room + 3) :]
    return name + frame + kind
