"""What every runtime can do, and the registry of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from tracker.models.siamese import SiameseNet
from tracker.registry import Registry


class Runtime(Protocol):
    """Executes a network: BGR uint8 crops in, NumPy maps out. An embedding is whatever its own `match` takes."""

    def __init__(self, net: SiameseNet, device: str | torch.device = "auto", precision: str = "auto") -> None: ...

    def embed(self, template: NDArray[np.uint8]) -> Any:
        """Template crop S,S,3 to its embedding."""

    def match(self, embedding: Any, search: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Search crop S,S,3 to logits 2,H,W and distances 4,H,W, float32."""

    def match_many(
        self, embeddings: Sequence[Any], searches: Sequence[NDArray[np.uint8]]
    ) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """`match` of several targets at once; the search crops are of one size."""


RUNTIMES: Registry[type[Runtime]] = Registry("runtime")
