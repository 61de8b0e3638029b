"""`siamsa train`: train an experiment, or go on with a run that was stopped; alone or as one of many processes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.options import add_set
from tracker.config import experiment_names, load_config
from tracker.errors import InputError
from tracker.live.stop import Stop

if TYPE_CHECKING:
    from tracker.models.foreign import ImportReport
    from tracker.settings import Config
    from tracker.training.distributed import Team
    from tracker.training.loop import Hooks
    from tracker.training.step import Run

HELP = "Train a network. Started again with the same settings, it goes on where it stopped."
SHOWN = {"total": "loss", "cls": "cls", "loc": "loc", "data": "data s", "compute": "compute s"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--experiment",
        default="siamsa_r18",
        metavar="NAME",
        help=f"a YAML file or one of {', '.join(experiment_names())} (default: siamsa_r18)",
    )
    parser.add_argument(  # the second name is for torchrun, which takes --run for an option of its own
        "--run", "--folder", type=Path, metavar="DIR", help="folder of the run (default: runs/train/EXPERIMENT)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="checkpoint (default: EXPERIMENT.pth in the run)")
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--overwrite", action="store_true", help="begin again, whatever the run's folder holds")
    parser.add_argument("--tensorboard", action="store_true", help="scalars and pictures in the run's tensorboard/")
    add_set(parser)


def run(args: argparse.Namespace) -> int:
    """Train; 0 when the run is complete, 130 or 143 when it was stopped and can be resumed, or InputError."""
    config = load_config(args.experiment, args.set)

    from tracker.device import set_threads
    from tracker.training.distributed import join

    set_threads(config.train.threads)
    with join(args.device, config.train.backend) as team:
        return _train(args, config, team)


def _train(args: argparse.Namespace, config: Config, team: Team) -> int:
    from tracker.training import state
    from tracker.training.data import describe_sources, open_sampler, prepare_sources
    from tracker.training.loop import train
    from tracker.training.validate import Validation

    name = config.name or Path(args.experiment).stem
    folder = args.run or Path("runs/train") / name
    output, saved = args.output or folder / f"{name}.pth", folder / "state.pth"
    resumes = team.from_first(lambda: _resumes(args, output, saved))
    prepare_sources(config, team)
    sampler = open_sampler(config, team)
    validation = Validation(config) if config.train.validation.every else None
    job, report = state.start(config, team, init=not resumes)
    if resumes:
        state.resume(job, config, saved)
    elif report and team.first:
        print(_what_came(config, report), file=sys.stderr)
    team.from_first(lambda: _make(folder, output.parent))
    if team.first:
        print(describe_sources(sampler), file=sys.stderr)
    if team.first and not resumes:
        _best(output).unlink(missing_ok=True)  # of an earlier run, which this one replaces
    with ExitStack() as stack:
        stop = stack.enter_context(Stop().on_signals())
        hooks = _hooks(args, config, job, saved, output, stack)
        hooks.validate, hooks.stopped = validation, stop.__bool__
        train(job, config, sampler, folder / "metrics.jsonl", hooks)
        code = team.most(stop.exit_code)
    if team.first:
        _finish(job, config, output, stop, code)
    return code


def _best(output: Path) -> Path:
    return output.with_name(f"{output.stem}-best{output.suffix}")


def _resumes(args: argparse.Namespace, output: Path, saved: Path) -> bool:
    resumes = saved.exists() and not args.overwrite
    if args.output and output.exists() and not args.overwrite and not resumes:
        raise InputError(f"{output} exists; choose another --output or give --overwrite")
    return resumes


def _hooks(args: argparse.Namespace, config: Config, job: Run, saved: Path, output: Path, stack: ExitStack) -> Hooks:
    """What the first process writes and shows."""
    from tracker.training import state
    from tracker.training.loop import Hooks

    hooks = Hooks()
    if not job.team.first:
        return hooks
    if args.tensorboard:
        from tracker.training.board import Board

        board = Board(saved.parent / "tensorboard", job.step)
        stack.callback(board.close)
        hooks.scalars, hooks.pictures = board.scalars, board.pictures

    def looked(run: Run, best: bool) -> None:
        state.write_checkpoint(run, config, output)
        if best:
            state.write_checkpoint(run, config, _best(output))

    hooks.looked = looked
    hooks.save = lambda run: state.save_state(run, config, saved)
    hooks.show = stack.enter_context(_progress(job, config))
    return hooks


def _finish(job: Run, config: Config, output: Path, stop: Stop, code: int) -> None:
    from tracker.training import state
    from tracker.training.loop import pairs_a_step

    digest = state.write_checkpoint(job, config, output)
    done = job.step * pairs_a_step(config.train, job.team)
    skipped = f", {job.skipped} steps skipped" if job.skipped else ""
    print(f"{output}: {done} of {config.train.pairs} pairs in {job.seconds / 60:.1f} min{skipped}, sha256 {digest}")
    if job.best:
        print(f"held out: {_numbers(job.validation)}; best {_numbers(job.best)} at step {job.best['step']}")
    if code:
        reason = stop.reason or "a signal to another process"
        print(f"stopped by {reason}; the same command goes on from here", file=sys.stderr)


def _numbers(held_out: dict[str, float]) -> str:
    return ", ".join(f"{k} {held_out[k]:.3f}" for k in ("pairs", "clips") if k in held_out)


def _what_came(config: Config, report: ImportReport) -> str:
    from tracker.models.foreign import some

    text = f"{config.train.init}: {len(report.loaded)} tensors taken"
    if report.missing:
        text += f", {len(report.missing)} of the network not there and new ({some(report.missing)})"
    if report.unexpected:
        text += f", {len(report.unexpected)} left in the file ({some(report.unexpected)})"
    return text


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

    from tracker.training.loop import pairs_a_step

    steps = config.train.pairs // pairs_a_step(config.train, job.team)
    with tqdm(total=steps, initial=job.step, unit="step", disable=None, dynamic_ncols=True) as bar:

        def show(run: Run) -> None:
            shown = {text: f"{run.means[k]:.3f}" for k, text in SHOWN.items() if k in run.means}
            shown |= {f"held out {k}": f"{v:.3f}" for k, v in run.validation.items() if k != "score"}
            bar.set_postfix(shown, refresh=False)
            bar.update()

        yield show


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("train")
