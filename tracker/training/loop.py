"""The training loop: batches in, weights out; stops at any step and goes on from there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tracker.data.pairs import PairSampler
from tracker.errors import InputError
from tracker.settings import Config, TrainConfig
from tracker.training.data import Batch, batches
from tracker.training.distributed import Team
from tracker.training.optim import set_progress
from tracker.training.step import Run, training_step

LOG_EVERY = 20  # steps


def _nothing(*_: Any) -> None:
    return None


@dataclass
class Hooks:
    """What happens around the steps. All but `validate`, `stopped` and `looked` are called in the first process only.

    Attributes:
        save: writes the resumable state; every `train.save_every` steps and at the end.
        show: reports progress after every step.
        scalars: takes the running means every LOG_EVERY steps, and a validation's numbers.
        pictures: draws a batch; every `train.pictures_every` steps.
        validate: numbers on held-out clips, every `train.validation.every` steps and at the end; in every process.
        looked: after a validation, in every process; whether it was the best so far.
        stopped: asked before every step, in every process; when one says so, all save and return.
    """

    save: Callable[[Run], object] = _nothing
    show: Callable[[Run], object] = _nothing
    scalars: Callable[[int, dict[str, float]], object] = _nothing
    pictures: Callable[[Run, Batch], object] = _nothing
    validate: Callable[[Run], dict[str, float]] | None = None
    looked: Callable[[Run, bool], object] = _nothing
    stopped: Callable[[], object] = bool


def pairs_a_step(recipe: TrainConfig, team: Team) -> int:
    """Pairs that all processes take for one step."""
    return recipe.batch * recipe.accumulate * team.size


def train(run: Run, config: Config, sampler: PairSampler, log: Path, hooks: Hooks) -> None:
    """Train from `run.step` to the end.

    Args:
        sampler: where pairs come from; pair i is the same whenever it is asked for.
        log: JSON lines of the running means, one every LOG_EVERY steps, and one for each validation.
    """
    recipe, team = config.train, run.team
    each = pairs_a_step(recipe, team)
    steps = recipe.pairs // each
    if not steps:
        raise InputError(f"train.pairs: {recipe.pairs} pairs are not one step of {each}")
    stream = batches(sampler, recipe.batch, run.step * each, steps * each, team, recipe.accumulate)
    if team.first:
        _forget_beyond(log, run.step)
    _mode(run, recipe)
    while run.step < steps and not team.most(bool(hooks.stopped())):
        begun = time.perf_counter()
        parts = [next(stream) for _ in range(recipe.accumulate)]
        waited = time.perf_counter() - begun
        lr = set_progress(run.net, run.optimiser, recipe, run.step / steps)
        torch.manual_seed(recipe.seed * 1_000_003 + run.step)  # for parts that draw, such as dropout
        terms = training_step(run, parts, config)
        run.step += 1
        took = time.perf_counter() - begun
        run.seconds += took
        for name, value in (terms | {"data": waited, "compute": took - waited, "lr": lr}).items():
            run.means[name] = 0.95 * run.means.get(name, value) + 0.05 * value
        _after(run, recipe, parts[0], log, hooks, steps)
    if team.first:
        hooks.save(run)


def _mode(run: Run, recipe: TrainConfig) -> None:
    run.net.train()
    run.net.backbone.eval()  # ImageNet's statistics stay; batches of pairs are too small and too alike for new ones
    if recipe.statistics == "frozen":
        for module in run.net.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()


def _after(run: Run, recipe: TrainConfig, batch: Batch, log: Path, hooks: Hooks, steps: int) -> None:
    """Reports, pictures, validation and state after a step."""
    first, every = run.team.first, recipe.validation.every
    if first:
        hooks.show(run)
        if run.step % LOG_EVERY == 0:
            _log(log, run, run.means)
            hooks.scalars(run.step, run.means | {"skipped": run.skipped})
        if recipe.pictures_every and run.step % recipe.pictures_every == 0:
            hooks.pictures(run, batch)
            _mode(run, recipe)
    if hooks.validate and every and (run.step % every == 0 or run.step == steps):
        run.validation = hooks.validate(run)
        best = run.validation["score"] > run.best.get("score", -1.0)
        if best:
            run.best = run.validation | {"step": run.step}
        if first:
            _log(log, run, run.validation)
            hooks.scalars(run.step, {f"held out/{name}": value for name, value in run.validation.items()})
        hooks.looked(run, best)
        _mode(run, recipe)
    if first and run.step % recipe.save_every == 0:
        hooks.save(run)


def _forget_beyond(log: Path, step: int) -> None:
    """Drop the rows of steps that will be done again: after a crash, or when a run is begun anew."""
    if log.exists():
        rows = log.read_text().splitlines(keepends=True)
        part = log.with_name(f".{log.name}.part")
        part.write_text("".join(row for row in rows if row.endswith("\n") and json.loads(row)["step"] <= step))
        os.replace(part, log)


def _log(path: Path, run: Run, values: dict[str, float]) -> None:
    row: dict[str, Any] = {"step": run.step, "seconds": round(run.seconds, 1), "skipped": run.skipped}
    row |= {k: round(v, 6) for k, v in values.items()}
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
