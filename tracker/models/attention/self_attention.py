"""Self-attention of SiamSA-RBO, eq. 6-7."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tracker.models.attention import ATTENTION
from tracker.models.sequence import as_map, as_sequence
from tracker.settings import AttentionConfig


@ATTENTION.register("self_attention")
class SelfAttention(nn.Module):
    """`S = softmax(q^T k)` over the summed index, `X_s = alpha * (X S) + X` (eq. 6-7).

    Each output position is the weighted sum of all positions, with weights that sum to 1. A learnable alpha starts
    at 0, so that the untrained module is the identity.
    """

    def __init__(self, channels: int, config: AttentionConfig) -> None:
        super().__init__()
        inner = max(1, channels // config.reduction)
        self.query = nn.Conv2d(channels, inner, 1)
        self.key = nn.Conv2d(channels, inner, 1)
        alpha = torch.tensor(0.0 if config.alpha is None else config.alpha)
        if config.alpha is None:
            self.alpha = nn.Parameter(alpha)
        else:
            self.register_buffer("alpha", alpha)

    def forward(self, x: Tensor) -> Tensor:
        """N,C,H,W to N,C,H,W."""
        q, k, v = (as_sequence(m) for m in (self.query(x), self.key(x), x))
        # Column j of S weighs all positions i by q_i . k_j: the standard routine with k asking and q answering.
        # Zeros change no product, and let the fused kernels, which want equal widths, do the work.
        q, k = (F.pad(m, (0, v.shape[-1] - m.shape[-1])) for m in (q, k))
        attended = F.scaled_dot_product_attention(k, q, v, scale=1.0)
        return x + self.alpha.to(x.dtype) * as_map(attended, x)
