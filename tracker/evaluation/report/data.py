"""Everything that a report says, as plain objects: gathered once, then drawn and written by the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.layouts import layout_of
from tracker.evaluation.results import TrackerResults
from tracker.evaluation.score import Rules, Scores, score
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.tables import HEADS
from tracker.evaluation.text import read_rows

CURVES = ("success_curve", "precision_curve", "norm_precision_curve", "eao_curve")
MOST_RUNS = 20  # of one sequence, in any protocol
# What a sequence or attribute is told by: the first of these sets whose figures are there.
DETAILS = (("success", "precision"), ("accuracy", "failures"), ("ao",))


@dataclass(frozen=True)
class Entry:
    """A line of the ranking: a tracker that was scored here, or (`published`) numbers from elsewhere.

    `figures` by the names of `tables.HEADS`, None where unknown; `fps` frames a second of the tracker alone, from the
    times stored with its results; `source` where published numbers come from.
    """

    tracker: str
    figures: Mapping[str, float | None]
    protocol: str
    sequences: str = ""
    fps: float | None = None
    published: bool = False
    source: str = ""


@dataclass(frozen=True)
class Part:
    """A sequence or an attribute: `figures[tracker][metric]`; `count` is its number of frames or of sequences."""

    name: str
    count: int
    figures: Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Report:
    """A benchmark's results. `measured` is best first by `metrics[0]`, and `curves[name][tracker]` in that order.

    `coverage` says how much of the benchmark was scored, `partial` whether that is less than all of it, `alike` whether
    all trackers were scored on the same sequences.
    """

    benchmark: Benchmark
    protocol: str
    coverage: str
    partial: bool
    alike: bool
    metrics: tuple[str, ...]
    measured: tuple[Entry, ...]
    published: tuple[Entry, ...]
    curves: Mapping[str, Mapping[str, np.ndarray]]
    sequences: tuple[Part, ...]
    attributes: tuple[Part, ...]
    details: tuple[str, ...] = field(default=())

    @property
    def main(self) -> str:
        """The metric that ranks."""
        return self.metrics[0]

    @property
    def ranking(self) -> tuple[Entry, ...]:
        """Measured and published numbers together, best first; those without the ranking metric last."""
        return tuple(sorted((*self.measured, *self.published), key=lambda e: -_known(e.figures.get(self.main), -1)))

    @property
    def frames(self) -> int:
        """Frames of the sequences that were scored."""
        return sum(part.count for part in self.sequences)


def gather(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], trackers: list[TrackerResults], rules: Rules
) -> Report:
    """Score the trackers and collect what a report tells. Raises InputError: a damaged result or file of times."""
    scores = score(benchmark, sequences, trackers, rules)
    first = next(iter(scores.values()))
    metrics: tuple[str, ...] = tuple(name for name in HEADS if name in first)
    speeds = {tracker.name: speed(benchmark, sequences, tracker) for tracker in trackers}
    names = sorted(scores, key=lambda name: -_known(scores[name][metrics[0]], -1))
    sets = [set(scores[name]["per_sequence"]) for name in names]
    counts = sorted(map(len, sets))
    full = benchmark.total or len(benchmark.sequences)
    fewest = f"{counts[0]} to " if counts[0] != counts[-1] else ""
    details = next(group for group in DETAILS if group[0] in first)
    return Report(
        benchmark,
        first["protocol"],
        fewest + benchmark.of(counts[-1]),
        counts[0] < full,
        all(s == sets[0] for s in sets),
        metrics,
        tuple(_measured(name, scores[name], metrics, speeds[name]) for name in names),
        tuple(_published(benchmark, metrics)),
        {c: {n: _array(scores[n][c]) for n in names} for c in CURVES if c in first},
        _parts(names, scores, "per_sequence", "frames", details, list(sequences)),
        _parts(names, scores, "per_attribute", "sequences", details, list(benchmark.attributes)),
        details,
    )


def speed(benchmark: Benchmark, sequences: Mapping[str, Sequence], tracker: TrackerResults) -> float | None:
    """Frames a second from the stored times, over the frames that the tracker was called for; None without times."""
    frames, seconds = 0, 0.0
    for name in sequences:
        files = layout_of(benchmark, tracker.folder, name)
        for path in filter(lambda p: p.is_file(), files.times(MOST_RUNS)):
            spent = np.array([value for row in read_rows(path) for value in row])
            if (spent < 0).any():
                raise InputError(f"{path}: a time is negative; expected seconds, one frame a line")
            called = spent[np.isfinite(spent) & (spent > 0)]
            frames, seconds = frames + len(called), seconds + float(called.sum())
    return frames / seconds if seconds else None


def _measured(name: str, entry: Scores, metrics: tuple[str, ...], fps: float | None) -> Entry:
    return Entry(name, {m: entry[m] for m in metrics}, entry["protocol"], entry["sequences"], fps)


def _published(benchmark: Benchmark, metrics: tuple[str, ...]) -> list[Entry]:
    found = []
    for line in benchmark.published:
        figures = {m: line.get(m) for m in metrics}
        if any(value is not None for value in figures.values()):
            source = str(line.get("source", "no source given"))
            entry = Entry(str(line.get("tracker", "?")), figures, f"as published: {source}", published=True)
            full = benchmark.total or len(benchmark.sequences)
            found.append(Entry(**{**vars(entry), "source": source, "sequences": benchmark.of(full) if full else ""}))
    return found


def _parts(
    names: list[str], scores: Mapping[str, Scores], part: str, count: str, figures: tuple[str, ...], order: list[str]
) -> tuple[Part, ...]:
    """Sequences or attributes in the benchmark's order, with what each tracker has of them."""
    held: dict[str, dict[str, Any]] = {name: scores[name].get(part, {}) for name in names}
    found = {key: line[count] for name in names for key, line in held[name].items()}
    return tuple(
        Part(key, found[key], {n: {f: held[n][key].get(f) for f in figures} for n in names if key in held[n]})
        for key in sorted(found, key=lambda k: order.index(k) if k in order else len(order))
    )


def _array(curve: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in curve])


def _known(figure: float | None, otherwise: float) -> float:
    return otherwise if figure is None else float(figure)
