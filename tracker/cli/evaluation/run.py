"""`siamsa evaluate run`: run a tracker over a benchmark; started again, it goes on."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.evaluation.common import add_benchmark, add_tracker, choice, with_protocol
from tracker.errors import InputError

if TYPE_CHECKING:
    from tracker.evaluation.runner import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate run`."""
    add = parser.add_argument
    add_benchmark(parser)
    add("--root", required=True, type=Path, metavar="DIR", help="folder of the benchmark; a part of it is enough")
    add("--output", type=Path, metavar="DIR", help="where <tracker>/ goes (default: runs/evaluate/BENCHMARK)")
    add("--workers", type=int, default=1, metavar="N", help="processes (default: 1)")
    add("--shard", default="1/1", metavar="i/n", help="run every n-th sequence from the i-th on, for many machines")
    add_tracker(parser)


def run(args: argparse.Namespace) -> int:
    """Run; 0, or 1 where a tracker failed on a sequence, 2 where the material is damaged."""
    from tracker.evaluation import runner
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.trackers import open_tracker

    benchmark, shard = with_protocol(load_benchmark(args.benchmark), args), _shard(args.shard)
    if args.workers < 1:
        raise InputError(f"--workers: must be 1 or more, got {args.workers}")
    chosen = choice(args)
    sequences, there = runner.sequences_of(benchmark, args.root, shard)
    entry = open_tracker(chosen, args.name)
    suffix = f"-{args.protocol}" if args.protocol else ""
    output = args.output or Path("runs/evaluate") / f"{benchmark.name}{suffix}"
    job = runner.prepare(benchmark, args.root, chosen, entry, output, args.overwrite)
    todo = runner.pending(job, sequences, args.overwrite)
    part = f", shard {args.shard}" if shard[1] > 1 else ""
    print(f"{entry.label} on {benchmark.title}, {benchmark.of(there)}{part}: {len(sequences) - len(todo)} done before")
    code = outcome(job.folder, _follow(job, todo, entry, args.workers))
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


def outcome(folder: Path, outcomes: list[Outcome]) -> int:
    """Say how sequences went: 0, or 1 where a tracker failed, 2 where the material is damaged."""
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
