"""`siamsa tune`: search for the best constants of tracking, on clips that no report is about."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.cli.options import add_network
from tracker.errors import InputError
from tracker.tuning.space import DEFAULTS

if TYPE_CHECKING:
    from tracker.evaluation.benchmark import Benchmark
    from tracker.tuning.search import Goal
    from tracker.tuning.study import Study
    from tracker.tuning.workers import Pool, Setup

HELP = "Search for the best penalty, window influence and rate. Started again with the same settings, it goes on."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add = parser.add_argument
    add("--benchmark", default="folder", metavar="NAME", help="folder, otb100, ... or a YAML file (default: folder)")
    add("--root", required=True, type=Path, metavar="DIR", help="folder of the clips, or of the benchmark")
    add("--sequences", nargs="+", default=[], metavar="NAME", help="only these (default: all that are there)")
    add(
        "--params",
        nargs="+",
        default=list(DEFAULTS),
        metavar="NAME=LOW:HIGH",
        help=f"settings of `tracking` to search, and between which values (default: {' '.join(DEFAULTS)})",
    )
    add("--trials", type=int, default=200, metavar="N", help="trials of the study in all (default: 200)")
    add("--workers", type=int, default=1, metavar="N", help="processes that share the sequences (default: 1)")
    add("--memory", type=int, default=2000, metavar="MB", help="for frames and maps of all processes (default: 2000)")
    add("--no-prune", action="store_true", help="finish hopeless trials too")
    add("--output", type=Path, metavar="DIR", help="where best.yaml goes (default: runs/tune/BENCHMARK)")
    add("--storage", metavar="PLACE", help="journal file or SQL URL, such as sqlite:///x.db (default: in --output)")
    add("--study", metavar="NAME", help="name of the study in the storage (default: the benchmark's)")
    add("--seed", type=int, default=0, metavar="N", help="of the search (default: 0)")
    add_network(parser, 1, "CPU threads of each process (0: all)")


def run(args: argparse.Namespace) -> int:
    """Tune, and print what came of it. Returns 0."""
    from tracker.processes.interrupts import stoppable

    with stoppable():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.tuning.search import summary
    from tracker.tuning.workers import Pool

    for option, least in (("trials", 1), ("workers", 1), ("threads", 0), ("memory", 0), ("seed", 0)):
        if getattr(args, option) < least:
            raise InputError(f"--{option}: must be {least} or more, got {getattr(args, option)}")
    benchmark = load_benchmark(args.benchmark)
    study, setup, goal = _prepare(args, benchmark)
    _warn(benchmark)
    before = len(study.finished())
    print(f"study {study.study.study_name}: {before} of {goal.trials} trials done before", flush=True)
    pool = Pool(setup, args.workers if before < goal.trials else 0)
    try:
        _follow(study, pool, goal)
    finally:
        pool.close()
    print("\n".join(summary(study, pool, goal)))
    return 0


def _prepare(args: argparse.Namespace, benchmark: Benchmark) -> tuple[Study, Setup, Goal]:
    # Optuna first: where it is not installed, nothing else matters.
    from tracker.tuning.study import Study  # isort: skip
    import tracker
    from tracker.evaluation.running.trackers import Choice, open_tracker
    from tracker.tuning import objective, search, space
    from tracker.tuning.workers import Setup

    ranges = space.parse_ranges(args.params)
    sequences = search.sequences_of(benchmark, args.root, args.sequences)
    objective.check(benchmark, sequences)
    choice = Choice(
        "siamsa", args.checkpoint, args.experiment, tuple(args.set), args.device, args.precision, args.threads
    )
    entry = open_tracker(choice)
    assert isinstance(entry.follower, tracker.Tracker)
    config = entry.follower.config
    start = space.current(ranges, config)
    output = args.output or Path("runs/tune") / benchmark.name
    place = args.storage or str(output / "study.journal")
    identity = search.identity_of(benchmark, sequences, entry, config, ranges)
    study = Study(place, args.study or benchmark.name, identity, ranges, start, args.seed)
    setup = Setup(benchmark, choice, sequences, args.memory / min(args.workers, len(sequences)))
    return study, setup, search.Goal(args.trials, not args.no_prune, output, benchmark, config)


def _follow(study: Study, pool: Pool, goal: Goal) -> None:
    from tqdm import tqdm

    from tracker.tuning.search import search
    from tracker.tuning.space import shown

    best = study.best()
    shown_best = best.number if best else None
    done = min(len(study.finished()), goal.trials)
    with tqdm(total=goal.trials, initial=done, unit="trial", disable=None, dynamic_ncols=True) as bar:

        def on_trial(best: Any) -> None:
            nonlocal shown_best
            if best is not None and best.number != shown_best:
                shown_best = best.number
                text = f"trial {best.number}: {goal.metric} {best.value:.4f}, {shown(study.values(best))}"
                bar.write(text, file=sys.stdout)
                sys.stdout.flush()
            bar.n = min(len(study.finished()), goal.trials)  # other commands finish trials too
            bar.refresh()

        def on_wait(text: str) -> None:
            bar.write(f"siamsa: waiting for {text}", file=sys.stderr)

        search(study, pool, goal, on_trial, on_wait)


def _warn(benchmark: Benchmark) -> None:
    from tracker.evaluation.benchmark import benchmark_names

    bundled = benchmark.name in benchmark_names() and benchmark.layout != "folder"
    if bundled or benchmark.published:
        print(
            f"siamsa: warning: constants tuned on {benchmark.title} must not be reported on {benchmark.title}; "
            "tune on clips that no report is about (--benchmark folder --root DIR)",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("tune")
