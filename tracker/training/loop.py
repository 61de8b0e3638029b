"""The training loop: batches in, weights out; stops at any step and goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tracker.data.pairs import PairSampler
from tracker.errors import InputError
from tracker.settings import Config, TrainConfig
from tracker.training import metrics
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
        save: writes the resumable state; every `train.save_every` steps, around a validation, and at the end.
        show: reports progress after every step.
        scalars: takes the running means every LOG_EVERY steps and at the end, and a validation's numbers.
        pictures: draws a batch; every `train.pictures_every` steps.
        validate: numbers on held-out clips, every `train.validation.every` steps and at the end; in every process.
            It gets `stopped`, to ask now and then, and gives None where it was stopped: it is done again on resume.
        looked: after a validation, in every process; whether it was the best so far.
        stopped: asked before every step, in every process; when one says so, all save and return.
    """

    save: Callable[[Run], object] = _nothing
    show: Callable[[Run], object] = _nothing
    scalars: Callable[[int, dict[str, float]], object] = _nothing
    pictures: Callable[[Run, Batch], object] = _nothing
    validate: Callable[[Run, Callable[[], object]], dict[str, float] | None] | None = None
    looked: Callable[[Run, bool], object] = _nothing
    stopped: Callable[[], object] = bool


def pairs_a_step(recipe: TrainConfig, team: Team) -> int:
    """Pairs that all processes take for one step."""
    return recipe.batch * recipe.accumulate * team.size


def train(run: Run, config: Config, sampler: PairSampler, log: Path, hooks: Hooks) -> None:
    """Train from `run.step` to the end.

    Args:
        sampler: where pairs come from; pair i is the same whenever it is asked for.
        log: JSON lines of the running means, one every LOG_EVERY steps and at the end, and one for each validation.
    """
    recipe, team = config.train, run.team
    each = pairs_a_step(recipe, team)
    steps = recipe.pairs // each
    if not steps:
        raise InputError(f"train.pairs: {recipe.pairs} pairs are not one step of {each}")
    if team.first:
        metrics.forget_beyond(log, run)
    _mode(run, recipe)
    _look(run, recipe, log, hooks, steps)  # what was stopped in the middle of it
    stream = batches(sampler, recipe.batch, run.step * each, steps * each, team, recipe.accumulate)
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
        if team.first:
            _report(run, recipe, parts[0], log, hooks, run.step == steps)
        _look(run, recipe, log, hooks, steps)
    if team.first:
        hooks.save(run)


def _mode(run: Run, recipe: TrainConfig) -> None:
    run.net.train()
    run.net.backbone.eval()  # ImageNet's statistics stay; batches of pairs are too small and too alike for new ones
    if recipe.statistics == "frozen":
        for module in run.net.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()


def _report(run: Run, recipe: TrainConfig, batch: Batch, log: Path, hooks: Hooks, last: bool) -> None:
    """Progress, scalars, pictures and the state, after a step."""
    hooks.show(run)
    if last or run.step % LOG_EVERY == 0:
        metrics.append(log, run, run.means)
        counts = {"skipped": run.skipped, "scaler_overflows": run.scaler_overflows}
        hooks.scalars(run.step, run.means | counts)
    if recipe.pictures_every and run.step % recipe.pictures_every == 0:
        hooks.pictures(run, batch)
        _mode(run, recipe)
    if run.step % recipe.save_every == 0:
        hooks.save(run)


def _look(run: Run, recipe: TrainConfig, log: Path, hooks: Hooks, steps: int) -> None:
    """Validate where that is due and not done yet.

    The state is written before, since a validation may take longer than a signal leaves time for, and after.
    """
    first, every = run.team.first, recipe.validation.every
    due = run.step > 0 and every > 0 and (run.step % every == 0 or run.step == steps)
    if not hooks.validate or not due or run.validated == run.step:
        return
    if first and run.step % recipe.save_every:
        hooks.save(run)
    found = hooks.validate(run, hooks.stopped)
    _mode(run, recipe)
    if found is None:
        return
    run.validation, run.validated = found, run.step
    best = found["score"] > run.best.get("score", -1.0)
    if best:
        run.best = found | {"step": run.step}
    if first:
        metrics.append(log, run, found)
        hooks.scalars(run.step, {f"held out/{name}": value for name, value in found.items()})
    hooks.looked(run, best)
    if first:
        hooks.save(run)
