"""The training loop: batches in, weights out; stops at any step and goes on from there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from tracker.data.pairs import PairSampler
from tracker.device import autocast
from tracker.models.siamese import SiameseNet
from tracker.settings import Config
from tracker.training.criterion import total_loss
from tracker.training.data import Batch, batches
from tracker.training.optim import AveragedWeights, set_progress

LOG_EVERY = 20  # steps
GIVE_UP = 50  # steps without a finite loss: by then statistics or weights are beyond repair


@dataclass
class Run:
    """Everything that changes while training."""

    net: SiameseNet
    optimiser: Optimizer
    average: AveragedWeights | None
    device: torch.device
    precision: torch.dtype
    step: int = 0
    seconds: float = 0.0
    skipped: int = 0
    skipped_in_a_row: int = 0
    means: dict[str, float] = field(default_factory=dict)


def cross_pairs(batch: Batch, share: float) -> tuple[Tensor, Batch]:
    """Negatives at the price of the head alone: the first searches of the batch with their neighbours' templates.

    Returns the indices of the templates (searches are 0..n-1), and the targets of these matches.
    """
    size = len(batch["labels"])
    count = int(share * size)
    index = (torch.arange(count) + 1) % size
    labels = batch["labels"][:count]
    extra = {k: v[:count].clone() for k, v in batch.items() if k not in ("template", "search")}
    extra["labels"] = torch.where(labels == 1, torch.zeros_like(labels), torch.full_like(labels, -1))
    extra["box"], extra["tight"] = torch.zeros_like(extra["box"]), torch.zeros_like(extra["tight"])
    # a neighbour of the same track would be the object itself
    extra["labels"][batch["track"][index] == batch["track"][:count]] = -1
    return index, extra


def training_step(run: Run, batch: Batch, config: Config) -> dict[str, float]:
    """One step on one batch. A loss that is not finite is skipped and counted."""
    index, extra = cross_pairs(batch, config.data.cross_negative)
    targets = {k: torch.cat((batch[k], extra[k])) for k in extra}
    targets = {k: v.to(run.device, non_blocking=True) for k, v in targets.items()}
    template, search = (
        batch[k].to(run.device, non_blocking=True).contiguous(memory_format=torch.channels_last)
        for k in ("template", "search")
    )
    index = index.to(run.device)
    with autocast(run.device, run.precision):
        embedding, features = run.net.embed(template), run.net.features(search)
        embedding = [torch.cat((e, e[index])) for e in embedding]
        features = [torch.cat((f, f[: len(index)])) for f in features]
        cls, loc = run.net.match(embedding, features)
    terms = total_loss(cls, loc, targets, config.data, config.train.loss)
    run.optimiser.zero_grad(set_to_none=True)
    if not torch.isfinite(terms["total"]):
        return _skip(run)
    terms["total"].backward()
    parameters = [p for p in run.net.parameters() if p.grad is not None]
    norm = torch.nn.utils.clip_grad_norm_(parameters, config.train.clip or float("inf"))
    if not torch.isfinite(norm):
        return _skip(run)
    run.skipped_in_a_row = 0
    run.optimiser.step()
    if run.average:
        run.average.update(run.net)
    return {k: float(v.detach()) for k, v in terms.items()} | {"norm": float(norm)}


def _skip(run: Run) -> dict[str, float]:
    run.skipped, run.skipped_in_a_row = run.skipped + 1, run.skipped_in_a_row + 1
    if run.skipped_in_a_row == GIVE_UP:
        raise RuntimeError(f"{GIVE_UP} steps in a row gave no finite loss; begin again with a lower train.lr")
    return {}


def train(
    run: Run,
    config: Config,
    sampler: PairSampler,
    log: Path,
    save: Callable[[Run], None],
    show: Callable[[Run], None],
    stopped: Callable[[], object] = bool,
) -> None:
    """Train from `run.step` to the end.

    Args:
        sampler: where pairs come from; pair i is the same whenever it is asked for.
        log: JSON lines of the running means, one every LOG_EVERY steps.
        save: writes the resumable state; called every `train.save_every` steps and at the end.
        show: reports progress after every step.
        stopped: asked before every step; when it says so, the loop saves and returns.
    """
    recipe = config.train
    steps = recipe.pairs // recipe.batch
    stream = batches(sampler, recipe.batch, run.step * recipe.batch, steps * recipe.batch)
    _forget_beyond(log, run.step)
    run.net.train()
    run.net.backbone.eval()  # ImageNet's statistics stay; batches of pairs are too small and too alike for new ones
    while run.step < steps and not stopped():
        begun = time.perf_counter()
        batch = next(stream)
        waited = time.perf_counter() - begun
        lr = set_progress(run.net, run.optimiser, recipe, run.step / steps)
        torch.manual_seed(recipe.seed * 1_000_003 + run.step)  # point selection is the same after a resume
        terms = training_step(run, batch, config)
        run.step += 1
        run.seconds += time.perf_counter() - begun
        for name, value in (terms | {"wait": waited, "lr": lr}).items():
            run.means[name] = 0.95 * run.means.get(name, value) + 0.05 * value
        show(run)
        if run.step % LOG_EVERY == 0:
            _log(log, run)
        if run.step % recipe.save_every == 0:
            save(run)
    save(run)


def _forget_beyond(log: Path, step: int) -> None:
    """Drop the rows of steps that will be done again: after a crash, or when a run is begun anew."""
    if log.exists():
        rows = log.read_text().splitlines(keepends=True)
        log.write_text("".join(row for row in rows if row.endswith("\n") and json.loads(row)["step"] <= step))


def _log(path: Path, run: Run) -> None:
    row: dict[str, Any] = {"step": run.step, "seconds": round(run.seconds, 1), "skipped": run.skipped}
    row |= {k: round(v, 6) for k, v in run.means.items()}
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
