"""Which form a file has, and whole files read and written by it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tracker.errors import InputError
from tracker.formats.base import FORMATS, Clip, Format, Row, sized

MOST_GAPS = 1_000_000  # frames of a file that has one line for each


def endings() -> dict[str, str]:
    """The endings of box files and the forms that they stand for, the longest first."""
    known = {ending: name for name in FORMATS for ending in FORMATS[name].endings}
    return dict(sorted(known.items(), key=lambda item: (-len(item[0]), item[0])))


def form_of(path: str | Path, form: str | None = None) -> type[Format]:
    """The form that is named, or else the one of the ending (the longest that fits); a folder is YOLO's.

    Raises InputError with the known forms or endings.
    """
    if form is not None:
        try:
            return FORMATS[form]
        except ValueError as error:
            raise InputError(str(error)) from None
    if Path(path).is_dir():
        return next(FORMATS[name] for name in FORMATS if FORMATS[name].folder)
    for ending, name in endings().items():
        if str(path).lower().endswith(ending):
            return FORMATS[name]
    known = ", ".join(sorted(endings()))
    raise InputError(f"{path}: the form of the box file is not known from its ending ({known})")


def read_rows(path: str | Path, form: str | None = None, clip: Clip | None = None) -> list[Row]:
    """All rows of a box file, by frame, then id. YOLO's needs the size of the video, in `clip`.

    Raises InputError naming what is missing, or the line that is damaged.
    """
    return form_of(path, form).read(Path(path), clip)


def write_rows(path: str | Path, rows: Iterable[Row], form: str | None = None, clip: Clip | None = None) -> None:
    """Write a box file, which appears only when it is complete. Rows come in order of frames.

    In a form whose lines have no frame number, frames without a row are filled up from 0 on. Raises InputError.
    """
    path = Path(path)
    kind = form_of(path, form)
    if kind.writes_sized:
        sized(clip, path)
    if path.is_dir() and any(path.iterdir()):
        raise InputError(f"{path}: is a folder with files in it; give a new name")
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = kind.writer(partial, clip)
        try:
            for step in _by_frame(path, rows, kind.numbered):
                writer.write(step)
        finally:
            writer.finish()
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        elif partial.exists():
            partial.unlink()


def _by_frame(path: Path, rows: Iterable[Row], numbered: bool) -> Iterator[Sequence[Row]]:
    after = 0
    for frame, step in groupby(rows, key=lambda row: row.frame):
        if not numbered:
            if frame - after > MOST_GAPS:
                raise InputError(f"{path}: a form with a line for each frame cannot skip those from {after} to {frame}")
            yield from ([] for _ in range(after, frame))
            after = frame + 1
        yield list(step)
