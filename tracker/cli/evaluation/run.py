"""`siamsa evaluate run`: run a tracker over a benchmark; started again, it goes on."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.evaluation.common import add_benchmark, add_tracker, choice, with_protocol
from tracker.errors import InputError

if TYPE_CHECKING:
    from tracker.evaluation.running.passes import Outcome
    from tracker.evaluation.running.runner import Job
    from tracker.evaluation.running.trackers import Entry
    from tracker.evaluation.sequence import Sequence


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
    from tracker.processes.interrupts import stoppable

    with stoppable():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.running import runner
    from tracker.evaluation.running.trackers import open_tracker

    benchmark, shard = with_protocol(load_benchmark(args.benchmark), args), _shard(args.shard)
    if args.workers < 1:
        raise InputError(f"--workers: must be 1 or more, got {args.workers}")
    runner.require_known(benchmark)
    chosen = choice(args)
    sequences, damaged, there = runner.sequences_of(benchmark, args.root, shard)
    entry = open_tracker(chosen, args.name)
    suffix = f"-{args.protocol}" if args.protocol else ""
    output = args.output or Path("runs/evaluate") / f"{benchmark.name}{suffix}"
    job = runner.prepare(benchmark, chosen, entry, output, args.overwrite)
    todo = runner.pending(job.store, sequences, args.overwrite)
    part = f", shard {args.shard}" if shard[1] > 1 else ""
    before = len(sequences) - len(todo)
    print(f"{entry.label} on {benchmark.title}, {benchmark.of(there)}{part}: {before} done before", flush=True)
    say(damaged)
    try:
        came = _follow(job, todo, entry, args)
    except runner.WorkerError as error:
        print(f"siamsa: error: {error}", file=sys.stderr)
        return 1
    code = summary(job.folder, [*damaged, *came])
    if benchmark.results == "got10k":
        _submit(job, sequences, whole=code == 0 and not any(o.left for o in came), shards=shard[1])
    return code


def _follow(job: Job, todo: list[Sequence], entry: Entry, args: argparse.Namespace) -> list[Outcome]:
    """Run, and say how it goes: a bar of frames on a terminal, elsewhere a line a sequence; failures at once."""
    from tqdm import tqdm

    from tracker.evaluation.running import passes, runner

    sizes = {s.name: passes.frames_of(job.store.benchmark, s) for s in todo}
    past = dict.fromkeys(sizes, 0)
    came: list[Outcome] = []
    with tqdm(total=sum(sizes.values()), unit="frame", disable=None, dynamic_ncols=True) as bar:

        def watch(name: str, frames: int, planned: int) -> None:
            past[name], sizes[name] = frames, planned
            bar.total = sum(sizes.values())
            bar.update(sum(past.values()) - bar.n)

        outcomes = runner.execute(job, todo, entry, args.workers, watch, args.overwrite)
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                if outcome.later:
                    say([outcome])
                    continue
                came.append(outcome)
                bar.set_postfix_str(outcome.name, refresh=False)
                watch(outcome.name, sizes[outcome.name], sizes[outcome.name])
                with bar.external_write_mode(file=sys.stderr):
                    say([outcome], each=bool(bar.disable))
    return came


def say(outcomes: Iterable[Outcome], each: bool = False) -> None:
    """A line for every sequence that failed or was left to another command, or for `each`."""
    for outcome in outcomes:
        if outcome.error:
            print(f"siamsa: {outcome.name} failed: {outcome.error}", file=sys.stderr, flush=True)
        elif outcome.later:
            text = f"{outcome.name} is with {outcome.left}; its next beat tells whether that still runs"
            print(f"siamsa: {text}", file=sys.stderr, flush=True)
        elif outcome.left:
            print(f"siamsa: {outcome.name} is left to {outcome.left}", file=sys.stderr, flush=True)
        elif each:
            rate = f", {outcome.frames / outcome.seconds:.1f} frames/s" if outcome.seconds else ""
            print(f"{outcome.name}: {outcome.frames} frames{rate}", flush=True)


def summary(folder: Path, outcomes: list[Outcome]) -> int:
    """Say how all went: 0, or 1 where a tracker failed, 2 where the material is damaged."""
    failed, left = [o for o in outcomes if o.error], [o for o in outcomes if o.left]
    frames, spent = sum(o.frames for o in outcomes), sum(o.seconds for o in outcomes)
    if spent:
        reading = sum(o.reading for o in outcomes)
        rate = f"{frames / spent:.1f} frames/s in the tracker alone"
        print(f"{frames} frames, {rate} ({spent:.1f} s; reading images {reading:.1f} s)")
    run = len(outcomes) - len(failed) - len(left)
    names = f" ({', '.join(o.name for o in failed)})" if failed else ""
    others = f", {len(left)} left to other commands" if left else ""
    print(f"{run} sequences run, {len(failed)} failed{names}{others}; results in {folder}")
    return 2 if any(o.bad_input for o in failed) else 1 if failed else 0


def _submit(job: Job, sequences: list[Sequence], whole: bool, shards: int) -> None:
    from tracker.evaluation.running import runner

    if shards > 1:
        print("the zip for the server needs all sequences: once all parts are done, run once more without --shard")
    elif whole:
        print(f"wrote {runner.submission(job.store, [sequence.name for sequence in sequences])}")


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    index, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= index <= count:
        raise InputError(f"--shard {text}: expected i/n with i from 1 to n, such as 2/4")
    return index, count
