"""`siamsa batch`: track many videos without anybody looking on; started again, it goes on."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tracker
from tracker.cli.options import add_network
from tracker.errors import InputError

if TYPE_CHECKING:
    from tracker.live.batch.jobs import Jobs
    from tracker.live.batch.records import Store
    from tracker.live.batch.summary import Totals

HELP = "track many videos from a table or a folder of them, and show how that went"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa batch`."""
    from tracker.formats import FORMATS

    add = parser.add_argument
    add(
        "jobs",
        type=Path,
        metavar="JOBS",
        help="CSV or JSON with video,x,y,w,h[,name][,frame][,output], or a folder with clip.box.txt beside clip.mp4",
    )
    add("--output", type=Path, required=True, metavar="DIR", help="folder for boxes, summary.csv and index.html")
    add("--workers", type=int, default=1, metavar="N", help="processes (default: 1; 0: track in this one)")
    add("--boxes-format", choices=sorted(FORMATS), default="csv", help="form of the box files (default: csv)")
    add("--video", action="store_true", help="write a video with box, score and state of each, too")
    add("--no-recovery", action="store_true", help="do not search a lost target in a growing region")
    add("--retry-failed", action="store_true", help="try again what failed before")
    add(
        "--skip-missing",
        action="store_true",
        help="videos of a table that are not there fail; track the others",
    )
    add_network(parser, 0, "CPU threads a worker (0: as OMP_NUM_THREADS says, or else the cores are divided)")


def run(args: argparse.Namespace) -> int:
    """Track what is not done; 0, or 1 where a video or target failed. Bad rows are told before anything is tracked."""
    from tracker.live.batch.jobs import read_jobs
    from tracker.processes.interrupts import stoppable

    if args.workers < 0 or args.threads < 0:
        raise InputError(f"--{'workers' if args.workers < 0 else 'threads'}: must be 0 or more")
    jobs = read_jobs(args.jobs, args.skip_missing)
    store = _store(args)
    _check(jobs, store)
    with stoppable():
        try:
            failed = _follow(args, jobs, store)
        except KeyboardInterrupt:
            _write(args, jobs, store)
            print(f"stopped; what is done is in {args.output}, and the same command goes on", file=sys.stderr)
            raise
        totals = _write(args, jobs, store)
    _report(args, totals, jobs)
    return 1 if failed or totals.failures or totals.refused else 0


def _store(args: argparse.Namespace) -> Store:
    """Where results go, and what they depend on. Raises InputError for weights or settings that there are not."""
    from tracker.checkpoint import sha256
    from tracker.config import load_config, to_dict
    from tracker.live.batch.records import Store
    from tracker.live.batch.work import Wanted
    from tracker.tracking.load import checkpoint_path

    if args.output.exists() and not args.output.is_dir():
        raise InputError(f"--output {args.output}: is a file; give a folder")
    weights = checkpoint_path(args.checkpoint, args.experiment)
    if not weights.is_file():
        raise InputError(f"checkpoint {weights}: no such file")
    identity = {
        "version": tracker.__version__,
        "weights": sha256(weights),
        "experiment": to_dict(load_config(args.experiment, args.set)) if args.experiment else None,
        "set": args.set,
    }
    return Store(args.output, Wanted(args.boxes_format, args.video, not args.no_recovery), identity)


def _check(jobs: Jobs, store: Store) -> None:
    from tracker.live.sinks.boxes import Boxes, check_several

    for job in jobs.jobs:
        check_several(Boxes(Path(store.wanted.files(job.name)["boxes"]), store.wanted.form), len(job.targets))


def _follow(args: argparse.Namespace, jobs: Jobs, store: Store) -> int:
    """Track; how many videos failed. On a terminal with a bar, elsewhere with a line now and then."""
    from tqdm import tqdm

    from tracker.live.batch.news import News
    from tracker.live.batch.run import execute

    make, threads = _maker(args)
    failed, at, news = 0, dict[str, int](), News(len(jobs.jobs))
    with tqdm(total=len(jobs.jobs), unit="video", disable=None, dynamic_ncols=True) as bar:

        def tell() -> None:
            if bar.disable and (line := news.due()):
                print(f"siamsa: {line}", file=sys.stderr, flush=True)

        def watch(name: str, frames: int) -> None:
            at[name] = frames
            bar.set_postfix_str(", ".join(f"{name} {frames}" for name, frames in at.items())[:60])
            tell()

        outcomes = execute(
            store, jobs.jobs, make, args.workers, threads=threads, retry_failed=args.retry_failed, watch=watch
        )
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                at.pop(outcome.name, None)
                bar.update()
                failed += bool(outcome.error)
                with bar.external_write_mode(file=sys.stderr):
                    if outcome.error:
                        again = " before (--retry-failed tries again)" if outcome.before else ""
                        print(f"siamsa: {outcome.name} failed{again}: {outcome.error}", file=sys.stderr, flush=True)
                    elif outcome.partly:
                        print(f"siamsa: {outcome.name}, not tracked: {outcome.partly}", file=sys.stderr, flush=True)
                    elif outcome.left:
                        print(f"siamsa: {outcome.name} is left to {outcome.left}", file=sys.stderr, flush=True)
                news.count(outcome)
                tell()
    return failed


def _maker(args: argparse.Namespace) -> tuple[Any, int]:
    """What opens the tracker in a worker, and the CPU threads of each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "").strip()
    given = int(wanted) if wanted.isascii() and wanted.isdigit() else 0
    threads = args.threads or given or max(1, cores // max(1, args.workers))
    make = partial(
        tracker.load,
        checkpoint=args.checkpoint,
        experiment=args.experiment,
        device=args.device,
        precision=args.precision,
        overrides=tuple(args.set),
        threads=threads,
    )
    return make, threads


def _write(args: argparse.Namespace, jobs: Jobs, store: Store) -> Totals:
    from tracker.live.batch.page import write_page
    from tracker.live.batch.summary import write_summary

    totals = write_summary(store, jobs)
    videos = f"{totals.videos} video{'' if totals.videos == 1 else 's'}"
    write_page(store, jobs, totals, f"{args.jobs.resolve().name}: {videos}")
    return totals


def _report(args: argparse.Namespace, totals: Totals, jobs: Jobs) -> None:
    """The few lines at the end."""
    rate = f" at {totals.frames / totals.seconds:.1f} frames/s each" if totals.seconds else ""
    print(f"{totals.done} of {totals.videos} videos done: {totals.frames} frames{rate}, {totals.targets} targets")
    if totals.lost:
        print(f"lost in {100 * totals.lost_share:.1f} % of the targets' frames")
    if totals.failures:
        print(f"{len(totals.failures)} failed: {', '.join(job.name for job in totals.failures[:10])}")
    if totals.refused:
        names = ", ".join(job.name for job in totals.partly[:10])
        targets = f"{totals.refused} target{'' if totals.refused == 1 else 's'}"
        print(f"{targets} not tracked, others of the same video were: {names}")
    if jobs.without:
        print(f"{len(jobs.without)} without a box: {', '.join(Path(video).name for video in jobs.without[:10])}")
    if totals.unfinished:
        print(f"{totals.unfinished} not done; the same command goes on")
    print(f"wrote {args.output / 'index.html'} and {args.output / 'summary.csv'}")


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("batch")
