"""Start, write and resume a run: one file holds everything that a step depends on."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tracker import checkpoint
from tracker.config import describe, from_dict, to_dict
from tracker.device import resolve_precision, seed_everything
from tracker.errors import InputError
from tracker.models.foreign import ImportReport
from tracker.models.fuse import fold_batchnorm, unfolded_state
from tracker.models.siamese import build_model
from tracker.settings import Config
from tracker.training.distributed import Team, synchronise
from tracker.training.loop import pairs_a_step
from tracker.training.optim import AveragedWeights, build_optimiser
from tracker.training.step import Run

# What may change between two parts of a run: it moves the schedule's end or the machine, not the data or the steps.
# `batch` and `accumulate` may, with the number of processes, as long as a step holds as many pairs.
FREE = (
    *("description", "tracking.runtime", "tracking.penalty_k", "tracking.window_influence", "tracking.lr"),
    *("tracking.lost_threshold", "tracking.lost_window_influence", "tracking.calm_"),
    *("data.root", "data.workers", "data.cache_mb"),
    *("train.pairs", "train.threads", "train.precision", "train.init", "train.save_every", "train.backend"),
    *("train.batch", "train.accumulate", "train.pictures_every", "train.validation."),
)

NUMBERS = (  # of Run
    *("step", "seconds", "skipped", "skipped_in_a_row", "scaler_overflows"),
    *("means", "validation", "validated", "best"),
)


def start(config: Config, team: Team, init: bool = True) -> tuple[Run, ImportReport | None]:
    """A fresh run: seeded weights, then `train.init`, then the backbone's BatchNorm folded into its convolutions.

    Without `init` that file is not read: for a run to be resumed, whose state replaces all weights.
    Returns the run with what `train.init` gave. Raises InputError for a precision or weights that cannot be used.
    """
    place = team.device
    fp16 = config.train.precision == "fp16"
    precision = torch.float16 if fp16 else resolve_precision(config.train.precision, place)
    seed_everything(config.train.seed)
    net = build_model(config.model)
    report = None
    if config.train.init and init:
        report = checkpoint.import_weights(net, _weights(config.train.init))
    net.eval()
    fold_batchnorm(net.backbone)
    if config.train.statistics == "sync":
        synchronise(net, team)
    net = net.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedWeights(net, config.train.ema) if config.train.ema else None
    return Run(net, build_optimiser(net, config.train), average, place, precision, team), report


def _weights(name: str) -> Path:
    """The file that `train.init` names: a path, or a shipped checkpoint's bare name."""
    path = Path(name).expanduser()
    shipped = checkpoint.pretrained_dir() / path
    return shipped if path.name == name and not path.exists() and shipped.exists() else path


def save_state(run: Run, config: Config, path: Path) -> None:
    """Write all that `resume` needs, atomically."""
    state = {
        "config": to_dict(config),
        "net": run.net.state_dict(),
        "average": run.average.net.state_dict() if run.average else None,
        "average_steps": run.average.steps if run.average else 0,
        "optimiser": run.optimiser.state_dict(),
        "scaler": run.scaler.state_dict(),
        "pairs_a_step": pairs_a_step(config.train, run.team),
        "random": _random_state(),
        **{name: getattr(run, name) for name in NUMBERS},
    }
    checkpoint.write_tensors(path, state)


def resume(run: Run, config: Config, path: Path) -> None:
    """Bring a fresh run to where `path` left off; read by the first process, for all of them.

    Raises InputError: unreadable, or written with other settings.
    """
    state = run.team.from_first(lambda: _read(run, config, path))
    try:
        run.net.load_state_dict(state["net"])
        run.optimiser.load_state_dict(state["optimiser"])
    except (ValueError, RuntimeError):  # groups or names that are not ours
        raise InputError(f"{path}: written by another version of siamsa; finish the run with that one") from None
    if run.average:
        run.average.net.load_state_dict(state["average"])
        run.average.steps = state["average_steps"]
    if run.scaler.is_enabled() and state.get("scaler"):
        run.scaler.load_state_dict(state["scaler"])
    if "random" in state:
        _set_random_state(state["random"])
    for name in NUMBERS:
        setattr(run, name, state.get(name, getattr(run, name)))


def write_checkpoint(run: Run, config: Config, path: Path) -> str:
    """The checkpoint to track with: averaged weights where there are, half precision; returns its sha256."""
    meta = {
        "pairs": run.step * pairs_a_step(config.train, run.team),
        "steps": run.step,
        "seconds": round(run.seconds),
        "seed": config.train.seed,
        "skipped_steps": run.skipped,
        "scaler_overflows": run.scaler_overflows,
        "device": run.device.type,
        "processes": run.team.size,
        "precision": str(run.precision).removeprefix("torch."),
        "losses": {k: round(v, 4) for k, v in run.means.items() if k not in ("data", "compute", "lr")},
        "validation": {k: round(v, 4) for k, v in run.validation.items()},
    }
    weights = unfolded_state(run.average.net if run.average else run.net)
    return checkpoint.save(path, weights, config, meta, half=True)


def _read(run: Run, config: Config, path: Path) -> dict[str, Any]:
    state = checkpoint.read_tensors(path)
    if not isinstance(state, dict) or not {"config", "net", "optimiser", "step"} <= set(state):
        raise InputError(f"{path}: not the state of a training run")
    before = from_dict(state["config"])
    _require_same(describe(before), config, path)
    there, here = state.get("pairs_a_step", before.train.batch), pairs_a_step(config.train, run.team)
    if there != here:
        raise InputError(
            f"{path}: this run was begun with {there} pairs a step, now it is {here} (train.batch x train.accumulate x "
            "processes); keep their product, or use another --run folder"
        )
    return state


def _require_same(rows: list[tuple[str, str, str]], config: Config, path: Path) -> None:
    there = {key: value for key, value, _ in rows}
    here = {key: value for key, value, _ in describe(config)}
    for key, value in here.items():
        if there[key] != value and not key.startswith(FREE):
            raise InputError(
                f"{path}: this run was begun with {key}={there[key]}, now it is {value}; "
                "use another --run folder, or --overwrite to begin again"
            )


def _random_state() -> dict[str, Any]:
    """Of Python, NumPy and torch, as plain types. Steps draw from their own numbers; this is for added parts."""
    version, words, gauss = random.getstate()
    name, keys, *rest = np.random.get_state(legacy=True)
    numpy_state = [str(name), torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest]
    return {"python": [version, list(words), gauss], "numpy": numpy_state, "torch": torch.get_rng_state()}


def _set_random_state(state: Mapping[str, Any]) -> None:
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
