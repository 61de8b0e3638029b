"""`siamsa evaluate run`: run a tracker over a benchmark; started again, it goes on."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.evaluation.common import add_benchmark, with_protocol
from tracker.cli.options import add_runtime, add_set
from tracker.errors import InputError

if TYPE_CHECKING:
    from tracker.evaluation.benchmark import Benchmark
    from tracker.evaluation.runner import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate run`."""
    add = parser.add_argument
    add_benchmark(parser)
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


def run(args: argparse.Namespace) -> int:
    """Run; 0, or 1 where a tracker failed on a sequence, 2 where the material is damaged."""
    from tracker.evaluation import runner
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.trackers import Choice, open_tracker

    benchmark, shard = with_protocol(load_benchmark(args.benchmark), args), _shard(args.shard)
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


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    index, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= index <= count:
        raise InputError(f"--shard {text}: expected i/n with i from 1 to n, such as 2/4")
    return index, count
