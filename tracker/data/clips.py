"""What the layouts of clips share: a list of names, and a track from numbered frames and one row of box a frame."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.data.files import numbered_frames, read_text
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

Frames = Sequence[tuple[int, str]]


def listed(listing: Path, report: Report) -> list[str]:
    """Names in a list of clips, one a line (`a/b` and a trailing `/` are fine), each once."""
    report.uses(listing)
    names: dict[str, int] = {}
    for number, line in enumerate(read_text(listing).splitlines(), 1):
        name = line.strip().strip("/")
        if name in names and report.checks:  # no harm to training
            report.fault(f"{listing}, line {number}: {name} is in line {names[name]} already")
        elif name:
            names.setdefault(name, number)
    return list(names)


def without_boxes(report: Report, clips: Iterable[Path], table: str, inner: str = "") -> None:
    """Fault each clip that has frames (in its folder `inner`), but not the file `table`: only for a check, since it is
    no harm to training. The tracks depend on these files not being there."""
    for clip in clips:
        if not os.path.lexists(clip / table):
            report.uses(clip / table)
            if report.checks and numbered_frames(clip / inner):
                report.fault(f"{clip / table}: missing, the boxes of the frames in {clip / inner}")


def read_each(report: Report, clips: Iterable[Path], read: Callable[[Path, Report], Track | None]) -> Iterator[Track]:
    """The tracks of clips, called as their folder or file without its ending is; a damaged one is a fault of its own.

    Those that are not wanted, or have no usable box, are left out.
    """
    for clip in clips:
        track = report.part(clip.name.removesuffix(".txt"), read, clip, report)
        if track is not None:
            yield track
        report.step()


def match(clip: Path, frames: Frames, rows: int, table: Path) -> None:
    """Raises InputError where a clip has other than one row for each frame, naming the frame that is missing."""
    if not frames:
        raise InputError(f"{clip}: no frames in it")
    if len(frames) == rows:
        return
    text = f"{clip}: {len(frames)} frames but {rows} rows in {table}; they must match"
    numbers = np.array([n for n, _ in frames])
    gaps = np.flatnonzero(np.diff(numbers) > 1)
    if len(frames) < rows and len(gaps):
        text += f" (frame {numbers[gaps[0]] + 1} is missing)"
    raise InputError(text)


def make_track(
    report: Report,
    name: str,
    frames: Frames,
    boxes: ArrayLike,
    shown: NDArray[np.bool_],
    table: Path,
    category: str = "",
) -> Track | None:
    """The frames whose target is `shown` and whose box is usable, as a track; None where there is none.

    `boxes` (n, 4) are x, y, w, h, 0-based, from the file `table`. The size of the first frame stands for all of them.
    """
    b = np.asarray(boxes, np.float64)
    keep = report.usable(table, b, report.size_of(frames[0][1]), shown)
    if not len(keep):
        return None
    numbers = np.array([frames[i][0] for i in keep], np.int64)
    return Track(name, [frames[i][1] for i in keep], b[keep].astype(np.float32), numbers, category)
