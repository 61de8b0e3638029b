"""Batches for the loop: pairs by index, so that a run can go on exactly where it stopped."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tracker.data.pairs import PairSampler

Batch = dict[str, Tensor]


class Pairs(Dataset[dict[str, Any]]):
    """Pairs `start` to `stop` of the endless, numbered stream of a sampler."""

    def __init__(self, sampler: PairSampler, start: int, stop: int) -> None:
        self.sampler, self.start, self.stop = sampler, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.sampler.sample(self.start + index)


def batches(sampler: PairSampler, batch: int, start: int, stop: int) -> Iterator[Batch]:
    """Batches of pairs `start` to `stop`, whole ones only, as tensors on the CPU."""
    workers = sampler.config.workers
    loader = DataLoader(
        Pairs(sampler, start, max(start, stop)),
        batch_size=batch,
        num_workers=workers,
        drop_last=True,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_quiet_worker,
        multiprocessing_context="spawn" if workers else None,  # a fork of OpenCV's or torch's threads may hang
        pin_memory=torch.cuda.is_available(),
    )
    return iter(loader)


def _quiet_worker(_: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # both reach the whole group; the training process decides
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
