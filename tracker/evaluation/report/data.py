"""Everything that a report says, as plain objects: gathered once, then drawn and written by the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running.layouts import layout_of
from tracker.evaluation.scoring.results import TrackerResults
from tracker.evaluation.scoring.score import Rules, Scores, score
from tracker.evaluation.scoring.tables import HEADS
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import read_rows

CURVES = ("success_curve", "precision_curve", "norm_precision_curve", "eao_curve")
MOST_RUNS = 20  # of one sequence, in any protocol
# What a sequence or attribute is told by: the first of these sets whose figures are there.
DETAILS = (("success", "precision"), ("accuracy", "failures"), ("ao",))


@dataclass(frozen=True)
class Entry:
    """A line of the ranking: a tracker that was scored here, or (`published`) numbers from elsewhere.

    `figures` by the names of `tables.HEADS`, None where unknown; `fps` frames a second of the tracker alone, from the
    times stored with its results; `source` where published numbers come from; `covered` the sequences that a measured
    one was scored on.
    """

    tracker: str
    figures: Mapping[str, float | None]
    protocol: str
    sequences: str = ""
    fps: float | None = None
    published: bool = False
    source: str = ""
    covered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """Entries that can be compared, best first: scored on the same sequences. Without `ranked` they are only quoted."""

    title: str
    entries: tuple[Entry, ...]
    ranked: bool = True


@dataclass(frozen=True)
class Part:
    """A sequence or an attribute: `figures[tracker][metric]`; `count` is its number of frames or of sequences."""

    name: str
    count: int
    figures: Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Report:
    """A benchmark's results. `measured` is best first by `metrics[0]`, and `curves[name][tracker]` in that order.

    `groups` are what is ranked apart: trackers on the same sequences, those on most sequences first; published numbers
    with those that cover the whole benchmark, else in a group of their own at the end, unranked.

    `coverage` says how much of the benchmark was scored, `partial` whether that is less than all of it, `alike` whether
    all trackers were scored on the same sequences.
    """

    benchmark: Benchmark
    protocol: str
    coverage: str
    partial: bool
    alike: bool
    metrics: tuple[str, ...]
    groups: tuple[Group, ...]
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
    def measured(self) -> tuple[Entry, ...]:
        """The trackers that were scored here, in the order of the ranking."""
        return tuple(entry for group in self.groups for entry in group.entries if not entry.published)

    @property
    def apart(self) -> bool:
        """Whether published numbers stand apart, since no tracker covers the whole benchmark."""
        return any(not group.ranked for group in self.groups)

    @property
    def ranking(self) -> tuple[tuple[int | None, Entry], ...]:
        """All entries group by group with their rank within the group, None in those that are not ranked."""
        return tuple((rank if g.ranked else None, e) for g in self.groups for rank, e in enumerate(g.entries, 1))

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
    entries = [_measured(name, scores[name], metrics, speeds[name]) for name in scores]
    published = _published(benchmark, metrics)
    groups = _groups(benchmark, metrics[0], entries, published)
    names = [entry.tracker for group in groups for entry in group.entries if not entry.published]
    counts = sorted({len(entry.covered) for entry in entries})
    fewest = f"{counts[0]} to " if len(counts) > 1 else ""
    details = next(group for group in DETAILS if group[0] in first)
    return Report(
        benchmark,
        scores[names[0]]["protocol"],
        fewest + benchmark.of(counts[-1]),
        counts[0] < _whole(benchmark),
        len({entry.covered for entry in entries}) == 1,
        metrics,
        groups,
        tuple(published),
        {c: {n: _array(scores[n][c]) for n in names} for c in CURVES if c in first},
        _parts(names, scores, "per_sequence", "frames", details, list(sequences)),
        _parts(names, scores, "per_attribute", "sequences", details, list(benchmark.attributes)),
        details,
    )


def _groups(benchmark: Benchmark, main: str, measured: list[Entry], published: list[Entry]) -> tuple[Group, ...]:
    """What can be compared with one another, see Report."""
    best_first = sorted(measured, key=lambda e: (-len(e.covered), -_known(e.figures[main], -1)))
    together: dict[frozenset[str], list[Entry]] = {}
    for entry in best_first:
        together.setdefault(entry.covered, []).append(entry)
    whole = next((held for covered, held in together.items() if len(covered) == _whole(benchmark)), None)
    if whole is not None:
        whole += published
        whole.sort(key=lambda e: -_known(e.figures.get(main), -1))
    groups: list[Group] = []
    counts = [len(covered) for covered in together]
    for covered, held in together.items():
        others = ", not those above" if counts.index(len(covered)) < len(groups) else ""
        title = f"Scored on {benchmark.of(len(covered))}{others}" if len(together) > 1 else ""
        groups.append(Group(title, tuple(held)))
    if published and whole is None:
        by_main = sorted(published, key=lambda e: -_known(e.figures.get(main), -1))
        groups.append(Group("As published, on the whole benchmark; not ranked with these", tuple(by_main), False))
    return tuple(groups)


def _whole(benchmark: Benchmark) -> int:
    return benchmark.total or len(benchmark.sequences)


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
    covered = frozenset(entry["per_sequence"])
    return Entry(name, {m: entry[m] for m in metrics}, entry["protocol"], entry["sequences"], fps, covered=covered)


def _published(benchmark: Benchmark, metrics: tuple[str, ...]) -> list[Entry]:
    found = []
    for line in benchmark.published:
        figures = {m: line.get(m) for m in metrics}
        if any(value is not None for value in figures.values()):
            source = str(line.get("source", "no source given"))
            entry = Entry(str(line.get("tracker", "?")), figures, f"as published: {source}", published=True)
            full = _whole(benchmark)
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
