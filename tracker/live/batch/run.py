"""Runs a batch: in this process or in several, stopped and gone on with at any moment.

Whatever goes wrong with a video (the file, its box, the process that tracked it, the disk) costs this video only. A
worker that is ended from outside is replaced, and its video given out once more.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2

from tracker.errors import InputError
from tracker.live.batch.jobs import Job
from tracker.live.batch.records import Store, trouble
from tracker.live.batch.work import Wanted, Worker
from tracker.live.followers import AnyTracker
from tracker.processes.claims import Claims
from tracker.processes.owners import shown
from tracker.processes.pool import Event, Failure, Pool

TICK = 1.0  # seconds between two looks at the workers
Make = Callable[[], AnyTracker]  # can be sent to another process
Watch = Callable[[str, int], None]  # a video's name, and its frames so far


@dataclass(frozen=True)
class Outcome:
    """How a video went: `error` says why it failed, `partly` which of its targets could not be tracked, `left` who else
    is at it; `before`: nothing had to be done."""

    name: str
    frames: int = 0
    seconds: float = 0.0
    error: str = ""
    partly: str = ""
    left: str = ""
    before: bool = False


def execute(
    store: Store,
    jobs: Sequence[Job],
    make: Make,
    workers: int = 1,
    *,
    threads: int = 1,
    retry_failed: bool = False,
    watch: Watch | None = None,
) -> Generator[Outcome, None, None]:
    """Track all videos that are not done, and yield how each went.

    With `workers` 0 they are tracked in this process. A video that failed before and is as it was is only tried again
    with `retry_failed`. Videos that another command is at are left to it. Raises InputError or RuntimeError where
    there is no tracker to run.
    """
    for job in jobs:
        store.check_free(job)
    watch = watch or (lambda *_: None)
    claims = store.claims()
    queue = _Queue(store, claims, list(jobs), retry_failed)
    try:
        store.clear_all(claims)
        yield from _in_pool(queue, make, workers, threads, watch) if workers else _here(queue, make, watch)
    finally:
        claims.close()
        store.clear_all(claims)


class _Queue:
    """Hands out the videos that are to be done and that this command has claimed."""

    def __init__(self, store: Store, claims: Claims, todo: list[Job], retry_failed: bool) -> None:
        self.store, self.claims, self.todo, self.retry_failed = store, claims, todo, retry_failed
        self._digests: dict[str, str] = {}
        self._again: set[str] = set()

    def next(self) -> Job | Outcome | None:
        """The next video to track, how one stands that is not to be tracked, or None at the end."""
        if not self.todo:
            return None
        job = self.todo.pop(0)
        try:
            held = self.claims.take(job.name)
            if held is not None:
                return Outcome(job.name, left=shown(held.owner))
            record = self.store.read(job)
            if record is None or (record.get("error") and self.retry_failed):
                self._digests[job.name] = self.store.digest(job)
                return job
        except (InputError, OSError) as error:
            self.claims.release(job.name)
            return Outcome(job.name, error=str(error))
        self.claims.release(job.name)
        return _outcome(job, record, before=True)

    def settle(self, job: Job, made: dict[str, Any] | Failure) -> Outcome | None:
        """Keep what came of a video, and give it back. None: it is tried once more."""
        if isinstance(made, Failure) and made.died and job.name not in self._again:
            self._again.add(job.name)
            self.todo.insert(0, job)
            self.store.clear(job.name)
            self.claims.release(job.name)
            return None
        found = _with_paths_shown(job, {"error": made.text} if isinstance(made, Failure) else made)
        try:
            self.store.keep(job, self._digests[job.name], found)
        except InputError as error:
            found = {"error": str(error)}
        finally:
            self.claims.release(job.name)
        return _outcome(job, found)


def _with_paths_shown(job: Job, made: dict[str, Any]) -> dict[str, Any]:
    """Messages name the video as its table does, for results are handed on."""
    refused = [[place, why.replace(job.address, job.shown)] for place, why in made.get("refused", [])]
    error = {"error": made["error"].replace(job.address, job.shown)} if "error" in made else {}
    return {**made, **error, "refused": refused}


def _outcome(job: Job, record: Mapping[str, Any], before: bool = False) -> Outcome:
    told = {"error" if record.get("error") else "partly": trouble(job, record)}
    seconds = 0.0 if before else record.get("seconds", 0.0)
    return Outcome(job.name, int(record.get("frames", 0)), seconds, **told, before=before)


class _Attendant(Worker):
    """In a worker process: its share of the cores also for OpenCV."""

    def __init__(self, make: Make, wanted: Wanted, threads: int) -> None:
        cv2.setNumThreads(threads)
        super().__init__(make, wanted)


def _here(queue: _Queue, make: Make, watch: Watch) -> Iterator[Outcome]:
    worker: Worker | None = None
    while (found := queue.next()) is not None:
        if isinstance(found, Outcome):
            yield found
            continue
        worker = worker or Worker(make, queue.store.wanted)
        made: dict[str, Any] | Failure
        try:
            made = worker((found, str(queue.store.place(found))), partial(watch, found.name))
        except Exception as error:
            text = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            made = Failure(" ".join(text.split()), isinstance(error, InputError))
        outcome = queue.settle(found, made)
        if outcome is not None:
            yield outcome


def _in_pool(queue: _Queue, make: Make, workers: int, threads: int, watch: Watch) -> Iterator[Outcome]:
    found = queue.next()
    while isinstance(found, Outcome):  # nothing is started where there is nothing to do
        yield found
        found = queue.next()
    if found is None:
        return
    make_worker = partial(_Attendant, make, queue.store.wanted, threads)
    with Pool(make_worker, min(workers, 1 + len(queue.todo))) as pool:
        waiting: Job | None = found
        while waiting is not None or queue.todo or len(pool.free()) < len(pool.pids):
            for number in pool.free():
                while waiting is None and (found := queue.next()) is not None:
                    if isinstance(found, Outcome):
                        yield found
                    else:
                        waiting = found
                if waiting is not None:
                    pool.give(number, (waiting, str(queue.store.place(waiting))))
                    waiting = None
            for event in pool.events(TICK):
                outcome = _heard(queue, event, watch)
                if outcome is not None:
                    yield outcome


def _heard(queue: _Queue, event: Event, watch: Watch) -> Outcome | None:
    """What news of a worker come to; None where they are not of an end."""
    job: Job = event.task[0]
    if event.kind == "note":
        watch(job.name, event.value)
        return None
    if isinstance(event.value, Failure) and event.value.opening:
        raise (InputError if event.value.bad_input else RuntimeError)(event.value.text)
    return queue.settle(job, event.value)
