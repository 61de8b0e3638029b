"""Parameter groups, learning-rate schedule, freezing and the averaged weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.sgd import SGD

from tracker.errors import InputError
from tracker.models.siamese import SiameseNet
from tracker.registry import Registry
from tracker.settings import TrainConfig

STEM = ("conv1", "bn1", "layer1")
OPTIMISERS: Registry[Callable[[list[dict[str, Any]], float], Optimizer]] = Registry("optimiser")
DECAYS: Registry[Callable[[float, float], float]] = Registry("decay")  # of the rate: from 1 to `final` as t goes 0..1


@OPTIMISERS.register("adamw")
def adamw(groups: list[dict[str, Any]], lr: float) -> Optimizer:
    """Adam with decoupled weight decay."""
    return AdamW(groups, lr=lr)


@OPTIMISERS.register("sgd")
def sgd(groups: list[dict[str, Any]], lr: float) -> Optimizer:
    """Stochastic gradient descent with momentum 0.9."""
    return SGD(groups, lr=lr, momentum=0.9)


@DECAYS.register("cosine")
def cosine(t: float, final: float) -> float:
    """Half a cosine."""
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * t))


@DECAYS.register("log")
def log(t: float, final: float) -> float:
    """Evenly spaced in the logarithm (SiamBAN)."""
    return final**t


def build_optimiser(net: SiameseNet, config: TrainConfig) -> Optimizer:
    """Groups `stem`, `backbone`, `rest` and `still`, which is never trained; adamw does not decay vectors.

    Raises InputError where `backbone_layers` names what the backbone does not have.
    """
    still = set() if config.statistics == "frozen" else set(_idle_biases(net))
    known = [name for name, part in net.backbone.named_children() if any(True for _ in part.parameters())]
    unknown = sorted(set(config.backbone_layers) - set(known))
    if unknown:
        raise InputError(f"train.backbone_layers: no {', '.join(unknown)} in this backbone; it has {', '.join(known)}")
    groups: dict[tuple[str, bool], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        decays = parameter.ndim > 1 or config.optimiser == "sgd"  # published recipes with SGD decay everything
        part = "still" if name in still else _part(name, config.backbone_layers)
        groups.setdefault((part, decays), []).append(parameter)
    options = [
        {
            "params": params,
            "part": part,
            "scale": 1.0 if part == "rest" else config.backbone_lr,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (part, decays), params in groups.items()
    ]
    return OPTIMISERS[config.optimiser](options, config.lr)


def rate(config: TrainConfig, progress: float) -> float:
    """Learning rate at `progress` (0..1) of the run: linear warm-up from a fifth, then cosine or log decay."""
    if progress < config.warmup:
        return config.lr * (0.2 + 0.8 * progress / config.warmup)
    t = (progress - config.warmup) / max(1e-9, 1 - config.warmup)
    return config.lr * DECAYS[config.decay](t, config.final_lr)


def set_progress(net: SiameseNet, optimiser: Optimizer, config: TrainConfig, progress: float) -> float:
    """Set every group's rate, and freeze what is not trained yet. Returns the head's rate."""
    lr = rate(config, progress)
    stem = max(config.backbone_from, config.stem_from)
    starts = {"stem": stem, "backbone": config.backbone_from, "rest": 0.0, "still": math.inf}
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


def _part(name: str, layers: tuple[str, ...]) -> str:
    if not name.startswith("backbone."):
        return "rest"
    layer = name.split(".")[1]
    if layers and layer not in layers:
        return "still"
    return "stem" if layer in STEM else "backbone"


def _idle_biases(net: SiameseNet) -> Iterator[str]:
    """Biases right before a BatchNorm, which takes them off again: their gradient is rounding noise, which adamw would
    blow up to steps of full length that differ from machine to machine."""
    for name, module in net.named_modules():
        for (child, conv), (_, norm) in pairwise(module.named_children()):
            if isinstance(norm, nn.modules.batchnorm._BatchNorm) and getattr(conv, "bias", None) is not None:
                yield f"{name}.{child}.bias"
