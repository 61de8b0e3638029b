"""Batches for the loop: pairs by number, so that a run can go on exactly where it stopped, with any processes."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import forkserver
from typing import Any

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from tracker.data.pairs import PairSampler
from tracker.data.sources import prepare
from tracker.settings import Config, SourceConfig
from tracker.training.distributed import ALONE, Team

Batch = dict[str, Tensor]


def open_sampler(config: Config, team: Team = ALONE) -> PairSampler:
    """The run's pairs. Of `data.cache_mb`, the memory for decoded frames, each loader process here gets its share.

    Raises InputError where the configuration or a source is bad.
    """
    processes = max(1, config.data.workers) * team.here
    data = replace(config.data, cache_mb=config.data.cache_mb // processes)
    return PairSampler(data, config.tracking, config.train.seed)


def prepare_sources(config: Config, team: Team) -> None:
    """Where there are several processes: the first reads the data sets that have no index, for all of them."""
    if team.size > 1:
        held_out = config.train.validation
        more = (SourceConfig(held_out.path, held_out.layout),) if held_out.every and held_out.path else ()
        team.from_first(lambda: prepare(config.data, *more))


def describe_sources(sampler: PairSampler) -> str:
    """A line for each source: what it holds, and what is left out for which reason."""
    return "\n".join(str(source.counts()) for source in sampler.sources)


class Pairs(Dataset[dict[str, Any]]):
    """The endless, numbered stream of a sampler; each pair knows its number, `index`."""

    def __init__(self, sampler: PairSampler) -> None:
        self.sampler = sampler

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.sampler.sample(index) | {"index": index}


class Numbers(Sampler[list[int]]):
    """Numbers of the pairs `start` to `stop` that one process takes, a batch at a time, whole steps only.

    A step of all processes holds neighbouring numbers; each process takes a run of them, `accumulate` batches long.
    """

    def __init__(self, batch: int, start: int, stop: int, team: Team = ALONE, accumulate: int = 1) -> None:
        each = batch * accumulate
        step = each * team.size
        self.batch = batch
        self.firsts = [
            first + part
            for first in range(start + team.rank * each, start + (stop - start) // step * step, step)
            for part in range(0, each, batch)
        ]

    def __len__(self) -> int:
        return len(self.firsts)

    def __iter__(self) -> Iterator[list[int]]:
        return (list(range(first, first + self.batch)) for first in self.firsts)


def batches(
    sampler: PairSampler, batch: int, start: int, stop: int, team: Team = ALONE, accumulate: int = 1
) -> Iterator[Batch]:
    """This process's batches of the pairs `start` to `stop`, as tensors on the CPU."""
    workers = sampler.config.workers
    loader = DataLoader(
        Pairs(sampler),
        batch_sampler=Numbers(batch, start, max(start, stop), team, accumulate),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_quiet_worker,
        multiprocessing_context=_start_method() if workers else None,
        pin_memory=torch.cuda.is_available(),
    )
    return iter(loader)


def _start_method() -> str:
    """How loader processes start: not as forks of this one, since a fork of OpenCV's or torch's threads may hang.

    Where there is a fork server they are forks of that: it has one thread, and they share what it has imported.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    multiprocessing.set_forkserver_preload(["torch.utils.data", "cv2", "tracker.data.pairs"])
    if threading.current_thread() is threading.main_thread():
        held = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # inherited: it reaches the whole group, see below
        try:
            forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGTERM, held)
    return "forkserver"


def _quiet_worker(_: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # both reach the whole group; the training process decides
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
