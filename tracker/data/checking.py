"""What is missing or damaged in a data set, one line each with the file's name, and a picture of what is in it."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.data.cache import replacing
from tracker.data.datasets import Report, Track, Tracks, nothing_usable, read
from tracker.data.files import image_size
from tracker.data.left_out import LeftOut
from tracker.data.report import OUTSIDE, judge
from tracker.drawing.sheet import PAPER, contact_sheet
from tracker.errors import InputError
from tracker.images import fault, read_image

Seen = tuple[str, tuple[int, int]]  # an image, its width and height
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

    Of every image with a usable box both ends of the file are looked at. The first and last one of a clip are decoded,
    and of a still the header is read; with `images` all are decoded. Where one is opened, its size is held against what
    is stated for it, or against the other ones of its clip. Raises InputError where the folder does not hold the layout
    at all.
    """
    report = Report("list", progress=progress)
    tracks = read(layout, folder, report).tracks
    seen: set[str] = set()
    good: set[str] = set()
    total = 0
    for track in tracks:
        opened: list[Seen] = []
        for i, path in enumerate(track.paths):
            if path not in seen:
                seen.add(path)
                problem = fault(path)
                report.faults += [problem] if problem else []
                good.update([] if problem else [path])
                total += _size(path)
            if path in good and (images or i in (0, len(track) - 1)):
                size = report.attempt(_open, path, len(track) > 1 or images)
                if size is not None:
                    opened.append((path, size))
                    report.faults += _compare(path, size, track.boxes[i], _stated(path, report))
        report.faults += _odd_ones(opened, report)
        report.step()
    if not len(tracks) and not report.faults:
        report.fault(nothing_usable(folder, report.left))
    return Checked(tracks, report.left, list(dict.fromkeys(report.faults)), len(seen), total)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _open(path: str, whole: bool) -> tuple[int, int]:
    """Width and height of an image, from its header or, if it is wanted `whole`, decoded. Raises InputError."""
    if not whole:
        return image_size(path)
    height, width = read_image(path).shape[:2]
    return width, height


def _stated(path: str, report: Report) -> tuple[float, float] | None:
    """Width and height that a file gives for an image, or for all images of its folder."""
    return report.stated.get(path) or report.stated.get(os.path.dirname(path))


def _compare(
    path: str, size: tuple[int, int], box: NDArray[np.float32], stated: tuple[float, float] | None
) -> Iterator[str]:
    """What is wrong with the width and height of an image, beside its box and what is stated."""
    width, height = size
    if judge(box, size)[0] == OUTSIDE:
        x, y, w, h = box.tolist()
        yield f"{path}: the box {x:g},{y:g},{w:g},{h:g} lies outside this image of {width}x{height} pixels"
    if stated is not None and stated != size:
        yield f"{path}: has {width}x{height} pixels, but {stated[0]:g}x{stated[1]:g} are stated"


def _odd_ones(opened: list[Seen], report: Report) -> Iterator[str]:
    """The images of a clip whose size is not that of most, where none is stated."""
    sizes = Counter(size for _, size in opened)
    if len(sizes) > 1:
        usual = sizes.most_common(1)[0][0]
        other = next(path for path, size in opened if size == usual)
        for path, size in opened:
            if size != usual and _stated(path, report) is None:
                yield f"{path}: has {size[0]}x{size[1]} pixels, but {other} has {usual[0]}x{usual[1]}"


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


def sheet_place(path: Path) -> None:
    """Raise InputError where a contact sheet cannot be written to this file, by its ending and its folder."""
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise InputError(f"{path}: a contact sheet is a .png or .jpg file")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder, for the contact sheet {path.name}")


def write_sheet(tracks: Tracks, path: Path) -> None:
    """Write a contact sheet as PNG or JPEG, by its ending. Raises InputError where it cannot be written."""
    sheet_place(path)
    picture = sheet(tracks)
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
