"""What says that a video is done: a record of its job's content, of the settings, and of the files that came of it.

`<folder>/records/<name>.json` is written before the files are moved into place, so that a kill between the two leaves
a video that is done again; a file without a record is somebody else's, and stays.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracker.atomic import write_whole
from tracker.errors import InputError
from tracker.live.batch.jobs import Job, pictures
from tracker.live.batch.rows import Target
from tracker.live.batch.work import Wanted
from tracker.processes.claims import Claims

RECORDS, WORK = "records", ".work"
END = 4 << 20  # bytes at both ends of a file that are looked at; what we write is shorter, or has its index there
VERSION = 2  # of records


@dataclass(frozen=True)
class Store:
    """The results of a batch. `identity` is what they depend on besides the jobs: weights and settings."""

    folder: Path
    wanted: Wanted
    identity: Mapping[str, Any]

    def claims(self) -> Claims:
        """Who is at which video."""
        return Claims(self.folder / RECORDS, _hash({"wanted": asdict(self.wanted), **self.identity}))

    def digest(self, job: Job) -> str:
        """A hash of everything that the results of a job depend on. A video is known by name, size and time."""
        files = []
        for path in pictures(job.video):
            found = path.stat()
            files.append([path.name, found.st_size, found.st_mtime_ns])
        targets = [[*target.box.xywh, target.name, target.frame] for target in job.targets]
        wanted = asdict(self.wanted)
        return _hash({"record": VERSION, "files": files, "targets": targets, "wanted": wanted, **self.identity})

    def read(self, job: Job) -> dict[str, Any] | None:
        """The record of a job as it is now: done, with all files unaltered, or failed. None where there is none."""
        record = self._record(job.name)
        if record is None or record.get("job") != self._now(job):
            return None
        return record if all(fingerprint(self.folder / f) == d for f, d in record["files"].items()) else None

    def check_free(self, job: Job) -> None:
        """Raise InputError where a file is in the way that no batch has written."""
        if self._record(job.name) is None:
            there = next((name for name in self.wanted.files(job.name).values() if (self.folder / name).exists()), None)
            if there:
                raise InputError(f"{self.folder / there}: no record says that a batch wrote it; move it away")

    def place(self, job: Job) -> Path:
        """Where a worker leaves its files."""
        return self.folder / WORK / job.name

    def keep(self, job: Job, digest: str, made: Mapping[str, Any]) -> dict[str, Any]:
        """Record what came of a job, or the `error` that it ended with, and move its files into place.

        Raises InputError where that cannot be done.
        """
        before = self._record(job.name) or {"files": {}}
        names = self.wanted.files(job.name)
        done = {} if made.get("error") else {name: self.place(job) / Path(name).name for name in names.values()}
        record = {
            "job": digest,
            "video": job.video,
            **made,
            "results": names if done else {},
            "files": {name: fingerprint(path) for name, path in done.items()},
        }
        path = self._path(job.name)
        half = path.parent.glob(f".{glob.escape(job.name)}.json.*.partial")  # of a command that was killed
        stale = {*half, *map(self.folder.joinpath, before["files"])} - {self.folder / name for name in done}
        try:
            for old in stale:
                old.unlink(missing_ok=True)
            write_whole(path, json.dumps(record) + "\n")
            for name, made_file in done.items():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(made_file, self.folder / name)
        except OSError as error:
            raise InputError(f"{self.folder}: {job.name}: cannot be written ({error.strerror or error})") from None
        self.clear(job.name)
        return record

    def clear(self, name: str) -> None:
        """Remove what is half done of a video."""
        shutil.rmtree(self.folder / WORK / name, ignore_errors=True)

    def clear_all(self, claims: Claims) -> None:
        """Remove everything half done, except by other commands that run."""
        work = self.folder / WORK
        for left in sorted(work.iterdir()) if work.is_dir() else ():
            if claims.take(left.name) is None:
                self.clear(left.name)
                claims.release(left.name)
        if work.is_dir() and not any(work.iterdir()):
            work.rmdir()

    def _now(self, job: Job) -> str:
        try:
            return self.digest(job)
        except OSError:
            return ""  # the video is gone meanwhile

    def _path(self, name: str) -> Path:
        return self.folder / RECORDS / f"{name}.json"

    def _record(self, name: str) -> dict[str, Any] | None:
        try:
            held = json.loads(self._path(name).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        files = held.get("files") if isinstance(held, dict) else None
        if not isinstance(files, dict) or not all(isinstance(d, str) and _within(n) for n, d in files.items()):
            return None
        return dict(held)


def refused(job: Job, record: Mapping[str, Any]) -> list[tuple[Target, str]]:
    """The targets of a job that were not tracked, by its record, and for each a line with its place and why."""
    found = [(job.targets[place], why) for place, why in record.get("refused", [])]
    return [(target, f"{target.label}: {why}") for target, why in found]


def trouble(job: Job, record: Mapping[str, Any]) -> str:
    """Why a video failed, or which of its targets were not tracked, in one line; empty where all is well."""
    return "; ".join(why for _, why in refused(job, record)) or str(record.get("error", ""))


def fingerprint(path: Path) -> str:
    """A hash of a file's size, beginning and end; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            parts = [str(size).encode()]
            for place in (0, max(END, size - END)):
                file.seek(place)
                parts.append(file.read(END))
    except OSError:
        return ""
    return hashlib.sha256(b"".join(parts)).hexdigest()[:32]


def _within(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and not path.drive and ".." not in path.parts


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:24]
