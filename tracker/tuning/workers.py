"""Processes that follow sequences for a trial. Each has sequences of its own, whose frames and crops it remembers.

The parent alone decides and writes; a worker is told constants and a sequence, and says how that went. One that is
ended from outside is replaced and its sequence given out again; one whose parent is ended ends itself.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Any

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.trackers import Choice
from tracker.tuning.objective import OBJECTIVES, Measured
from tracker.tuning.space import Values, with_values

TICK = 1.0  # seconds between two looks at what else there is to do
SHARE = 0.25  # of a worker's memory for the network's maps: some 40 times smaller than a frame, and dearer to make
MOST_DEATHS = 3


@dataclass(frozen=True)
class Setup:
    """What a worker needs: plain values. `memory` is that of one worker, megabytes; 0 remembers nothing."""

    benchmark: Benchmark
    choice: Choice
    sequences: tuple[Sequence, ...]
    memory: float


@dataclass(frozen=True)
class Done:
    """How a sequence (by its number) went in a trial; `asked` and `known` count crops since the worker began."""

    trial: int
    sequence: int
    measured: Measured | None
    asked: int = 0
    known: int = 0
    error: str = ""
    bad_input: bool = False


class Pool:
    """Workers that share the sequences of one trial after another."""

    def __init__(self, setup: Setup, workers: int) -> None:
        self.setup = setup
        self.counts: dict[int, tuple[int, int]] = {}
        self._owner = _share_out([len(s) for s in setup.sequences], max(1, workers))
        self._deaths = 0
        self._workers = [_Worker(setup) for _ in range(min(workers, len(setup.sequences)))]

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers."""
        return [worker.process.pid or 0 for worker in self._workers]

    @property
    def known(self) -> tuple[int, int]:
        """Crops that the network was asked for, and how many of them were known."""
        asked, known = zip(*self.counts.values(), strict=True) if self.counts else ((0,), (0,))
        return sum(asked), sum(known)

    def run(self, trial: int, values: Values) -> Iterator[Done | None]:
        """Follow all sequences; yields each as it ends, and None about once a second.

        Left early, no further sequence is begun. Raises InputError or RuntimeError for what went wrong in a worker.
        """
        todo = list(range(len(self.setup.sequences)))
        missing = len(todo)
        while missing:
            for mine, worker in enumerate(self._workers):
                if todo and worker.task is None:
                    # Its own first; then the last of another's, which that one would come to last.
                    own = [number for number in todo if self._owner[number] == mine]
                    number = own[0] if own else todo[-1]
                    todo.remove(number)
                    worker.give(trial, values, number)
            found = self._collect(trial, todo)
            missing -= len(found)
            if not found:
                yield None
            yield from found
        self._deaths = 0

    def close(self) -> None:
        """End the workers, whatever they do."""
        for worker in self._workers:
            worker.end()

    def _collect(self, trial: int, todo: list[int]) -> list[Done]:
        """What has arrived for this trial; what an abandoned one left behind is dropped."""
        ready = set(wait([worker.connection for worker in self._workers], TICK))
        found = []
        for mine, worker in enumerate(self._workers):
            if worker.connection not in ready:
                continue
            try:
                done: Done = worker.connection.recv()
            except (EOFError, OSError):
                self._replace(mine, trial, todo)
                continue
            worker.task = None
            self.counts[worker.process.pid or 0] = (done.asked, done.known)
            if done.trial != trial:
                continue
            if done.error:
                raise (InputError if done.bad_input else RuntimeError)(done.error)
            found.append(done)
        return found

    def _replace(self, mine: int, trial: int, todo: list[int]) -> None:
        worker = self._workers[mine]
        worker.end()
        self._deaths += 1
        if self._deaths > MOST_DEATHS:
            raise RuntimeError("workers were ended from outside (out of memory?); the same command goes on")
        if worker.task is not None and worker.task[0] == trial:
            todo.insert(0, worker.task[1])
        self._workers[mine] = _Worker(self.setup)


class _Worker:
    """One process, and the trial and sequence that it is at."""

    def __init__(self, setup: Setup) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, setup), daemon=True)
        self.process.start()
        theirs.close()
        self.task: tuple[int, int] | None = None

    def give(self, trial: int, values: Values, sequence: int) -> None:
        self.task = (trial, sequence)
        try:
            self.connection.send((trial, values, sequence))
        except OSError:
            return  # it has ended; the next wait on its connection shows that

    def end(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


def _share_out(lengths: Many[int], workers: int) -> list[int]:
    """The worker of each sequence, so that all have about as many frames: the longest first, to who has least."""
    loads, owner = [0] * workers, [0] * len(lengths)
    for number in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        owner[number] = loads.index(min(loads))
        loads[owner[number]] += lengths[number]
    return owner


def _serve(connection: Connection, setup: Setup) -> None:
    """In a worker: follow what comes, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    attendant: _Attendant | None = None
    while True:
        try:
            trial, values, number = connection.recv()
        except (EOFError, OSError):
            return
        try:
            attendant = attendant or _Attendant(setup)
            done = attendant.follow(trial, values, number)
        except Exception as error:
            text = f"{setup.sequences[number].name}: {' '.join(str(error).split()) or type(error).__name__}"
            done = Done(trial, number, None, error=text, bad_input=isinstance(error, InputError))
        try:
            connection.send(done)
        except OSError:
            return


class _Attendant:
    """A tracker that takes constants, and ends the process once its parent is gone."""

    def __init__(self, setup: Setup) -> None:
        import tracker
        from tracker.tuning.reuse import Frames, Remembering

        choice, memory = setup.choice, setup.memory * 1e6
        self.tracker = tracker.load(
            choice.checkpoint, choice.experiment, choice.device, choice.precision, choice.overrides, choice.threads
        )
        self.config = self.tracker.config
        self.benchmark, self.sequences = setup.benchmark, setup.sequences
        self.runtime = Remembering(self.tracker.runtime, SHARE * memory)
        if memory:
            frames = Frames((1 - SHARE) * memory)
            self.tracker.runtime = self.runtime
            self.sequences = tuple(replace(s, read=frames) for s in setup.sequences)
        self._looked = 0.0

    def follow(self, trial: int, values: Values, number: int) -> Done:
        """One sequence with these constants."""
        self.tracker.config = with_values(self.config, values)
        measure = OBJECTIVES[self.benchmark.protocol].measure
        measured = measure(self.benchmark, self, self.sequences[number])
        return Done(trial, number, measured, self.runtime.asked, self.runtime.known)

    def init(self, frame: Any, box: Any) -> None:
        self.tracker.init(frame, box)

    def update(self, frame: Any) -> Any:
        now = time.monotonic()
        if now - self._looked > TICK:
            self._looked = now
            parent = multiprocessing.parent_process()
            if parent is not None and not parent.is_alive():
                raise SystemExit
        return self.tracker.update(frame)
