"""Pixel-wise correlation, eq. 2-3 of SiamPW-RBO (Tang & Ling, CVPR 2022)."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from tracker.models.correlation import CORRELATIONS, Correlation
from tracker.models.sequence import as_map, as_sequence


@CORRELATIONS.register("pixelwise")
class Pixelwise(Correlation):
    """Every search position fetches what it resembles in the template, and keeps its own features beside it."""

    keeps_size: ClassVar[bool] = True

    @staticmethod
    def channels(width: int) -> int:
        return 2 * width

    def forward(self, template: Tensor, search: Tensor) -> Tensor:
        """N,C,h,w and N,C,H,W to N,2C,H,W: `concat(F_z w, F_x)`, `w = softmax_z(F_z^T F_x / sqrt(C))`."""
        z, x = as_sequence(template), as_sequence(search)
        matched = F.scaled_dot_product_attention(x, z, z)
        return torch.cat((as_map(matched, search), search), dim=1)
