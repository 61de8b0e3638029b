"""What the parts of `siamsa evaluate` share: which benchmark and protocol, which results against which truth."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.options import add_network
from tracker.errors import InputError
from tracker.evaluation.benchmark import PROTOCOLS

if TYPE_CHECKING:
    from tracker.evaluation.benchmark import Benchmark
    from tracker.evaluation.running.trackers import Choice
    from tracker.evaluation.scoring.results import TrackerResults
    from tracker.evaluation.scoring.score import Rules
    from tracker.evaluation.sequence import Sequence


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """`--benchmark` and `--protocol`."""
    add = parser.add_argument
    add("--benchmark", required=True, metavar="NAME", help="otb100, uav123, vot2016, ... or a YAML file")
    add(
        "--protocol",
        choices=PROTOCOLS,
        help="one pass, its spatial or temporal robustness, VOT with or without restarts (default: the benchmark's)",
    )


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Which tracker, and what it is set to: what `choice` reads."""
    add = parser.add_argument
    add(
        "--tracker",
        default="siamsa",
        metavar="NAME",
        help="siamsa, kcf, csrt, mil or module:factory, looked for in the current folder first (default: siamsa)",
    )
    add_network(parser, 1, "CPU threads of each process (0: all)")


def add_tracker(parser: argparse.ArgumentParser) -> None:
    """Which tracker is run, and where its results go."""
    add = parser.add_argument
    add_choice(parser)
    add("--name", metavar="NAME", help="name of the folder of results (default: after the tracker)")
    add("--overwrite", action="store_true", help="run everything again, whatever the folder holds")


def choice(args: argparse.Namespace) -> Choice:
    """The tracker that `add_choice` asks for. Raises InputError for a number of threads below 0."""
    from tracker.evaluation.running.trackers import Choice

    if args.threads < 0:
        raise InputError(f"--threads: must be 0 or more, got {args.threads}")
    return Choice(
        args.tracker, args.checkpoint, args.experiment, tuple(args.set), args.device, args.precision, args.threads
    )


def add_material(parser: argparse.ArgumentParser) -> None:
    """What `score` and `report` take: a benchmark, results, and what they are held against."""
    add = parser.add_argument
    add_benchmark(parser)
    add(
        "--results",
        required=True,
        nargs="+",
        type=Path,
        metavar="DIR",
        help="DIR/<tracker>/<sequence>.txt or <sequence>_001.txt; several folders count as one",
    )
    truth = parser.add_mutually_exclusive_group(required=True)
    truth.add_argument("--annotations", type=Path, metavar="DIR", help="DIR/<sequence>.txt")
    truth.add_argument("--root", type=Path, metavar="DIR", help="the benchmark's own folder, instead of --annotations")
    add(
        "--invalid",
        choices=("pysot", "got10k", "drop"),
        help="frames with invalid ground truth: pysot: a miss for success, a hit for precision; got10k: a miss; "
        "drop: left out (default: the benchmark's, pysot for most)",
    )
    add("--trackers", nargs="+", metavar="NAME", help="only these folders of --results")
    add("--common", action="store_true", help="only sequences that every tracker has")
    add("--bounded", action="store_true", help="VOT: cut regions at the image (needs --root)")


def material(args: argparse.Namespace) -> tuple[Benchmark, dict[str, Sequence], list[TrackerResults], Rules]:
    """What there is to score, and how."""
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.scoring import score as scoring
    from tracker.evaluation.scoring.results import trackers_of

    benchmark = with_protocol(load_benchmark(args.benchmark), args)
    trackers = trackers_of(args.results, args.annotations, args.trackers)
    if args.root is not None:
        sequences = scoring.from_root(benchmark, args.root, trackers)
    else:
        sequences = scoring.from_folder(benchmark, args.annotations)
    if args.common:
        sequences = scoring.common(benchmark, sequences, trackers)
    return benchmark, sequences, trackers, scoring.Rules(args.invalid or benchmark.invalid, args.bounded)


def with_protocol(benchmark: Benchmark, args: argparse.Namespace) -> Benchmark:
    """The benchmark under the protocol of the command line, where it names one."""
    if args.protocol in (None, benchmark.protocol):
        return benchmark
    # What was published is about the benchmark's own protocol.
    return dataclasses.replace(benchmark, protocol=args.protocol, published=())
