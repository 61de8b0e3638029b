"""Several processes that train as one: who is there, what they add up, what only the first of them does.

`torchrun` starts the processes and tells each its number. A step of n processes with `batch` pairs each equals a step
of one process with n times the batch, up to rounding:

- Pair i of the endless stream goes to one process, and what is drawn at random for it depends on its number i alone.
- A term of the loss is a mean over points or images that are spread unevenly. Each process therefore divides its own
  sum by the count of all, so that its loss is its share of the whole and gradients add (`add_gradients`), instead of
  being means that are averaged. Those sums and counts are one short message, which also tells every process at the
  same moment that the loss of one is not finite.
- Extra negative matches stay within pairs 2k and 2k+1, which lie in one process where `batch` is even.
- BatchNorm of neck and head takes its statistics over all processes (`SyncNorm`).
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from tracker.device import resolve_device
from tracker.errors import InputError

T = TypeVar("T")
PATIENCE = timedelta(minutes=30)  # how long a process waits for the others: while the first reads or writes a state


@dataclass(frozen=True)
class Team:
    """The processes of a run. One that is alone calls no other."""

    rank: int = 0
    size: int = 1
    device: torch.device = torch.device("cpu")
    here: int = 1  # how many of them are on this machine

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files and reports."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Elementwise sum over the processes, the same bits in each; no gradient."""
        if self.size == 1:
            return values
        values = values.detach().clone()
        dist.all_reduce(values)
        return values

    def most(self, number: int) -> int:
        """The largest of the processes' numbers."""
        if self.size == 1:
            return number
        value = torch.tensor(number, device=self.device)
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
        return int(value)

    def from_first(self, work: Callable[[], T]) -> T:
        """What `work` gives in the first process, in all of them. An InputError there is raised in all of them."""
        if self.size == 1:
            return work()
        parcel: list[Any] = [None, None]
        if self.first:
            try:
                parcel[0] = work()
            except InputError as error:
                parcel[1] = str(error)
        dist.broadcast_object_list(parcel, src=0, device=self.device)
        if parcel[1] is not None:
            raise InputError(parcel[1])
        return parcel[0]

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module with gradients that are summed over the processes while they are computed.

        To be done again when the parameters that are trained change: hooks are set once.
        """
        if self.size == 1:
            return module
        ids = [self.device.index] if self.device.type == "cuda" else None
        known = inspect.signature(DistributedDataParallel).parameters
        quiet = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"  # before torch 2.12
        options: dict[str, Any] = {quiet: False}  # statistics are the same everywhere already
        parallel = DistributedDataParallel(module, device_ids=ids, **options)
        parallel.register_comm_hook(self, lambda team, bucket: add_gradients(team, bucket))  # it reads annotations
        return parallel


ALONE = Team()


@contextlib.contextmanager
def join(device: str, backend: str = "auto") -> Iterator[Team]:
    """The team of this process: alone, or as torchrun's environment says; left again at the end.

    Args:
        device: auto, cpu, cuda or cuda:N; in a team, cuda is the GPU of the process's number on its machine.
        backend: auto, gloo or nccl.
    Raises:
        InputError: the device cannot be used, or the other processes cannot be reached.
    """
    size, rank = (int(os.environ.get(name, default)) for name, default in (("WORLD_SIZE", "1"), ("RANK", "0")))
    place = resolve_device(device)
    if size == 1:
        yield Team(device=place)
        return
    if place.type == "cuda" and place.index is None:
        place = resolve_device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if backend == "auto":
        backend = "nccl" if place.type == "cuda" else "gloo"
    if backend == "nccl" and place.type != "cuda":
        raise InputError("train.backend: nccl joins GPUs only; on a CPU use gloo, or auto")
    try:
        dist.init_process_group(backend, rank=rank, world_size=size, timeout=PATIENCE)
    except (ValueError, RuntimeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"process {rank} of {size} cannot join the others: {first}; start it with torchrun") from None
    try:
        yield Team(rank, size, place, int(os.environ.get("LOCAL_WORLD_SIZE", size)))
        gc.collect()  # DistributedDataParallel is held by cycles, and holds the group
        dist.barrier()  # all leave together: the first one may still be writing
    finally:
        dist.destroy_process_group()


def add_gradients(team: Team, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:
    """Hook of DistributedDataParallel that sums gradients, which its default would average.

    With gloo they are added in the order of the processes. A ring adds each part of a bucket in another order, and
    which parameters share a bucket changes after the first step, so that a resumed run would differ in the last bit.
    """
    mine = bucket.buffer()
    if dist.get_backend() == "gloo" and mine.device.type == "cpu":
        parts = [torch.empty_like(mine) for _ in range(team.size)]
        return dist.all_gather(parts, mine, async_op=True).get_future().then(lambda _: torch.stack(parts).sum(0))
    return dist.all_reduce(mine, async_op=True).get_future().then(lambda done: done.value()[0])


class _Sum(torch.autograd.Function):
    """Sum over the processes, with the gradient summed as well: every process's loss depends on every summand."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        values = values.clone()
        dist.all_reduce(values)
        return values

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient


class SyncNorm(nn.BatchNorm2d):
    """BatchNorm with the statistics of all processes, on any device (torch's SyncBatchNorm has none for the CPU)."""

    def forward(self, x: Tensor) -> Tensor:
        """N,C,H,W to N,C,H,W."""
        if not self.training:
            return super().forward(x)
        value = x.float()
        here = torch.cat((value.sum((0, 2, 3)), value.new_tensor([float(value.numel() // value.shape[1])])))
        total = _Sum.apply(here)
        count = total[-1].detach()
        centred = value - (total[:-1] / count).view(1, -1, 1, 1)
        variance = _Sum.apply(centred.square().sum((0, 2, 3))) / count
        self._remember((total[:-1] / count).detach(), (variance * count / (count - 1)).detach())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        self.running_mean.lerp_(mean, self.momentum or 0.0)
        self.running_var.lerp_(variance, self.momentum or 0.0)
        self.num_batches_tracked += 1


def synchronise(module: nn.Module, team: Team) -> None:
    """Give every BatchNorm in `module`, in place, the statistics of all processes; names and tensors stay."""
    if team.size == 1:
        return
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.BatchNorm2d:
                new = nn.SyncBatchNorm if team.device.type == "cuda" else SyncNorm
                norm = new(child.num_features, child.eps, child.momentum or 0.1)
                norm.load_state_dict(child.state_dict())
                setattr(parent, name, norm)
