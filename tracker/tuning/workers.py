"""Processes that follow sequences for a trial. Each has sequences of its own, whose frames and crops it remembers.

One that is ended from outside is replaced and its sequence given out again.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from functools import partial

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running.trackers import Choice
from tracker.evaluation.sequence import Sequence
from tracker.processes import pool
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

    sequence: int
    measured: Measured
    asked: int
    known: int


class Pool:
    """Workers that share the sequences of one trial after another."""

    def __init__(self, setup: Setup, workers: int) -> None:
        self.setup = setup
        self.counts: dict[int, tuple[int, int]] = {}
        self._owner = _share_out([len(s) for s in setup.sequences], max(1, workers))
        self._deaths = 0
        self._pool = pool.Pool(partial(_Attendant, setup), min(workers, len(setup.sequences)))

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers."""
        return self._pool.pids

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
            for mine in self._pool.free()[: len(todo)]:
                # Its own first; then the last of another's, which that one would come to last.
                own = [number for number in todo if self._owner[number] == mine]
                number = own[0] if own else todo[-1]
                todo.remove(number)
                self._pool.give(mine, (trial, values, number))
            found = self._collect(trial, todo)
            missing -= len(found)
            if not found:
                yield None
            yield from found
        self._deaths = 0

    def close(self) -> None:
        """End the workers, whatever they do."""
        self._pool.close()

    def _collect(self, trial: int, todo: list[int]) -> list[Done]:
        """What has arrived for this trial; what an abandoned one left behind is dropped."""
        found = []
        for event in self._pool.events(TICK):
            mine, _, number = event.task
            failure = event.value if isinstance(event.value, pool.Failure) else None
            if failure is not None and failure.died:
                self._deaths += 1
                if self._deaths > MOST_DEATHS:
                    raise RuntimeError(
                        f"workers were ended from outside ({failure.text}; out of memory?); the same command goes on"
                    )
                if mine == trial:
                    todo.insert(0, number)
                continue
            if failure is None:
                self.counts[event.pid] = (event.value.asked, event.value.known)
            if mine != trial:
                continue
            if failure is not None:
                text = failure.text if failure.opening else f"{self.setup.sequences[number].name}: {failure.text}"
                raise (InputError if failure.bad_input else RuntimeError)(text)
            found.append(event.value)
        return found


def _share_out(lengths: Many[int], workers: int) -> list[int]:
    """The worker of each sequence, so that all have about as many frames: the longest first, to who has least."""
    loads, owner = [0] * workers, [0] * len(lengths)
    for number in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        owner[number] = loads.index(min(loads))
        loads[owner[number]] += lengths[number]
    return owner


class _Attendant:
    """In a worker: a tracker that takes constants."""

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

    def __call__(self, task: tuple[int, Values, int], note: pool.Note) -> Done:
        """One sequence with these constants."""
        _, values, number = task
        self.tracker.config = with_values(self.config, values)
        measure = OBJECTIVES[self.benchmark.protocol].measure
        measured = measure(self.benchmark, self.tracker, self.sequences[number])
        return Done(number, measured, self.runtime.asked, self.runtime.known)
