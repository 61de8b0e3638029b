"""One step: batches in, changed weights out, or nothing changed where the loss is not finite."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from tracker.device import autocast
from tracker.models.siamese import SiameseNet
from tracker.settings import Config
from tracker.training.criterion import Loss, total_loss
from tracker.training.data import Batch
from tracker.training.distributed import ALONE, Team
from tracker.training.optim import AveragedWeights

GIVE_UP = 50  # steps without a finite loss: by then statistics or weights are beyond repair


class Matcher(nn.Module):
    """The network on a batch and on its extra matches, as one call: what DistributedDataParallel wants."""

    def __init__(self, net: SiameseNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, template: Tensor, search: Tensor, chosen: Tensor, partner: Tensor) -> tuple[Tensor, Tensor]:
        """Templates N,3,127,127 and searches N,3,S,S to logits and distances of N + len(chosen) matches.

        The extra matches are searches `chosen` with templates `partner`.
        """
        embedding, features = self.net.embed(template), self.net.features(search)
        embedding = [torch.cat((e, e[partner])) for e in embedding]
        features = [torch.cat((f, f[chosen])) for f in features]
        return self.net.match(embedding, features)


@dataclass
class Run:
    """Everything that changes while training."""

    net: SiameseNet
    optimiser: Optimizer
    average: AveragedWeights | None
    device: torch.device
    precision: torch.dtype
    team: Team = ALONE
    step: int = 0
    seconds: float = 0.0
    skipped: int = 0
    skipped_in_a_row: int = 0
    scaler_overflows: int = 0  # steps that fp16's loss scale was too high for; not among `skipped`
    means: dict[str, float] = field(default_factory=dict)
    validation: dict[str, float] = field(default_factory=dict)  # the latest
    validated: int = 0  # the step of the latest
    best: dict[str, float] = field(default_factory=dict)  # the best one, and its step

    def __post_init__(self) -> None:
        self.scaler = GradScaler(self.device.type, enabled=self.precision is torch.float16)
        self._matcher: nn.Module | None = None
        self._trained: list[bool] = []

    @property
    def matcher(self) -> nn.Module:
        """The network as it is trained: joined with the other processes, anew whenever parts are frozen or freed."""
        trained = [p.requires_grad for p in self.net.parameters()]
        if self._matcher is None or trained != self._trained:
            self._matcher, self._trained = None, trained
            gc.collect()  # the last one's hooks go with it
            self._matcher = self.team.wrap(Matcher(self.net))
        return self._matcher


def cross_pairs(batch: Batch, share: float) -> tuple[Tensor, Tensor, Batch]:
    """Negatives at the price of the head alone: searches with the template of their partner, pair 2k with 2k+1.

    Which pairs take part, `share` of them, follows from their numbers, so that it is the same however a step is spread
    over processes. Returns the searches' and the templates' places in the batch, and the targets of these matches.
    """
    place, number = torch.arange(len(batch["labels"])), batch["index"].double()
    chosen = place[torch.floor((number + 1) * share) > torch.floor(number * share)]
    partner = chosen ^ 1
    partner = torch.where(partner < len(place), partner, (chosen - 1).clamp(min=0))  # the last of an odd batch
    extra = {k: v[chosen] for k, v in batch.items() if k not in ("template", "search")}
    labels = extra["labels"]
    extra["labels"] = torch.where(labels == 1, torch.zeros_like(labels), torch.full_like(labels, -1))
    extra["labels"][batch["track"][partner] == extra["track"]] = -1  # of the same track: it would be the object itself
    extra["box"], extra["tight"] = torch.zeros_like(extra["box"]), torch.zeros_like(extra["tight"])
    extra["index"] = -1 - extra["index"]
    return chosen, partner, extra


def forward(run: Run, batch: Batch, config: Config) -> Loss:
    """The loss of a batch."""
    chosen, partner, extra = cross_pairs(batch, config.data.cross_negative)
    targets = {k: torch.cat((batch[k], extra[k])) for k in extra}
    targets = {k: v.to(run.device, non_blocking=True) for k, v in targets.items()}
    images = (
        batch[k].to(run.device, non_blocking=True).contiguous(memory_format=torch.channels_last)
        for k in ("template", "search")
    )
    with autocast(run.device, run.precision):
        cls, loc = run.matcher(*images, chosen.to(run.device), partner.to(run.device))
    return total_loss(cls, loc, targets, config.data, config.train.loss, config.train.seed, run.team)


def training_step(run: Run, parts: Sequence[Batch], config: Config) -> dict[str, float]:
    """One step on one or more batches whose gradients are averaged: the terms of the loss and the gradient's norm.

    Where the loss or the gradient of any process is not finite, all of them leave weights and statistics as they were,
    count the step and return nothing. RuntimeError when that happens GIVE_UP times in a row. So it goes for gradients
    that fp16 cannot hold since the loss is scaled too high, but counted apart: the scale is found by trying.
    """
    run.optimiser.zero_grad(set_to_none=True)
    buffers = [(b, b.clone()) for b in run.net.buffers()]
    terms: dict[str, float] = {}
    for number, batch in enumerate(parts, 1):
        with _quiet(run.matcher, number < len(parts)):
            loss = forward(run, batch, config)
            if not loss.finite:
                return _skip(run, buffers)
            run.scaler.scale(loss.share / len(parts)).backward()
        for name, value in loss.terms.items():
            terms[name] = terms.get(name, 0.0) + value / len(parts)
    run.scaler.unscale_(run.optimiser)
    parameters = [p for p in run.net.parameters() if p.grad is not None]
    norm = torch.nn.utils.clip_grad_norm_(parameters, config.train.clip or float("inf"))
    if not torch.isfinite(norm):  # the same in all processes, as the gradients are
        return _skip(run, buffers, overflow=_lowered(run.scaler))
    run.skipped_in_a_row = 0
    run.scaler.step(run.optimiser)
    run.scaler.update()
    if run.average:
        run.average.update(run.net)
    return terms | {"norm": float(norm)}


def _quiet(matcher: nn.Module, wait: bool) -> contextlib.AbstractContextManager[object]:
    """Keep gradients at home while more batches of the step are to come."""
    if wait and isinstance(matcher, DistributedDataParallel):
        return matcher.no_sync()
    return contextlib.nullcontext()


def _lowered(scaler: GradScaler) -> bool:
    """Update the scale; whether it was lowered from 1 or more. Below that, what is too large is the gradient itself."""
    scale = scaler.get_scale()
    scaler.update()
    return scaler.get_scale() < scale and scale >= 1


def _skip(run: Run, buffers: list[tuple[Tensor, Tensor]], overflow: bool = False) -> dict[str, float]:
    run.optimiser.zero_grad(set_to_none=True)
    with torch.no_grad():
        for buffer, before in buffers:
            buffer.copy_(before)
    if overflow:
        run.scaler_overflows += 1
        return {}
    run.skipped, run.skipped_in_a_row = run.skipped + 1, run.skipped_in_a_row + 1
    if run.skipped_in_a_row == GIVE_UP:
        raise RuntimeError(f"{GIVE_UP} steps in a row gave no finite loss; begin again with a lower train.lr")
    return {}
