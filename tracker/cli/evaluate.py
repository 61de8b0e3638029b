"""`siamsa evaluate`: run a tracker over a benchmark; score results, ours or anyone's, and report on them."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.options import add_runtime, add_set
from tracker.errors import InputError

if TYPE_CHECKING:
    from tracker.evaluation.benchmark import Benchmark
    from tracker.evaluation.results import TrackerResults
    from tracker.evaluation.runner import Outcome
    from tracker.evaluation.score import Rules
    from tracker.evaluation.sequence import Sequence

PROTOCOLS = ("ope", "sre", "tre", "vot_supervised", "vot_unsupervised")
HELP = "Run a tracker over a benchmark; score results, ours or anyone's, and report on them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate run`, `score` and `report`."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="run|score|report")
    _add_run(parts.add_parser("run", help="run a tracker over a benchmark; started again, it goes on"))
    _add_score(parts.add_parser("score", help="score folders of results against annotations"))
    _add_report(parts.add_parser("report", help="the same as a page with plots, tables and frames of failures"))


def _add_benchmark(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--benchmark", required=True, metavar="NAME", help="otb100, uav123, vot2016, ... or a YAML file")
    add(
        "--protocol",
        choices=PROTOCOLS,
        help="one pass, its spatial or temporal robustness, VOT with or without restarts (default: the benchmark's)",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_benchmark(parser)
    add("--root", required=True, type=Path, metavar="DIR", help="folder of the benchmark; a part of it is enough")
    add(
        "--tracker", default="siamsa", metavar="NAME", help="siamsa, kcf, csrt, mil or module:factory (default: siamsa)"
    )
    add("--checkpoint", metavar="FILE", help="weights (default: those that come with the project)")
    add("--experiment", metavar="NAME", help="experiment whose settings replace those in the checkpoint")
    add("--name", metavar="NAME", help="name of the folder of results (default: after the tracker)")
    add("--output", type=Path, metavar="DIR", help="where <tracker>/ goes (default: runs/evaluate/BENCHMARK)")
    add("--workers", type=int, default=1, metavar="N", help="processes (default: 1)")
    add("--threads", type=int, default=1, metavar="N", help="CPU threads of each process (default: 1; 0: all)")
    add("--shard", default="1/1", metavar="i/n", help="run every n-th sequence from the i-th on, for many machines")
    add("--overwrite", action="store_true", help="run everything again, whatever the folder holds")
    add_runtime(parser)
    add_set(parser)


def _add_score(parser: argparse.ArgumentParser) -> None:
    _add_material(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures and curves")
    parser.add_argument("--per-sequence", action="store_true", help="print a line a sequence too")


def _add_report(parser: argparse.ArgumentParser) -> None:
    _add_material(parser)
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="where report.html and the rest go (default: runs/report/BENCHMARK)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a report that is there")


def _add_material(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_benchmark(parser)
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


def run(args: argparse.Namespace) -> int:
    """Run, score or report; 0, or 1 where a tracker failed on a sequence, 2 where the material is damaged."""
    return {"run": _run, "score": _score, "report": _report}[args.part](args)


def _material(args: argparse.Namespace) -> tuple[Benchmark, dict[str, Sequence], list[TrackerResults], Rules]:
    """What there is to score, and how."""
    from tracker.evaluation import score as scoring
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.results import trackers_of

    benchmark = _with_protocol(load_benchmark(args.benchmark), args)
    if args.root is not None:
        sequences = scoring.from_root(benchmark, args.root)
    else:
        sequences = scoring.from_folder(benchmark, args.annotations)
    trackers = trackers_of(args.results, args.annotations, args.trackers)
    if args.common:
        sequences = scoring.common(benchmark, sequences, trackers)
    return benchmark, sequences, trackers, scoring.Rules(args.invalid or benchmark.invalid, args.bounded)


def _report(args: argparse.Namespace) -> int:
    from tracker.evaluation.report import data, strips, write
    from tracker.evaluation.tables import HEADS, value

    output = args.output or Path("runs/report") / Path(args.benchmark).stem.lower()
    write.check_free(output, args.overwrite)
    benchmark, sequences, trackers, rules = _material(args)
    report = data.gather(benchmark, sequences, trackers, rules)
    shown = strips.worst_failures(benchmark, sequences, trackers, report)
    files = write.write_report(report, shown, args.root is not None, output)
    first = report.measured[0]
    print(f"{report.protocol}; {report.coverage}")
    print(f"best of {len(trackers)}: {first.tracker}, {HEADS[report.main]} {value(first.figures[report.main])}")
    print(f"wrote {files[-1]} and {len(files) - 1} files beside it")
    return 0


def _score(args: argparse.Namespace) -> int:
    from tracker.evaluation import score as scoring
    from tracker.evaluation import tables
    from tracker.evaluation.text import write_whole

    scores = scoring.score(*_material(args))
    if args.json is not None:
        write_whole(args.json, json.dumps(scores, indent=1, allow_nan=False) + "\n")
    print(tables.ranking(scores))
    for part in ("per_attribute", "per_sequence") if args.per_sequence else ():
        if text := tables.details(scores, part):
            print("\n" + text)
    if len({tuple(entry["per_sequence"]) for entry in scores.values()}) > 1:
        print("the trackers were not scored on the same sequences; --common scores those that all have")
    return 0


def _run(args: argparse.Namespace) -> int:
    from tracker.evaluation import runner
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.trackers import Choice, open_tracker

    benchmark, shard = _with_protocol(load_benchmark(args.benchmark), args), _shard(args.shard)
    for option in ("workers", "threads"):
        if getattr(args, option) < (option == "workers"):
            raise InputError(f"--{option}: must be {int(option == 'workers')} or more, got {getattr(args, option)}")
    sequences, there = runner.sequences_of(benchmark, args.root, shard)
    choice = Choice(
        args.tracker, args.checkpoint, args.experiment, tuple(args.set), args.device, args.precision, args.threads
    )
    entry = open_tracker(choice, args.name)
    suffix = f"-{args.protocol}" if args.protocol else ""
    output = args.output or Path("runs/evaluate") / f"{benchmark.name}{suffix}"
    job = runner.prepare(benchmark, args.root, choice, entry, output, args.overwrite)
    todo = runner.pending(job, sequences, args.overwrite)
    part = f", shard {args.shard}" if shard[1] > 1 else ""
    print(f"{entry.label} on {benchmark.title}, {benchmark.of(there)}{part}: {len(sequences) - len(todo)} done before")
    code = _outcome(benchmark, job.folder, _follow(job, todo, entry, args.workers))
    if benchmark.results == "got10k" and code == 0 and shard[1] == 1:
        print(f"wrote {runner.submission(job, [sequence.name for sequence in sequences])}")
    return code


def _follow(job: object, todo: list, entry: object, workers: int) -> list[Outcome]:
    from tqdm import tqdm

    from tracker.evaluation import runner

    outcomes = []
    with tqdm(total=sum(map(len, todo)), unit="frame", disable=None, dynamic_ncols=True) as bar:
        lengths = {sequence.name: len(sequence) for sequence in todo}
        for outcome in runner.execute(job, todo, entry, workers):  # type: ignore[arg-type]
            bar.update(lengths[outcome.name])
            bar.set_postfix_str(outcome.name, refresh=False)
            outcomes.append(outcome)
    return outcomes


def _outcome(benchmark: Benchmark, folder: Path, outcomes: list[Outcome]) -> int:
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        print(f"siamsa: {outcome.name} failed: {outcome.error}", file=sys.stderr)
    frames, spent = sum(o.frames for o in outcomes), sum(o.seconds for o in outcomes)
    if spent:
        reading = sum(o.reading for o in outcomes)
        rate = f"{frames / spent:.1f} frames/s in the tracker alone"
        print(f"{frames} frames, {rate} ({spent:.1f} s; reading images {reading:.1f} s)")
    print(f"{len(outcomes) - len(failed)} sequences run, {len(failed)} failed; results in {folder}")
    return 2 if any(o.bad_input for o in failed) else 1 if failed else 0


def _with_protocol(benchmark: Benchmark, args: argparse.Namespace) -> Benchmark:
    if args.protocol in (None, benchmark.protocol):
        return benchmark
    # What was published is about the benchmark's own protocol.
    return dataclasses.replace(benchmark, protocol=args.protocol, published=())


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    index, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= index <= count:
        raise InputError(f"--shard {text}: expected i/n with i from 1 to n, such as 2/4")
    return index, count


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("evaluate")
