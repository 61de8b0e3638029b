"""Runs a tracker over a benchmark: many processes, many machines, stopped and resumed at any moment.

What is finished, `records` says; who is at what, `claims`. Whatever goes wrong with a sequence (its images, the
tracker, the process that followed it, the disk) costs this sequence only.
"""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.readers import open_reader
from tracker.evaluation.running.layouts import LAYOUTS
from tracker.evaluation.running.passes import Outcome, attempt
from tracker.evaluation.running.protocols import PROTOCOLS, Pass
from tracker.evaluation.running.records import Store, keep, open_store
from tracker.evaluation.running.trackers import Choice, Entry, open_tracker
from tracker.evaluation.sequence import Sequence
from tracker.processes.claims import Claims
from tracker.processes.owners import shown
from tracker.processes.pool import Event, Failure, Note, Pool

POLL = 1.0  # seconds between two looks at what others are at

Watch = Callable[[str, int, int], None]  # a sequence, its frames so far, and how many they will be


class WorkerError(RuntimeError):
    """A worker could not open the tracker that this process could."""


@dataclass(frozen=True)
class Job:
    """What to run: plain values, so that it can be sent to other processes."""

    store: Store
    choice: Choice

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.store.folder


def describe(benchmark: Benchmark, entry: Entry) -> dict[str, Any]:
    """Everything that results depend on, as plain values."""
    return {"benchmark": benchmark.name, "protocol": benchmark.protocol, **entry.identity}


def require_known(benchmark: Benchmark) -> None:
    """Raise InputError where a benchmark names a protocol or a layout of results that there is not."""
    try:
        PROTOCOLS[benchmark.protocol], LAYOUTS[benchmark.results or benchmark.protocol]
    except ValueError as error:
        raise InputError(f"benchmark {benchmark.name}: {error}") from None


def prepare(benchmark: Benchmark, choice: Choice, entry: Entry, output: Path, overwrite: bool = False) -> Job:
    """Claim `<output>/<tracker>` for this configuration, as `records.open_store` does. Raises InputError."""
    require_known(benchmark)
    return Job(open_store(benchmark, output / entry.label, describe(benchmark, entry), overwrite), choice)


def sequences_of(
    benchmark: Benchmark, root: Path, shard: tuple[int, int] = (1, 1)
) -> tuple[list[Sequence], list[Outcome], int]:
    """The sequences of shard `i` of `n` (from 1), those of it that are damaged, and how many are there in all.

    Raises InputError where nothing is there.
    """
    reader = open_reader(benchmark, root)
    names, (index, count) = reader.available(), shard
    good, bad = [], []
    for name in names[index - 1 :: count]:
        try:
            good.append(reader.read(name))
        except InputError as error:
            bad.append(Outcome(name, error=str(error), bad_input=True))
    return good, bad, len(names)


def pending(store: Store, sequences: Iterable[Sequence], overwrite: bool = False) -> list[Sequence]:
    """The sequences that are not finished. Raises InputError for a result that no run of ours has written."""
    todo = []
    for sequence in sequences:
        files = store.files(sequence.name)
        if not files.record.exists() and not overwrite:
            present = next((path for path in files.results(1) if path.exists()), None)
            if present:
                raise InputError(f"{present}: no record says that this run wrote it; move it, or --overwrite")
        if overwrite or not store.finished(sequence):
            todo.append(sequence)
    return todo


def execute(
    job: Job, todo: list[Sequence], entry: Entry, workers: int = 1, watch: Watch | None = None, overwrite: bool = False
) -> Generator[Outcome, None, None]:
    """Run sequences and yield each as it ends; with many workers longest first, so that these end together.

    Sequences that another command is at are left to it; one that may be at them still is mentioned first (`later`).
    Raises WorkerError where a worker has no tracker to run.
    """
    order = sorted(todo, key=len, reverse=True) if workers > 1 else list(todo)
    claims = job.store.claims()
    queue, watch = _Queue(job.store, claims, order, overwrite), watch or (lambda *_: None)
    try:
        if workers > 1:
            yield from _in_pool(job, queue, min(workers, len(order)), watch)
        else:
            yield from _here(job, queue, entry, watch)
    finally:
        claims.close()


class _Queue:
    """Hands out the sequences that this command has claimed, and what became of those that it cannot claim."""

    def __init__(self, store: Store, claims: Claims, todo: list[Sequence], overwrite: bool) -> None:
        self.store, self.claims, self.todo, self.overwrite = store, claims, list(todo), overwrite
        self._told: set[str] = set()

    def next(self) -> Sequence | Outcome | None:
        """The next sequence to run; how one went that is not to be run; None where only waiting helps."""
        for sequence in list(self.todo):
            try:
                held = self.claims.take(sequence.name)
            except InputError as error:
                self.todo.remove(sequence)
                return Outcome(sequence.name, error=str(error), bad_input=True)
            if held is not None and held.runs is None:  # on another machine: its next beat tells
                if sequence.name in self._told:
                    continue
                self._told.add(sequence.name)
                return Outcome(sequence.name, left=shown(held.owner), later=True)
            self.todo.remove(sequence)
            if held is not None:
                return Outcome(sequence.name, left=shown(held.owner))
            if self.overwrite or not self.store.finished(sequence):
                return sequence
            self.claims.release(sequence.name)
            return Outcome(sequence.name, left="another command, which has finished it")
        return None

    def settle(self, sequence: Sequence, came: list[Pass] | Outcome) -> Outcome:
        """Keep what came of a sequence, and give it back."""
        try:
            return came if isinstance(came, Outcome) else _keep(self.store, sequence, came)
        except InputError as error:
            return Outcome(sequence.name, error=str(error), bad_input=True)
        finally:
            self.claims.release(sequence.name)


def _here(job: Job, queue: _Queue, entry: Entry, watch: Watch) -> Iterator[Outcome]:
    while queue.todo:
        found = queue.next()
        if isinstance(found, Sequence):
            yield queue.settle(found, attempt(job.store.benchmark, found, entry, partial(_pass_on, watch, found.name)))
        elif found is not None:
            yield found
        else:
            time.sleep(POLL)


def _pass_on(watch: Watch, name: str, news: tuple[int, int]) -> None:
    watch(name, *news)


def _in_pool(job: Job, queue: _Queue, workers: int, watch: Watch) -> Iterator[Outcome]:
    with Pool(partial(_Follow, job), workers) as pool:
        while queue.todo or len(pool.free()) < workers:
            for number in pool.free():
                found = queue.next() if queue.todo else None
                while isinstance(found, Outcome):
                    yield found
                    found = queue.next()
                if found is not None:
                    pool.give(number, found)
            for event in pool.events(POLL):
                if event.kind == "note":
                    watch(event.task.name, *event.value)
                else:
                    yield queue.settle(event.task, _came(event))


def _came(event: Event) -> list[Pass] | Outcome:
    came: list[Pass] | Outcome | Failure = event.value
    if not isinstance(came, Failure):
        return came
    if came.opening:
        raise WorkerError(f"a worker could not open the tracker: {came.text}")
    return Outcome(event.task.name, error=came.text, bad_input=came.bad_input)


class _Follow:
    """In a worker: the tracker, opened once."""

    def __init__(self, job: Job) -> None:
        self.benchmark, self.entry = job.store.benchmark, open_tracker(job.choice)

    def __call__(self, sequence: Sequence, note: Note) -> list[Pass] | Outcome:
        return attempt(self.benchmark, sequence, self.entry, note)


def _keep(store: Store, sequence: Sequence, passes: list[Pass]) -> Outcome:
    """Write the files of a sequence."""
    frames, reading = sum(len(done.seconds) for done in passes), sum(done.reading for done in passes)
    spent = sum(sum(done.seconds) for done in passes)
    keep(store, sequence, store.files(sequence.name).texts(passes), len(passes), spent, reading)
    return Outcome(sequence.name, frames, spent, reading)


def submission(store: Store, names: Iterable[str]) -> Path:
    """Zip the results of these sequences beside the tracker's folder, as GOT-10k's server takes them."""
    path = store.folder.with_name(f"{store.folder.name}.zip")
    partly = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partly, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                files = store.files(name)
                for file in (*files.results(1), *files.times(1)):
                    archive.write(file, file.relative_to(store.folder).as_posix())
        os.replace(partly, path)
    finally:
        partly.unlink(missing_ok=True)
    return path
