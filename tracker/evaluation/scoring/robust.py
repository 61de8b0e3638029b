"""Scores of the protocols beside one pass and VOT's supervised one: SRE, TRE, and VOT without re-initialisation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.measures import metrics
from tracker.evaluation.measures.overlap import rasterised_overlap
from tracker.evaluation.running.layouts import layout_of
from tracker.evaluation.running.plans import PLANS
from tracker.evaluation.scoring.results import TrackerResults, read_repetition, read_result
from tracker.evaluation.scoring.score import SCORERS, Rules, Scores, image_size, protocol_name, require, summary
from tracker.evaluation.sequence import Sequence


@SCORERS.register("sre")
@SCORERS.register("tre")
def _many_starts(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], tracker: TrackerResults, rules: Rules
) -> Scores:
    """The mean over the runs of a sequence, then over sequences."""
    parts: dict[str, metrics.OnePass] = {}
    for name, sequence in sequences.items():
        plan = PLANS[benchmark.protocol](sequence, benchmark.repetitions)
        paths = layout_of(benchmark, tracker.folder, name).results(len(plan))
        if any(path.is_file() for path in paths):
            runs = [_one(path, part, rules) for path, part in zip(paths, plan, strict=True)]
            parts[name] = metrics.mean(runs)
    require(parts, tracker, benchmark)
    return summary(benchmark, sequences, parts, rules)


def _one(path: Path, part: Sequence, rules: Rules) -> metrics.OnePass:
    try:
        return metrics.one_pass(part.boxes, read_result(path, part.truth), rules.invalid)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


@SCORERS.register("vot_unsupervised")
def _unsupervised(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], tracker: TrackerResults, rules: Rules
) -> Scores:
    """Average overlap after the first frame: over all frames pooled, and of each sequence."""
    parts: dict[str, Any] = {}
    for name, sequence in sequences.items():
        path = layout_of(benchmark, tracker.folder, name).results(1)[0]
        if path.is_file():
            boxes = np.array(read_repetition(path, sequence.truth)[1:], dtype=np.float64).reshape(-1, 4)
            bounds = image_size(sequence) if rules.bounded else None
            parts[name] = np.nan_to_num(rasterised_overlap(sequence.truth[1:], boxes, bounds))
    require(parts, tracker, benchmark)
    return {
        "ao": float(np.concatenate(list(parts.values())).mean()),
        "protocol": protocol_name(benchmark, rules),
        "sequences": benchmark.of(len(parts)),
        "frames": sum(len(sequences[name]) for name in parts),
        "per_sequence": {name: {"ao": float(part.mean()), "frames": len(part) + 1} for name, part in parts.items()},
    }
