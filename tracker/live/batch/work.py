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
Lists = tuple[list[tuple[int, Target]], list[tuple[int, str]]]  # by place in the job: targets to come; why not others


class Worker:
    """Tracks one video after another with one tracker."""

    def __init__(self, make: Callable[[], AnyTracker], wanted: Wanted) -> None:
        self.tracker, self.wanted = make(), wanted

    def __call__(self, task: tuple[Job, str], note: Note) -> dict[str, Any]:
        """Track a job into a folder, emptied first; what is to be remembered of it, as plain values.

        A target that is no good there is not tracked, and the others are as if it had not been asked for: `refused`
        holds its place in the job, and why. Where that is so with all of them, there is an `error` and nothing else.
        `note` is told the number of frames now and then. Raises InputError for a video that is no good.
        """
        job, folder = task[0], Path(task[1])
        shutil.rmtree(folder, ignore_errors=True)
        waiting, refused = list(enumerate(job.targets)), list[tuple[int, str]]()
        made: dict[str, Any] | None = None
        while waiting and made is None:
            with open_source(job.address, Span(waiting[0][1].frame)) as source:
                made = self._from_first(job, source, folder, (waiting, refused), note)
        return {**(made or {"error": "no target can be tracked"}), "refused": refused}

    def _from_first(self, job: Job, source: Source, folder: Path, lists: Lists, note: Note) -> dict[str, Any] | None:
        """Track from the first frame of `source`; None where no target can be tracked there."""
        waiting, refused = lists
        try:
            source.first()
        except InputError as error:
            why = str(error).removeprefix(f"{source.address}: ").partition("; ")[0]  # no hint to --start
            while waiting and waiting[0][1].frame <= source.span.start:
                refused.append((waiting.pop(0)[0], why))
            return None
        files = {kind: folder / Path(name).name for kind, name in self.wanted.files(job.name).items()}
        sinks: list[FileSink] = [Boxes(files["boxes"], self.wanted.form)]
        if "video" in files:
            sinks.append(Video(files["video"]))
        for sink in sinks:
            sink.expect(source)
            sink.keeps_parts = False  # it is done again instead
        tally, told = Tally(), time.monotonic()
        with Engine(source, follower_of(self.tracker, self.wanted.recover), [*sinks, tally]) as engine:
            before = len(refused)
            _add(engine, lists, engine.current.index)
            if len(refused) > before and not engine.targets:
                return None
            for step in engine:
                _add(engine, lists, step.index)
                if time.monotonic() - told > NEWS:
                    told = time.monotonic()
                    note(engine.summary.frames)
        last = tally.begin + tally.frames - 1
        refused += [(place, f"the video ends with frame {last}, before {t.frame}") for place, t in waiting]
        waiting.clear()
        if not engine.targets:
            return None
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


def _add(engine: Engine, lists: Lists, index: int) -> None:
    """Add the targets that begin in this frame, or refuse them."""
    waiting, refused = lists
    while waiting and waiting[0][1].frame <= index:
        place, target = waiting.pop(0)
        try:
            engine.add(target.box, target.name)
        except InputError as error:
            address = engine.source.address
            refused.append((place, str(error).removesuffix(f" ({address})").replace(f" of {address}", "")))
