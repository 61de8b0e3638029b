"""Parameter groups, learning-rate schedule, freezing and the averaged weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator

import torch
from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.sgd import SGD

from tracker.errors import InputError
from tracker.models.siamese import SiameseNet
from tracker.settings import TrainConfig

STEM = ("conv1", "bn1", "layer1")


def build_optimiser(net: SiameseNet, config: TrainConfig) -> Optimizer:
    """Groups `stem`, `backbone` and `rest`; vectors (biases, norms, alpha) are not decayed. Raises InputError."""
    groups: dict[tuple[str, bool], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        groups.setdefault((_part(name), parameter.ndim > 1), []).append(parameter)
    options = [
        {
            "params": params,
            "part": part,
            "scale": 1.0 if part == "rest" else config.backbone_lr,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (part, decays), params in groups.items()
    ]
    if config.optimiser == "adamw":
        return AdamW(options, lr=config.lr)
    if config.optimiser == "sgd":
        return SGD(options, lr=config.lr, momentum=0.9)
    raise InputError(f"train.optimiser: expected adamw or sgd, got {config.optimiser!r}")


def rate(config: TrainConfig, progress: float) -> float:
    """Learning rate at `progress` (0..1) of the run: linear warm-up from a fifth, then cosine or log decay."""
    if progress < config.warmup:
        return config.lr * (0.2 + 0.8 * progress / config.warmup)
    t = (progress - config.warmup) / max(1e-9, 1 - config.warmup)
    if config.decay == "cosine":
        return config.lr * (config.final_lr + (1 - config.final_lr) * 0.5 * (1 + math.cos(math.pi * t)))
    if config.decay == "log":
        return config.lr * config.final_lr**t
    raise InputError(f"train.decay: expected cosine or log, got {config.decay!r}")


def set_progress(net: SiameseNet, optimiser: Optimizer, config: TrainConfig, progress: float) -> float:
    """Set every group's rate, and freeze what is not trained yet. Returns the head's rate."""
    lr = rate(config, progress)
    starts = {"stem": max(config.backbone_from, config.stem_from), "backbone": config.backbone_from, "rest": 0.0}
    for group in optimiser.param_groups:
        live = progress >= starts[group["part"]]
        group["lr"] = lr * group["scale"]
        for parameter in group["params"]:
            parameter.requires_grad_(live)
            if not live:
                parameter.grad = None
    return lr


class AveragedWeights:
    """Exponential moving average of weights and running statistics; the decay rises over the first steps."""

    def __init__(self, net: SiameseNet, decay: float) -> None:
        self.net, self.decay, self.steps = copy.deepcopy(net).eval().requires_grad_(False), decay, 0

    @torch.no_grad()
    def update(self, net: SiameseNet) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for mean, value in zip(_tensors(self.net), _tensors(net), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value.to(mean.dtype), 1 - decay)
            else:
                mean.copy_(value)


def _tensors(net: nn.Module) -> Iterator[torch.Tensor]:
    yield from net.parameters()
    yield from net.buffers()


def _part(name: str) -> str:
    if not name.startswith("backbone."):
        return "rest"
    return "stem" if name.split(".")[1] in STEM else "backbone"
