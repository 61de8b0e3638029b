"""Focal loss (Lin et al., ICCV 2017): what is already right counts less."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from tracker.models.losses.ratio import Ratio


def focal_loss(logits: torch.Tensor, labels: torch.Tensor, gamma: float = 3.0, alpha: float = 0.25) -> torch.Tensor:
    """Sum of `-alpha_t (1 - p_t)^gamma log p_t` over all labelled points, by the number of positive points.

    p_t is the probability of the right class, alpha_t is alpha for targets and 1 - alpha for background (eq. 5). The
    exponent 3 is that of the joint loss `(1-b) CE + b focal`, b = 0.0002; alpha and the divisor are Lin et al.'s.

    Args:
        logits: N,2,H,W raw class scores (background, target).
        labels: N,H,W; 1 target, 0 background, -1 ignored.
    Returns:
        A float32 scalar; without positive points the sum itself.
    """
    return focal_ratio(logits, labels, gamma, alpha).value


def focal_ratio(logits: torch.Tensor, labels: torch.Tensor, gamma: float, alpha: float) -> Ratio:
    """`focal_loss` before the division."""
    log_p = F.log_softmax(logits.float(), dim=1)
    positive, negative = labels == 1, labels == 0
    total = log_p.new_zeros(())
    for channel, mask, weight in ((1, positive, alpha), (0, negative, 1 - alpha)):
        right = log_p[:, channel][mask]
        wrong = -torch.expm1(right)  # 1 - p_t, exact where p_t is near 1
        total = total - weight * (wrong.clamp(min=1e-12) ** gamma * right).sum()
    return Ratio(total, positive.sum().float())
