"""Scores of result folders against annotations, as plain dictionaries: what `siamsa evaluate score` writes."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from collections.abc import Sequence as Many
from pathlib import Path
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.measures import metrics, vot
from tracker.evaluation.readers import open_reader
from tracker.evaluation.readers.vot import COLUMNS
from tracker.evaluation.running.layouts import layout_of
from tracker.evaluation.scoring.naming import Rules as Rules
from tracker.evaluation.scoring.naming import protocol_name as protocol_name
from tracker.evaluation.scoring.results import TrackerResults, read_repetition, read_result
from tracker.evaluation.sequence import Floats, Sequence
from tracker.evaluation.text import key, read_boxes
from tracker.registry import Registry

Scores = dict[str, Any]


Scorer = Callable[[Benchmark, Mapping[str, Sequence], TrackerResults, Rules], Scores]
SCORERS: Registry[Scorer] = Registry("protocol to score")


def from_folder(benchmark: Benchmark, folder: Path) -> dict[str, Sequence]:
    """Ground truth from `<sequence>.txt` files, by the benchmark's names and in its order. Raises InputError."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; --annotations is a folder with one <sequence>.txt each")
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.txt")):
        if path.name != "list.txt":
            files.setdefault(key(path.stem), []).append(path)
    found = {}
    for name in benchmark.sequences or [paths[0].stem for paths in files.values()]:
        paths = files.get(key(name), [])
        if len(paths) > 1:
            raise InputError(f"{paths[0]} and {paths[1]}: both are annotations of {name}; keep one of them")
        if not paths:
            continue
        truth = read_boxes(paths[0], COLUMNS)
        first, last = benchmark.frames.get(name, (1, len(truth)))
        if len(truth) == last and first > 1:
            truth = truth[first - 1 :]
        found[name] = Sequence(name, (), truth, benchmark.origin, _attributes(benchmark, name))
    if not found:
        raise InputError(f"{folder}: no annotation of {benchmark.title} in it; expected <sequence>.txt")
    benchmark.require_at_most(len(found), folder)
    return found


def from_root(benchmark: Benchmark, root: Path, trackers: Many[TrackerResults] | None = None) -> dict[str, Sequence]:
    """Ground truth (and frames, of sequences that have them all) from the benchmark's own folder.

    Raises InputError: damaged ground truth; with `trackers`, only of sequences that one of them has a result of.
    """
    reader = open_reader(benchmark, root, images=False)
    names = reader.available()
    sequences = {}
    for name in names:
        try:
            sequences[name] = reader.read(name)
        except InputError:
            if trackers is None or any(files_of(benchmark, names, tracker, name) for tracker in trackers):
                raise
    if all(s.given for s in sequences.values()):
        raise InputError(f"{root}: holds first boxes only; results on {benchmark.title} are scored by its server")
    benchmark.require_at_most(len(sequences), root)
    return sequences


def score(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], trackers: list[TrackerResults], rules: Rules
) -> dict[str, Scores]:
    """Scores by tracker. Raises InputError: a damaged result, none for any sequence, or rules that do not apply."""
    import tracker.evaluation.scoring.robust  # noqa: F401 (registers the other protocols)

    if rules.bounded and not benchmark.protocol.startswith("vot"):
        raise InputError(f"--bounded: is for VOT's protocols; {benchmark.title} ({benchmark.protocol}) cuts no region")
    scorer = SCORERS[benchmark.protocol]
    return {tracker.name: scorer(benchmark, sequences, tracker, rules) for tracker in trackers}


def common(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], trackers: list[TrackerResults]
) -> dict[str, Sequence]:
    """The sequences that every tracker has a result of. Raises InputError where there are none."""
    shared = {n: s for n, s in sequences.items() if all(files_of(benchmark, sequences, t, n) for t in trackers)}
    if not shared:
        raise InputError(f"no sequence of {benchmark.title} has a result of every tracker")
    return shared


def files_of(benchmark: Benchmark, names: Collection[str], tracker: TrackerResults, name: str) -> list[Path]:
    """The results of a sequence among `names`: one, or the repetitions of a supervised run. Raises InputError."""
    if benchmark.protocol == "vot_supervised":
        return tracker.runs(name)
    if benchmark.protocol != "ope":
        return [path for path in layout_of(benchmark, tracker.folder, name).results(1) if path.is_file()]
    stem = name.rpartition("-")[0]
    path = tracker.find(name, sum(other.rpartition("-")[0] == stem for other in names) if stem else 1)
    return [path] if path else []


@SCORERS.register("ope")
def _one_pass(benchmark: Benchmark, sequences: Mapping[str, Sequence], tracker: TrackerResults, rules: Rules) -> Scores:
    parts: dict[str, metrics.OnePass] = {}
    for name, sequence in sequences.items():
        for path in files_of(benchmark, sequences, tracker, name):
            boxes = read_result(path, sequence.truth)
            try:
                parts[name] = metrics.one_pass(sequence.boxes, boxes, rules.invalid, skip_first=benchmark.skip_first)
            except ValueError as error:
                raise InputError(f"{path}: {error}") from None
    require(parts, tracker, benchmark)
    return summary(benchmark, sequences, parts, rules)


@SCORERS.register("vot_supervised")
def _supervised(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], tracker: TrackerResults, rules: Rules
) -> Scores:
    parts: dict[str, vot.Supervised] = {}
    for name, sequence in sequences.items():
        bounds = image_size(sequence) if rules.bounded else None
        runs = []
        for path in files_of(benchmark, sequences, tracker, name):
            rows = read_repetition(path, sequence.truth)
            try:
                runs.append(vot.compare(rows, sequence.truth, bounds))
            except ValueError as error:
                raise InputError(f"{path}: {error}") from None
        if runs:
            parts[name] = vot.supervised(runs)
    require(parts, tracker, benchmark)
    every = list(parts.values())
    curve = vot.expected_overlap(every)
    eao = vot.eao(curve, benchmark.eao) if benchmark.eao else None
    window = [benchmark.eao[0], min(benchmark.eao[1], len(curve))] if benchmark.eao else None
    return {
        "eao": None if eao is None or math.isnan(eao) else eao,
        "eao_window": window if window and window[0] <= window[1] else None,
        "accuracy": vot.accuracy(every),
        "robustness": vot.robustness(every),
        "failures": float(sum(part.failures for part in every)),
        "protocol": protocol_name(benchmark, rules, len(curve)),
        "sequences": benchmark.of(len(parts)),
        "frames": sum(len(part.overlaps) for part in every),
        "eao_curve": _list(curve),
        "per_attribute": _per_tag(sequences, parts),
        "per_sequence": {
            name: {
                "accuracy": None if math.isnan(part.accuracy) else part.accuracy,
                "robustness": vot.robustness([part]),
                "failures": part.failures,
                "frames": len(part.overlaps),
                "repetitions": len(part.runs),
            }
            for name, part in parts.items()
        },
    }


def summary(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], parts: Mapping[str, metrics.OnePass], rules: Rules
) -> Scores:
    """Means, curves and figures of each sequence and attribute."""
    lengths = {name: len(sequences[name]) for name in parts}
    weights = [part.counted for part in parts.values()] if benchmark.pooled else None
    total = metrics.mean(list(parts.values()), weights)
    return {
        **total.figures(),
        "protocol": protocol_name(benchmark, rules),
        "sequences": benchmark.of(len(parts)),
        "frames": sum(lengths.values()),
        "success_curve": _list(total.success_curve),
        "precision_curve": _list(total.precision_curve),
        "norm_precision_curve": _list(total.norm_curve),
        "per_attribute": _per_attribute(sequences, parts),
        "per_sequence": {name: {**part.figures(), "frames": lengths[name]} for name, part in parts.items()},
    }


def image_size(sequence: Sequence) -> tuple[float, float]:
    """Width and height of the first image, pixels. Raises InputError without images."""
    from tracker.images import read_image

    if not sequence.frames:
        raise InputError(f"{sequence.name}: its images are not there, and regions are cut at the image; give --root")
    height, width = read_image(sequence.frames[0]).shape[:2]
    return float(width), float(height)


def _per_attribute(sequences: Mapping[str, Sequence], parts: Mapping[str, metrics.OnePass]) -> dict[str, Any]:
    names = sorted({attribute for name in parts for attribute in sequences[name].attributes})
    groups = {a: [part for name, part in parts.items() if a in sequences[name].attributes] for a in names}
    return {a: {**metrics.mean(group).figures(), "sequences": len(group)} for a, group in groups.items()}


def _per_tag(sequences: Mapping[str, Sequence], parts: Mapping[str, vot.Supervised]) -> dict[str, Any]:
    """Figures over the frames that each attribute holds for, of the sequences where it holds for any."""
    names = list(dict.fromkeys(tag for name in parts for tag in sequences[name].tags))
    groups = {
        tag: [(part, sequences[name].tags[tag]) for name, part in parts.items() if tag in sequences[name].attributes]
        for tag in names
    }
    return {tag: {**vot.on_frames(group), "sequences": len(group)} for tag, group in groups.items() if group}


def _attributes(benchmark: Benchmark, name: str) -> tuple[str, ...]:
    return tuple(attribute for attribute, names in benchmark.attributes.items() if name in names)


def require(parts: Mapping[str, object], tracker: TrackerResults, benchmark: Benchmark) -> None:
    """Raise InputError where a tracker has no result of any sequence."""
    if not parts:
        example = f"{next(iter(benchmark.sequences), '<sequence>')}{'' if benchmark.protocol == 'ope' else '_001'}.txt"
        raise InputError(f"{tracker.folder}: no result of {benchmark.title} in it, such as {example}")


def _list(curve: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in curve]
