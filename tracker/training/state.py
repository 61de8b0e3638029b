"""Start, write and resume a run: one file holds everything that a step depends on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tracker import checkpoint
from tracker.config import describe, from_dict, to_dict
from tracker.device import resolve_device, resolve_precision, seed_everything
from tracker.errors import InputError
from tracker.models.fuse import fold_batchnorm, unfolded_state
from tracker.models.siamese import build_model
from tracker.settings import Config
from tracker.training.loop import Run
from tracker.training.optim import AveragedWeights, build_optimiser

# What may change between two parts of a run: it moves the schedule's end or the machine, not the data or the steps.
FREE = (
    *("description", "tracking.", "data.root", "data.workers", "data.cache_mb"),
    *("train.pairs", "train.threads", "train.precision", "train.init", "train.save_every"),
)


def start(config: Config, device: str) -> Run:
    """A fresh run: seeded weights, then `train.init`, then the backbone's BatchNorm folded into its convolutions.

    Raises InputError for a device, a precision or weights that cannot be used.
    """
    place = resolve_device(device)
    precision = resolve_precision(config.train.precision, place)
    seed_everything(config.train.seed)
    net = build_model(config.model)
    if config.train.init:
        checkpoint.import_weights(net, Path(config.train.init).expanduser())
    net.eval()
    fold_batchnorm(net.backbone)
    net = net.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedWeights(net, config.train.ema) if config.train.ema else None
    return Run(net, build_optimiser(net, config.train), average, place, precision)


def save_state(run: Run, config: Config, path: Path) -> None:
    """Write all that `resume` needs, atomically."""
    state = {
        "config": to_dict(config),
        "net": run.net.state_dict(),
        "average": run.average.net.state_dict() if run.average else None,
        "average_steps": run.average.steps if run.average else 0,
        "optimiser": run.optimiser.state_dict(),
        "step": run.step,
        "seconds": run.seconds,
        "skipped": run.skipped,
        "means": run.means,
    }
    checkpoint.write_tensors(path, state)


def resume(run: Run, config: Config, path: Path) -> None:
    """Bring a fresh run to where `path` left off. Raises InputError: unreadable, or written with other settings."""
    state = checkpoint.read_tensors(path)
    if not isinstance(state, dict) or not {"config", "net", "optimiser", "step"} <= set(state):
        raise InputError(f"{path}: not the state of a training run")
    _require_same(state["config"], config, path)
    run.net.load_state_dict(state["net"])
    if run.average:
        run.average.net.load_state_dict(state["average"])
        run.average.steps = state["average_steps"]
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.seconds, run.skipped, run.means = (state[k] for k in ("step", "seconds", "skipped", "means"))


def write_checkpoint(run: Run, config: Config, path: Path) -> str:
    """The checkpoint to track with: averaged weights where there are, half precision; returns its sha256."""
    meta = {
        "pairs": run.step * config.train.batch,
        "steps": run.step,
        "seconds": round(run.seconds),
        "seed": config.train.seed,
        "skipped_steps": run.skipped,
        "device": run.device.type,
        "precision": str(run.precision).removeprefix("torch."),
        "losses": {k: round(v, 4) for k, v in run.means.items() if k not in ("wait", "lr")},
    }
    weights = unfolded_state(run.average.net if run.average else run.net)
    return checkpoint.save(path, weights, config, meta, half=True)


def _require_same(tree: Mapping[str, Any], config: Config, path: Path) -> None:
    there = {key: value for key, value, _ in describe(from_dict(tree))}
    here = {key: value for key, value, _ in describe(config)}
    for key, value in here.items():
        if there[key] != value and not key.startswith(FREE):
            raise InputError(
                f"{path}: this run was begun with {key}={there[key]}, now it is {value}; "
                "use another --run folder, or --overwrite to begin again"
            )
