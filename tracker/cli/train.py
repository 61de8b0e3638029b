"""`siamsa train`: train an experiment, or go on with a run that was stopped."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.options import add_set
from tracker.config import experiment_names, load_config
from tracker.errors import InputError
from tracker.live.stop import Stop

if TYPE_CHECKING:
    from tracker.settings import Config
    from tracker.training.loop import Run

HELP = "Train a network. Started again with the same settings, it goes on where it stopped."
SHOWN = ("total", "cls", "loc", "wait")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--experiment",
        default="siamsa_r18",
        metavar="NAME",
        help=f"a YAML file or one of {', '.join(experiment_names())} (default: siamsa_r18)",
    )
    parser.add_argument("--run", type=Path, metavar="DIR", help="folder of the run (default: runs/train/EXPERIMENT)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="checkpoint (default: EXPERIMENT.pth in the run)")
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--overwrite", action="store_true", help="begin again, whatever the run's folder holds")
    add_set(parser)


def run(args: argparse.Namespace) -> int:
    """Train; 0 when the run is complete, 130 or 143 when it was stopped and can be resumed, or InputError."""
    config = load_config(args.experiment, args.set)
    name = config.name or Path(args.experiment).stem
    folder = args.run or Path("runs/train") / name
    output = args.output or folder / f"{name}.pth"
    saved = folder / "state.pth"
    resumes = saved.exists() and not args.overwrite
    if args.output and output.exists() and not args.overwrite and not resumes:
        raise InputError(f"{output} exists; choose another --output or give --overwrite")

    from tracker.data.pairs import PairSampler
    from tracker.device import set_threads
    from tracker.training import state
    from tracker.training.loop import train

    set_threads(config.train.threads)
    sampler = PairSampler(config.data, config.tracking, config.train.seed)
    job = state.start(config, args.device)
    if resumes:
        state.resume(job, config, saved)
    _make(folder, output.parent)
    with Stop().on_signals() as stop, _progress(job, config) as show:
        log = folder / "metrics.jsonl"
        train(job, config, sampler, log, lambda r: state.save_state(r, config, saved), show, stop.__bool__)
    digest = state.write_checkpoint(job, config, output)
    done = job.step * config.train.batch
    skipped = f", {job.skipped} steps skipped" if job.skipped else ""
    print(f"{output}: {done} of {config.train.pairs} pairs in {job.seconds / 60:.1f} min{skipped}, sha256 {digest}")
    if stop:
        print(f"stopped by {stop.reason}; the same command goes on from here", file=sys.stderr)
    return stop.exit_code


def _make(*folders: Path) -> None:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made ({error.strerror or error})") from None
        if not os.access(folder, os.W_OK):
            raise InputError(f"{folder}: cannot be written")


@contextmanager
def _progress(job: Run, config: Config) -> Iterator[Callable[[Run], None]]:
    from tqdm import tqdm

    steps = config.train.pairs // config.train.batch
    with tqdm(total=steps, initial=job.step, unit="step", disable=None, dynamic_ncols=True) as bar:

        def show(run: Run) -> None:
            bar.set_postfix({k: f"{run.means[k]:.3f}" for k in SHOWN if k in run.means}, refresh=False)
            bar.update()

        yield show


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("train")
