"""Maps as sequences of positions and back, in the shape that torch's fused attention wants."""

from __future__ import annotations

from torch import Tensor


def as_sequence(x: Tensor) -> Tensor:
    """N,C,H,W to N,1,HW,C: one head, positions row by row."""
    return x.flatten(2).transpose(1, 2).unsqueeze(1)


def as_map(sequence: Tensor, like: Tensor) -> Tensor:
    """N,1,HW,C back to N,C,H,W with the size and the memory layout of `like`."""
    n, c, h, w = like.shape
    return sequence.reshape(n, h, w, c).permute(0, 3, 1, 2)
