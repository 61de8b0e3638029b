"""One video from its first box to its end: done in a worker, into a folder from which complete files are moved."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.errors import InputError
from tracker.formats import FORMATS
from tracker.live.batch.jobs import Job
from tracker.live.batch.rows import Target
from tracker.live.batch.tally import Tally
from tracker.live.engine import Engine
from tracker.live.followers import AnyTracker, follower_of
from tracker.live.sinks import FileSink
from tracker.live.sinks.boxes import Boxes
from tracker.live.sinks.video import Video
from tracker.live.sources import Source, Span, open_source

NEWS = 0.5  # seconds between two words of how far it is
BOXES, VIDEOS = "boxes", "videos"  # where the results go


@dataclass(frozen=True)
class Wanted:
    """What is wanted of every video: boxes in this form, a video with them drawn, a search for lost targets."""

    form: str = "csv"
    video: bool = False
    recover: bool = True

    def files(self, name: str) -> dict[str, str]:
        """Kinds of results and their files, in the folder of all results."""
        files = {"boxes": f"{BOXES}/{name}{FORMATS[self.form].endings[0]}"}
        return files | ({"video": f"{VIDEOS}/{name}.mp4"} if self.video else {})


Note = Callable[[Any], None]


class Worker:
    """Tracks one video after another with one tracker."""

    def __init__(self, make: Callable[[], AnyTracker], wanted: Wanted) -> None:
        self.tracker, self.wanted = make(), wanted

    def __call__(self, task: tuple[Job, str], note: Note) -> dict[str, Any]:
        """Track a job into a folder, emptied first; what is to be remembered of it, as plain values.

        `note` is told the number of frames now and then. Raises InputError for a video or box that is no good.
        """
        job, folder = task[0], Path(task[1])
        shutil.rmtree(folder, ignore_errors=True)
        files = {kind: folder / Path(name).name for kind, name in self.wanted.files(job.name).items()}
        boxes = Boxes(files["boxes"], self.wanted.form)
        video = [Video(files["video"])] if "video" in files else []
        with open_source(job.address, Span(job.targets[0].frame)) as source:
            source.first()
            for sink in [boxes, *video]:
                sink.expect(source)
            return self._follow(job, source, [boxes, *video], note)

    def _follow(self, job: Job, source: Source, files: list[FileSink], note: Note) -> dict[str, Any]:
        tally, waiting, told = Tally(), list(job.targets), time.monotonic()
        with Engine(source, follower_of(self.tracker, self.wanted.recover), [*files, tally]) as engine:
            _add(engine, waiting, engine.current.index)
            for step in engine:
                _add(engine, waiting, step.index)
                if time.monotonic() - told > NEWS:
                    told = time.monotonic()
                    note(engine.summary.frames)
        if waiting:
            last = tally.begin + tally.frames - 1
            raise InputError(f"{job.video}: ends with frame {last}, before {waiting[0].frame} where a target begins")
        return {
            "begin": tally.begin,
            "frames": tally.frames,
            "bad": engine.summary.bad,
            "seconds": round(engine.summary.elapsed, 3),
            "size": source.size,
            "rate": round(source.fps, 3),
            "ended": source.ended,
            "targets": tally.targets(),
        }


def _add(engine: Engine, waiting: list[Target], index: int) -> None:
    """Add the targets that begin in this frame."""
    while waiting and waiting[0].frame <= index:
        target = waiting.pop(0)
        engine.add(target.box, target.name)
