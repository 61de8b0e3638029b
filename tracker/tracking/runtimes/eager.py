"""Runs the network with plain PyTorch on any of its devices."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tracker.device import autocast, resolve_device, resolve_precision
from tracker.models.fuse import fold_batchnorm
from tracker.models.siamese import Embedding, SiameseNet
from tracker.tracking.runtimes.base import RUNTIMES


@RUNTIMES.register("eager")
class Eager:
    """A copy of a network on a device, laid out for speed. Crops travel there as bytes and become floats there.

    Args:
        net: weights loaded; it is copied, so later changes to it do not show here.
        device: auto, cpu, cuda or cuda:N. Raises InputError where it cannot be used.
        precision: auto, fp32 or bf16 (autocast).
    """

    def __init__(self, net: SiameseNet, device: str | torch.device = "auto", precision: str = "auto") -> None:
        self.device = resolve_device(str(device))
        self.precision = resolve_precision(precision, self.device)
        self.net = copy.deepcopy(net).eval().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        fold_batchnorm(self.net)
        for module in self.net.modules():
            if isinstance(module, nn.Conv2d):  # autocast would turn the same weights to bf16 again for every frame
                module.to(self.precision)

    @torch.inference_mode()
    def embed(self, template: NDArray[np.uint8]) -> Embedding:
        """Template crop S,S,3 BGR uint8 to its embedding, kept on the device."""
        with autocast(self.device, self.precision):
            return self.net.embed(self._tensor([template]))

    def match(self, embedding: Embedding, search: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Search crop S,S,3 BGR uint8 to logits 2,H,W and distances 4,H,W, float32."""
        return self.match_many([embedding], [search])[0]

    @torch.inference_mode()
    def match_many(
        self, embeddings: Sequence[Embedding], searches: Sequence[NDArray[np.uint8]]
    ) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """`match` of several targets, in one batch; the search crops are of one size."""
        embedding = (
            embeddings[0] if len(embeddings) == 1 else [torch.cat(level) for level in zip(*embeddings, strict=True)]
        )
        with autocast(self.device, self.precision):
            cls, loc = self.net(embedding, self._tensor(searches))
        maps = torch.cat((cls.float(), loc.float()), 1).cpu().numpy()  # one copy, one wait for the device
        return [(each[:2], each[2:]) for each in maps]

    def _tensor(self, images: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        pixels = torch.from_numpy(np.stack(images)).to(self.device)
        return pixels.permute(0, 3, 1, 2).float()  # channels last, as the weights are
