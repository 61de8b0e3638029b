"""What each part of a network yields and costs: output shape, parameters, multiply-adds, time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tracker.models.siamese import SiameseNet

TEMPLATE_SIZE, SEARCH_SIZE = 127, 255


@dataclass
class Part:
    """One row. `shape` is C,H,W of the output, of a batch of one; `multiply_adds` of convolutions and products."""

    name: str
    modules: list[nn.Module] = field(repr=False)
    shape: tuple[int, ...] = ()
    multiply_adds: int = 0
    milliseconds: float = 0.0

    @property
    def parameters(self) -> int:
        """Learnable numbers of the part."""
        return count_parameters(*self.modules)


@dataclass
class Pass:
    """One pass through the network: its parts, and the whole (which includes what lies between the parts)."""

    name: str
    parts: list[Part]
    parameters: int
    multiply_adds: int
    milliseconds: float


def count_parameters(*modules: nn.Module) -> int:
    """Learnable numbers of modules."""
    return sum(p.numel() for module in modules for p in module.parameters())


def profile(
    network: SiameseNet, exemplar_size: int = TEMPLATE_SIZE, instance_size: int = SEARCH_SIZE, repeats: int = 5
) -> tuple[Pass, Pass]:
    """Measure the template pass (`embed`) and the search pass (`forward`), batch of one, where the network is.

    Args:
        exemplar_size, instance_size: sides of the two crops, pixels.
        repeats: timed runs after one that warms up; times are their medians.
    Raises:
        ValueError: `repeats` below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats: must be 1 or more, got {repeats}")
    parameter = next(network.parameters())
    z, x = (torch.zeros(1, 3, s, s, device=parameter.device) for s in (exemplar_size, instance_size))
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            embedding = network.embed(z)
            return (
                _measure(f"template {exemplar_size}x{exemplar_size}", network, lambda: network.embed(z), repeats),
                _measure(f"search {instance_size}x{instance_size}", network, lambda: network(embedding, x), repeats),
            )
    finally:
        network.train(was_training)


def _parts(network: SiameseNet) -> list[Part]:
    """Rows of the table: the backbone's stages, then neck, attention and the pieces of the head, level by level."""
    parts = [Part("normalise", [network.normalise])]
    stem: list[tuple[str, nn.Module]] = []
    for name, child in network.backbone.named_children():
        if next(child.children(), None) is None and len(parts) == 1:
            stem.append((name, child))
            continue
        if stem:
            parts.append(Part(f"backbone.{stem[0][0]}..{stem[-1][0]}", [m for _, m in stem]))
            stem = []
        parts.append(Part(f"backbone.{name}", [child]))
    for room in ("neck", "attention"):
        levels = network.get_submodule(room).named_children()
        parts += [Part(f"{room}.{level}", [module]) for level, module in levels]
    for level, head in network.head.levels.named_children():
        for name, child in head.named_children():
            branch = list(child.named_children()) if _is_branch(child) else []
            inner = [(f"{name}.{n}", m) for n, m in branch] or [(name, child)]
            parts += [Part(f"head.{level}.{n}", [m]) for n, m in inner]
    return parts


def _is_branch(module: nn.Module) -> bool:
    """A module with children that runs them by a forward of its own, such as a branch of the SiamBAN head."""
    return not isinstance(module, nn.Sequential) and next(module.children(), None) is not None


def _measure(name: str, network: SiameseNet, run: Callable[[], object], repeats: int) -> Pass:
    parts = _parts(network)
    # The counter knows the plain products of an attention, not the fused kernels that are faster.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        with _hooked(parts, counter.get_total_flops) as done:
            run()
        multiply_adds = counter.get_total_flops() // 2
    for part in parts:
        part.multiply_adds = int(done.cost[part.name]) // 2
        part.shape = done.shape[part.name]
    times: dict[str, list[float]] = {part.name: [] for part in parts}
    totals = []
    clock = _clock(next(network.parameters()).device)
    run()
    for _ in range(repeats):
        with _hooked(parts, clock) as done:
            start = clock()
            run()
            totals.append(clock() - start)
        for part in parts:
            times[part.name].append(done.cost[part.name])
    for part in parts:
        part.milliseconds = 1e3 * statistics.median(times[part.name])
    used = [part for part in parts if part.shape]  # the template pass has no head
    parameters = count_parameters(network) if used == parts else sum(part.parameters for part in used)
    return Pass(name, used, parameters, multiply_adds, 1e3 * statistics.median(totals))


class _Record:
    """What the hooks saw, by part."""

    def __init__(self, parts: list[Part]) -> None:
        self.cost = {part.name: 0.0 for part in parts}
        self.shape: dict[str, tuple[int, ...]] = {part.name: () for part in parts}
        self.start = 0.0


@contextmanager
def _hooked(parts: list[Part], gauge: Callable[[], float]) -> Iterator[_Record]:
    """While it lasts, every run of a part adds the rise of `gauge` to the record. Parts must not nest."""
    record = _Record(parts)

    def before(module: nn.Module, args: Any) -> None:
        record.start = gauge()

    def after(part: Part) -> Callable[[nn.Module, Any, Any], None]:
        def note(module: nn.Module, args: Any, output: Any) -> None:
            record.cost[part.name] += gauge() - record.start
            record.shape[part.name] = _shape(output)

        return note

    handles = []
    for part in parts:
        for module in part.modules:
            handles += [module.register_forward_pre_hook(before), module.register_forward_hook(after(part))]
    try:
        yield record
    finally:
        for handle in handles:
            handle.remove()


def _shape(output: Any) -> tuple[int, ...]:
    if isinstance(output, Tensor):
        return tuple(output.shape[1:])
    return _shape(output[0]) if isinstance(output, (list, tuple)) and output else ()


def _clock(device: torch.device) -> Callable[[], float]:
    if device.type != "cuda":
        return time.perf_counter

    def now() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return now
