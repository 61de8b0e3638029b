"""What is maximised: success of one pass (AO on GOT-10k), EAO of VOT with restarts, AO of VOT without."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.measures import metrics, vot
from tracker.evaluation.measures.overlap import rasterised_overlap
from tracker.evaluation.running.plans import PLANS
from tracker.evaluation.running.protocols import PROTOCOLS, Row
from tracker.evaluation.running.trackers import Follower
from tracker.evaluation.sequence import Sequence
from tracker.registry import Registry

DIGITS = 4  # of a coordinate in a result file, so that the figures are those of `siamsa evaluate`


@dataclass(frozen=True)
class Measured:
    """One sequence with one set of constants: its own figure 0..1, and what the figure of all is made of."""

    score: float
    material: Any


@dataclass(frozen=True)
class Objective:
    """`metric` names the figure, `measure` follows one sequence, `total` is the figure of all of them."""

    metric: Callable[[Benchmark], str]
    measure: Callable[[Benchmark, Follower, Sequence], Measured]
    total: Callable[[Benchmark, Many[Measured]], float]


OBJECTIVES: Registry[Objective] = Registry("protocol to tune on")


def check(benchmark: Benchmark, sequences: Many[Sequence]) -> None:
    """Raise InputError where these sequences have no figure: no ground truth, or too short for the lengths of EAO."""
    given = next((s.name for s in sequences if s.given), None)
    if given:
        raise InputError(f"{benchmark.title}: {given} has its first box only; tune on sequences with ground truth")
    if benchmark.protocol != "vot_supervised":
        return
    if benchmark.eao is None:
        raise InputError(f"benchmark {benchmark.name}: has no `eao: [low, high]`, the figure to tune for")
    longest = max(map(len, sequences))
    if longest < benchmark.eao[0]:
        raise InputError(f"{benchmark.title}: EAO begins at {benchmark.eao[0]} frames; the longest here has {longest}")


def _rows(follower: Follower, benchmark: Benchmark, sequence: Sequence) -> list[Row]:
    rows = PROTOCOLS[benchmark.protocol](follower, sequence).rows
    return [tuple(round(v, DIGITS) for v in row) for row in rows]


def _one_pass(benchmark: Benchmark, follower: Follower, sequence: Sequence) -> Measured:
    plan = PLANS[benchmark.protocol](sequence, 1)
    runs = [
        metrics.one_pass(
            part.boxes, _rows(follower, benchmark, part), benchmark.invalid, skip_first=benchmark.skip_first
        )
        for part in plan
    ]
    found = metrics.mean(runs)
    return Measured(found.ao if benchmark.skip_first else found.success, found)


def _mean(benchmark: Benchmark, parts: Many[Measured]) -> float:
    runs = [part.material for part in parts]
    found = metrics.mean(runs, [run.counted for run in runs] if benchmark.pooled else None)
    return found.ao if benchmark.skip_first else found.success


_ONE_PASS = Objective(lambda benchmark: "AO" if benchmark.skip_first else "success", _one_pass, _mean)
for _name in ("ope", "sre", "tre"):
    OBJECTIVES.register(_name)(_ONE_PASS)


def _supervised(benchmark: Benchmark, follower: Follower, sequence: Sequence) -> Measured:
    # One repetition: the tracker is deterministic, and equal ones weigh what one does.
    run = vot.compare(_rows(follower, benchmark, sequence), sequence.truth)
    return Measured(float(np.nansum(run.overlaps)) / len(sequence), vot.supervised([run]))


def _eao(benchmark: Benchmark, parts: Many[Measured]) -> float:
    assert benchmark.eao is not None  # `check` saw to that
    found = vot.eao(vot.expected_overlap([part.material for part in parts]), benchmark.eao)
    return 0.0 if math.isnan(found) else found


OBJECTIVES.register("vot_supervised")(Objective(lambda _: "EAO", _supervised, _eao))


def _unsupervised(benchmark: Benchmark, follower: Follower, sequence: Sequence) -> Measured:
    boxes = np.array(_rows(follower, benchmark, sequence)[1:], dtype=np.float64).reshape(-1, 4)
    overlaps = np.nan_to_num(rasterised_overlap(sequence.truth[1:], boxes, None))
    return Measured(float(overlaps.mean()) if len(overlaps) else 0.0, overlaps)


def _pooled(benchmark: Benchmark, parts: Many[Measured]) -> float:
    return float(np.concatenate([part.material for part in parts]).mean())


OBJECTIVES.register("vot_unsupervised")(Objective(lambda _: "AO", _unsupervised, _pooled))
