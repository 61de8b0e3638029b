"""A mean that is not yet taken, so that processes can add their sums and counts first."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Ratio:
    """`total / count`, float32 scalars; 0, with a gradient of 0, where nothing counts. `count` passes no gradient."""

    total: Tensor
    count: Tensor

    @property
    def value(self) -> Tensor:
        """The mean over what this process holds."""
        return self.total / self.count.clamp(min=1)
