"""Which videos are to be tracked, from which boxes: a CSV or JSON file, or a folder with a box file beside each."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tracker.errors import InputError
from tracker.live.batch.rows import Row, Target, read_table
from tracker.live.sources.images import image_files, image_matches, natural_key

VIDEOS = frozenset(".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .ts .mts .m2ts .wmv .flv .ogv .3gp .gif".split())
BESIDE = (".box.txt", ".csv", ".json")  # what a box file is called, in the order in which they are looked for
LONGEST = 100  # characters of a name


@dataclass(frozen=True)
class Job:
    """One video and its targets, in order of their frames; results are called `name`. Plain values.

    `shown` is the video as readers of the results see it: its path in the folder of the table.
    """

    name: str
    video: str
    targets: tuple[Target, ...]
    shown: str

    @property
    def address(self) -> str:
        """The video's full path, which no camera number and no address of a stream can be mistaken for."""
        return os.path.abspath(self.video)


@dataclass(frozen=True)
class Jobs:
    """All jobs, and the videos in a folder for which there is no box."""

    jobs: tuple[Job, ...]
    without: tuple[str, ...] = ()


def read_jobs(path: Path, skip_missing: bool = False) -> Jobs:
    """The jobs of a file or folder. Raises InputError naming file and line of what is wrong.

    With `skip_missing` a table may name videos that are not there; they fail when their turn comes.
    """
    if path.is_dir():
        return _of_folder(path)
    if path.suffix.lower() not in {".csv", ".json"}:
        known = "a .csv or .json file, or a folder of videos"
        raise InputError(f"{path}: {'expected ' + known if path.exists() else 'no such file; give ' + known}")
    rows = read_table(path)
    if not rows:
        raise InputError(f"{path}: has no rows")
    by_video: dict[str, list[Row]] = {}
    for row in rows:
        by_video.setdefault(_video(path.parent, row, skip_missing), []).append(row)
    return Jobs(_named(path.parent, [(video, _output(own), _targets(own)) for video, own in by_video.items()]))


def pictures(video: str) -> list[Path]:
    """The files that a video consists of: itself, the images in the folder, or those of the pattern."""
    path = Path(video)
    if path.is_dir():
        return image_files(path)
    if path.exists():
        return [path]
    return sorted(image_matches(video))


def _video(base: Path, row: Row, skip_missing: bool) -> str:
    if not row.video:
        raise InputError(f"{row.where}: names no video")
    path = base / Path(row.video).expanduser()
    if not skip_missing and (path.is_dir() or not path.exists()) and not pictures(str(path)):
        raise InputError(f"{row.where}: {path}: {'no images in this folder' if path.is_dir() else 'no such file'}")
    return os.path.normpath(path)


def _output(rows: Iterable[Row]) -> tuple[str, str]:
    """The name that the rows of a video give its results, and the place that says so; empty where none does."""
    named = [row for row in rows if row.output]
    if not named:
        return "", ""
    first = named[0]
    other = next((row for row in named if row.output != first.output), None)
    if other is not None:
        raise InputError(f"{other.where}: output {other.output!r}, and {first.output!r} for the same video before")
    if not _is_name(first.output):
        raise InputError(f"{first.where}: output {first.output!r} is no name of a file without its folder")
    return first.output, first.where


def _targets(rows: Iterable[Row]) -> tuple[Target, ...]:
    return tuple(sorted((row.target for row in rows), key=lambda target: target.frame))


def _is_name(text: str) -> bool:
    return re.fullmatch(r'[^./\\<>:"|?*\x00-\x1f][^/\\<>:"|?*\x00-\x1f]*', text) is not None and len(text) <= LONGEST


def _named(base: Path, found: list[tuple[str, tuple[str, str], tuple[Target, ...]]]) -> tuple[Job, ...]:
    """Jobs with names that differ, on any file system: those that were asked for, and others made of the videos'."""
    taken: dict[str, str] = {}
    for _, (output, where), _ in found:
        if output and output.lower() in taken:
            raise InputError(f"{where}: output {output!r} is taken by {taken[output.lower()]}; give another")
        if output:
            taken[output.lower()] = where
    jobs = []
    for video, (output, _), targets in found:
        name = output or next(name for name in _proposals(Path(video)) if name.lower() not in taken)
        taken.setdefault(name.lower(), video)
        jobs.append(Job(name, video, targets, _shown(base, video)))
    return tuple(jobs)


def _shown(base: Path, video: str) -> str:
    """A video's path below a folder; of one from elsewhere its name and its folder's, not where that is."""
    path, folder = Path(os.path.abspath(video)), Path(os.path.abspath(base))
    inside = folder in path.parents
    return str(path.relative_to(folder) if inside else Path(*path.parts[-2:]))


def _proposals(video: Path) -> Iterable[str]:
    """Names for the results of a video: its own, with that of its folder, with numbers."""
    whole = video.resolve()
    if glob.has_magic(whole.name) and not whole.exists():
        whole = whole.parent
    own = whole.name if whole.is_dir() else whole.stem
    for text in (own, f"{whole.parent.name}-{own}"):
        yield _as_name(text)
    for number in range(2, 1_000_000):
        yield f"{_as_name(own)}-{number}"


def _as_name(text: str) -> str:
    return re.sub(r'[/\\<>:"|?*\x00-\x1f]', "_", text).lstrip(".")[:LONGEST] or "video"


def _of_folder(folder: Path) -> Jobs:
    """Every video and folder of images in a folder, with the box file beside it."""
    found, without = [], []
    for path in sorted(folder.iterdir(), key=natural_key):
        if path.name.startswith(".") or not _is_video(path):
            continue
        table = _beside(path)
        if table is None:
            without.append(str(path))
            continue
        rows = read_table(table)
        if not rows:
            raise InputError(f"{table}: has no box")
        named = next((row for row in rows if row.video or row.output), None)
        if named is not None:
            raise InputError(f"{named.where}: names a video or an output; such a table is given in place of the folder")
        found.append((str(path), ("", ""), _targets(rows)))
    if not found and not without:
        raise InputError(f"{folder}: no videos and no folders of images in it")
    if not found:
        stem = Path(without[0]).stem
        raise InputError(f"{folder}: no box file beside any video; write x,y,w,h into {folder / (stem + BESIDE[0])}")
    return Jobs(_named(folder, found), tuple(without))


def _is_video(path: Path) -> bool:
    return bool(image_files(path)) if path.is_dir() else path.suffix.lower() in VIDEOS


def _beside(video: Path) -> Path | None:
    stem = video.name if video.is_dir() else video.stem
    return next((path for ending in BESIDE if (path := video.with_name(stem + ending)).is_file()), None)
