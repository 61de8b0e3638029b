"""What a person should know about results that were scored, one line each: sequences without, and files without use."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running.records import verify
from tracker.evaluation.scoring.results import TrackerResults
from tracker.evaluation.scoring.score import files_of
from tracker.evaluation.text import key

SHOWN = 5  # names in a line


def lines(
    benchmark: Benchmark, names: Collection[str], trackers: Collection[TrackerResults], annotations: Path | None = None
) -> list[str]:
    """What is to be said of the trackers that were scored on the sequences `names`. Raises InputError as scoring does.

    Results that `evaluate run` has written are held against its records.
    """
    found = []
    strangers = [p.name for p in _strangers(benchmark, annotations)] if annotations else []
    if strangers:
        found.append(f"{annotations}: not of {benchmark.title}: {short(strangers)}")
    for tracker in trackers:
        missing = [name for name in names if not files_of(benchmark, names, tracker, name)]
        unused = [path.name for path in _unused(benchmark, names, tracker)]
        parts = [f"no result of: {short(missing)}"] * bool(missing) + [f"not used: {short(unused)}"] * bool(unused)
        if parts:
            found.append(f"{tracker.name}: {'; '.join(parts)}")
        if altered := verify(tracker.folder):
            found.append(
                f"{tracker.name}: results that are not as `evaluate run` wrote them, or of other settings than its "
                f"config.yaml: {short(altered)}"
            )
    return found


def short(names: Collection[str]) -> str:
    """The first names, and how many there are beside."""
    first, rest = ", ".join(list(names)[:SHOWN]), len(names) - SHOWN
    return f"{first} and {rest} more" if rest > 0 else first


def _unused(benchmark: Benchmark, names: Collection[str], tracker: TrackerResults) -> list[Path]:
    """Results that belong to no sequence; those of sequences that are merely not at hand are none."""
    if benchmark.protocol == "ope":
        held = tracker.single
    elif benchmark.protocol == "vot_supervised":
        held = {name: [path for _, path in runs] for name, runs in tracker.repeated.items()}
    else:
        return []
    used = {path for name in names for path in files_of(benchmark, names, tracker, name)}
    elsewhere = _keys(name for name in benchmark.sequences if name not in names)
    return [path for name, paths in held.items() if name not in elsewhere for path in paths if path not in used]


def _strangers(benchmark: Benchmark, annotations: Path) -> list[Path]:
    known = _keys(benchmark.sequences)
    files = sorted(annotations.glob("*.txt")) if known else []
    return [path for path in files if key(path.stem) not in known and path.name != "list.txt"]


def _keys(names: Iterable[str]) -> set[str]:
    """Keys of names, and of `Human4` for `Human4-2`."""
    found = set()
    for name in names:
        stem, _, target = name.rpartition("-")
        found |= {key(name), *([key(stem)] if target.isdigit() and stem else [])}
    return found
