"""Follows one sequence as often as its protocol plans, says how far that is, and what went wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running.plans import PLANS
from tracker.evaluation.running.protocols import PROTOCOLS, Pass, TrackerError
from tracker.evaluation.running.trackers import Entry
from tracker.evaluation.sequence import Sequence
from tracker.images import read_image
from tracker.processes.pool import Note

TELL = 0.25  # seconds between two words of how far a sequence is
SAME = 3  # equal repetitions after which there is no further one


@dataclass(frozen=True)
class Outcome:
    """How one sequence went. `error` is one line, empty where all is well; `bad_input` if the material is at fault.

    `left` says who else is at a sequence that was not run for this reason; `later` that it may yet be, once it is known
    whether that one still runs.
    """

    name: str
    frames: int = 0
    seconds: float = 0.0
    reading: float = 0.0
    error: str = ""
    bad_input: bool = False
    left: str = ""
    later: bool = False


def attempt(benchmark: Benchmark, sequence: Sequence, entry: Entry, note: Note) -> list[Pass] | Outcome:
    """The passes over a sequence, or what went wrong; `note` is told (frames so far, frames in all) on the way."""
    try:
        return repeat(benchmark, entry, sequence, note)
    except TrackerError as error:
        return Outcome(sequence.name, error=str(error))
    except InputError as error:
        return Outcome(sequence.name, error=str(error), bad_input=True)
    except Exception as error:  # memory, a disk that went away: the next sequence may do better
        return Outcome(sequence.name, error=f"{type(error).__name__}: {' '.join(str(error).split())}")


def repeat(benchmark: Benchmark, entry: Entry, sequence: Sequence, note: Note = lambda _: None) -> list[Pass]:
    """The passes over a sequence: one, or as the protocol plans; repetitions end after three that are equal."""
    protocol, passes, heard = PROTOCOLS[benchmark.protocol], list[Pass](), 0.0
    seen = past = 0

    def read(path: Path) -> Any:
        nonlocal seen, heard
        seen += 1
        if time.monotonic() - heard > TELL:
            heard = time.monotonic()
            note((past + seen, planned(plan, passes)))
        return (sequence.read or read_image)(path)

    plan = PLANS[benchmark.protocol](replace(sequence, read=read), benchmark.repetitions)
    for part in plan:
        seen = 0
        passes.append(protocol(entry.follower, part))
        past += len(part)
        if _equal(plan, passes):
            break
    return passes


def frames_of(benchmark: Benchmark, sequence: Sequence) -> int:
    """Frames that following a sequence will take, repetitions included."""
    return planned(PLANS[benchmark.protocol](sequence, benchmark.repetitions))


def planned(plan: list[Sequence], passes: list[Pass] | None = None) -> int:
    """Frames that the passes of a plan will have. Repetitions are taken to be equal until some were not."""
    equal = len(plan) > 1 and plan[0] is plan[-1] and len(passes or ()) < SAME
    return sum(map(len, plan[:SAME] if equal else plan))


def _equal(plan: list[Sequence], passes: list[Pass]) -> bool:
    repeated = len(plan) > 1 and plan[0] is plan[-1]
    return repeated and len(passes) == SAME and all(done.rows == passes[0].rows for done in passes)
