"""Depth-wise cross-correlation of SiamRPN++ and SiamBAN."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from tracker.models.correlation import CORRELATIONS, Correlation


@CORRELATIONS.register("depthwise")
class Depthwise(Correlation):
    """Slides each channel of the template over the same channel of the search map."""

    keeps_size: ClassVar[bool] = False

    def forward(self, template: Tensor, search: Tensor) -> Tensor:
        """N,C,h,w and N,C,H,W to N,C,H-h+1,W-w+1."""
        n, c = search.shape[:2]
        kernel = template.reshape(n * c, 1, *template.shape[2:])
        out = F.conv2d(search.reshape(1, n * c, *search.shape[2:]), kernel, groups=n * c)
        return out.reshape(n, c, *out.shape[2:])
