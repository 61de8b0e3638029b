"""`siamsa evaluate got10k`: run and report with the package got10k, its figures beside ours."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.cli.evaluation.common import add_tracker, choice
from tracker.cli.evaluation.run import say, summary
from tracker.errors import InputError

if TYPE_CHECKING:
    from tracker.evaluation.benchmark import Benchmark
    from tracker.evaluation.running.passes import Outcome
    from tracker.evaluation.scoring.results import TrackerResults
    from tracker.evaluation.sequence import Sequence

Numbers = dict[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate got10k`."""
    add = parser.add_argument
    add("--benchmark", required=True, metavar="NAME", help="otb100, otb50, uav123, got10k_val, got10k_test, ...")
    truth = parser.add_mutually_exclusive_group(required=True)
    truth.add_argument("--root", type=Path, metavar="DIR", help="folder of the benchmark; a part of it is enough")
    truth.add_argument("--annotations", type=Path, metavar="DIR", help="DIR/<sequence>.txt, with --results")
    add("--results", nargs="+", type=Path, metavar="DIR", help="report on DIR/<tracker>/ instead of running a tracker")
    add("--trackers", nargs="+", metavar="NAME", help="only these folders of --results")
    add("--invalid", choices=("pysot", "got10k", "drop"), help="our treatment of frames with invalid ground truth")
    add("--output", type=Path, metavar="DIR", help="where results/ and reports/ go (default: runs/got10k/BENCHMARK)")
    add("--json", type=Path, metavar="FILE", help="write the figures of both")
    add_tracker(parser)


def run(args: argparse.Namespace) -> int:
    """Run (unless results are given), report and compare; 0, 1 where a tracker failed, 2 where material is damaged."""
    os.environ.setdefault("MPLBACKEND", "Agg")  # the package imports pyplot, which must not look for a display
    from tracker.evaluation.adapters.got10k import make_experiment
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.scoring import score as scoring

    if args.annotations is not None and args.results is None:
        raise InputError("--annotations: a tracker needs images to run on; give --root, or --results to report on")
    benchmark = load_benchmark(args.benchmark)
    output = args.output or Path("runs/got10k") / benchmark.name
    sequences, damaged, trackers = _material(args, benchmark)
    experiment, code = make_experiment(benchmark, sequences, output / "results", output / "reports"), 0
    if not trackers:
        code, trackers = _run(args, experiment, damaged)
        sequences = {
            name: s for name, s in sequences.items() if scoring.files_of(benchmark, sequences, trackers[0], name)
        }
        if not sequences:
            return code
        experiment = make_experiment(benchmark, sequences, output / "results", output / "reports")
    performance = experiment.report(trackers)
    print(f"wrote the package's report to {output / ('reports' if performance else 'results')}")
    if performance:
        rules = scoring.Rules(args.invalid or benchmark.invalid)
        _compare(args, experiment, performance, scoring.score(benchmark, sequences, trackers, rules))
    return code


def _material(
    args: argparse.Namespace, benchmark: Benchmark
) -> tuple[dict[str, Sequence], list[Outcome], list[TrackerResults]]:
    """The sequences that are there, and every tracker has; damaged ones; the trackers that are not to be run.

    A damaged sequence is no outcome where results are reported: what they are held against must be whole.
    """
    from tracker.evaluation.readers import open_reader
    from tracker.evaluation.running import runner
    from tracker.evaluation.scoring import score as scoring
    from tracker.evaluation.scoring.results import trackers_of

    if args.results is None:
        good, damaged, _ = runner.sequences_of(benchmark, args.root)
        if not good:
            raise InputError(damaged[0].error)
        return {sequence.name: sequence for sequence in good}, damaged, []

    if args.annotations is not None:
        sequences = scoring.from_folder(benchmark, args.annotations)
    else:
        reader = open_reader(benchmark, args.root)
        sequences = {name: reader.read(name) for name in reader.available()}
    trackers = trackers_of(args.results, args.annotations, args.trackers)
    return scoring.common(benchmark, sequences, trackers), [], trackers


def _run(args: argparse.Namespace, experiment: Any, damaged: list[Outcome]) -> tuple[int, list[TrackerResults]]:
    """Run; what a tracker or an image that failed makes of the exit code, and the results."""
    from tracker.evaluation.adapters.got10k import Got10kTracker
    from tracker.evaluation.running.trackers import open_tracker
    from tracker.evaluation.scoring.results import TrackerResults

    follower = Got10kTracker(open_tracker(choice(args), args.name))
    with contextlib.redirect_stdout(sys.stderr):  # the package prints a line a sequence
        outcomes = [*damaged, *experiment.run(follower, overwrite=args.overwrite)]
    say(outcomes)
    return summary(experiment.store.folder, outcomes), [TrackerResults(experiment.store.folder)]


def _compare(args: argparse.Namespace, experiment: Any, performance: Mapping[str, Any], scores: Any) -> None:
    """Print the figures of both beside one another, and write them where --json says."""
    from importlib.metadata import version

    from tracker.atomic import write_whole
    from tracker.evaluation.scoring.tables import HEADS, grid

    rules = f"got10k {version('got10k')}, {type(experiment).__mro__[2].__name__}: {experiment.RULES}"
    rows, entries = [["tracker", "figure", "got10k", "ours", "difference"]], {}
    for name, theirs in performance.items():
        ours = scores[name]
        both = _both(experiment.figures(theirs["overall"]), ours)
        parts = {s: _both(experiment.figures(e), ours["per_sequence"][s]) for s, e in theirs["seq_wise"].items()}
        entries[name] = {
            **both,
            "protocols": {"got10k": rules, "ours": ours["protocol"]},
            "sequences": ours["sequences"],
            "per_sequence": parts,
        }
        for figure, value in both["got10k"].items():
            away = round(both["difference"][figure], 4)
            rows.append([name, HEADS[figure], f"{value:.4f}", f"{ours[figure]:.4f}", f"{away:+.4f}" if away else "0"])
    print(grid(rows))
    first = next(iter(scores.values()))
    print(f"\n{first['sequences']}\n{rules}\nours: {first['protocol']}\ndocs/protocols.md says what differs")
    if args.json is not None:
        write_whole(args.json, json.dumps(entries, indent=1) + "\n")


def _both(theirs: Numbers, ours: Mapping[str, Any]) -> dict[str, Numbers]:
    """Figures of the package, the same of ours, and the package's less ours."""
    own = {name: float(ours[name]) for name in theirs}
    return {"got10k": theirs, "ours": own, "difference": {name: theirs[name] - own[name] for name in theirs}}
