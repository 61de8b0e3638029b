"""A benchmark is a YAML in `benchmarks/`: where things lie, which sequences and frames, how it is scored."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tracker.errors import InputError

PROTOCOLS = ("ope", "sre", "tre", "vot_supervised", "vot_unsupervised")
_TEXT, _COUNT, _SWITCH = ((str,), "text"), ((int,), "a whole number"), ((bool,), "true or false")
KINDS: dict[str, tuple[tuple[type, ...], str]] = {  # what a value in the YAML must be
    **dict.fromkeys(("title", "layout", "protocol", "folder", "results", "invalid", "source", "stack"), _TEXT),
    **dict.fromkeys(("origin", "repetitions"), _COUNT),
    "total": ((int, type(None)), "a whole number"),
    **dict.fromkeys(("skip_first", "pooled"), _SWITCH),
    "eao": ((list, type(None)), "two lengths in frames, [first, last]"),
    "sequences": ((list, str, type(None)), "a list of names"),
    "published": ((list, type(None)), "a list of {tracker: ..., source: ...}"),
    **dict.fromkeys(("frames", "attributes"), ((dict, type(None)), "`name: value` lines")),
}

TRUTHS = {"gt", "anno", "annotations", "groundtruth"}  # folders beside results that hold ground truth


@dataclass(frozen=True)
class Benchmark:
    """What a benchmark's YAML says.

    `sequences` is the full list in the usual spelling, empty where it is taken from the folder; `total` how many there
    are; `origin` the number of the first pixel in its files; `frames` the first and last frame of sequences that do
    not begin at the first image, or `{name: [first, last]}` within a shared folder; `eao` the lengths of VOT's average;
    `skip_first` leaves the given frame out of AO and SR, `pooled` averages these over frames instead of sequences;
    `repetitions` is how often each sequence is run at most, `results` a layout of its own for the results; `stack` what
    vot-toolkit calls the benchmark.
    """

    name: str
    title: str
    layout: str
    protocol: str = "ope"
    origin: int = 0
    total: int | None = None
    sequences: tuple[str, ...] = ()
    frames: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    folder: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skip_first: bool = False
    pooled: bool = False
    repetitions: int = 1
    results: str = ""
    invalid: str = "pysot"
    eao: tuple[int, int] | None = None
    published: tuple[Mapping[str, Any], ...] = ()
    source: str = ""
    stack: str = ""

    def of(self, count: int) -> str:
        """How much of the benchmark is there: `9 of 100 sequences`."""
        total = self.total or len(self.sequences)
        counted = total or count
        return f"{count}{f' of {total}' if total else ''} sequence{'s' * (counted != 1)}"

    def require_at_most(self, count: int, place: Path) -> None:
        """Raise InputError where a folder has more sequences than the benchmark: it is another one's."""
        if self.total is not None and count > self.total:
            raise InputError(f"{place}: has {count} sequences, but {self.title} has {self.total}; another benchmark?")


def benchmarks_dir() -> Path:
    """Folder of the YAML files: `SIAMSA_BENCHMARKS`, the source tree's, or the one installed with the package."""
    here = Path(__file__).resolve().parents[1]
    chosen = os.environ.get("SIAMSA_BENCHMARKS")
    places = [*([Path(chosen)] if chosen else []), here.parent / "benchmarks", here / "benchmarks"]
    return next((p for p in places if any(p.glob("*.yaml"))), here.parent / "benchmarks")


def benchmark_names() -> list[str]:
    """Names of the bundled benchmarks."""
    return sorted(path.stem for path in benchmarks_dir().glob("*.yaml"))


def load_benchmark(name: str | Path) -> Benchmark:
    """The benchmark of this name, or of a YAML file. Raises InputError: unknown name or key, or not YAML."""
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        path = benchmarks_dir() / f"{str(name).lower()}.yaml"
    if not path.is_file():
        near = difflib.get_close_matches(str(name).lower(), benchmark_names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"unknown benchmark {str(name)!r}{hint} (known: {', '.join(benchmark_names())})")
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"benchmark {path}: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict) or not {"title", "layout"} <= set(tree):
        raise InputError(f"benchmark {path}: expected `key: value` lines with at least title and layout")
    return _build(path, tree)


def _build(path: Path, tree: dict[str, Any]) -> Benchmark:
    known = {f.name for f in dataclasses.fields(Benchmark)} - {"name"}
    for key in tree:
        if key not in known:
            raise InputError(f"benchmark {path}: unknown key {key!r} (known: {', '.join(sorted(known))})")
    if isinstance(tree.get("sequences"), str):  # a long list reads better as one text
        tree["sequences"] = tree["sequences"].split()
    for name, (kinds, words) in KINDS.items():
        if name in tree and (not isinstance(tree[name], kinds) or (isinstance(tree[name], bool) and bool not in kinds)):
            raise InputError(f"benchmark {path}: {name} must be {words}, got {tree[name]!r}")
    if tree.get("protocol", "ope") not in PROTOCOLS:
        known_ones = ", ".join(PROTOCOLS)
        raise InputError(f"benchmark {path}: unknown protocol {tree['protocol']!r} (known: {known_ones})")
    try:
        for key in ("sequences", "published"):
            tree[key] = tuple(tree.get(key) or ())
        if tree.get("eao"):
            low, high = tree["eao"]
            tree["eao"] = (int(low), int(high))
        if not all(isinstance(line, dict) for line in tree["published"]):
            raise ValueError(f"published must be {KINDS['published'][1]}")
        tree["sequences"] = tuple(map(str, tree["sequences"]))
        tree["frames"] = {str(k): (int(first), int(last)) for k, (first, last) in (tree.get("frames") or {}).items()}
        tree["attributes"] = {
            str(k): tuple(v.split() if isinstance(v, str) else v) for k, v in (tree.get("attributes") or {}).items()
        }
    except (TypeError, ValueError) as error:
        raise InputError(f"benchmark {path}: {error}") from None
    return Benchmark(name=path.stem, **tree)
