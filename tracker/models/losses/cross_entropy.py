"""Cross entropy in which target and background count the same, however many points each has (SiamRPN++)."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from tracker.models.losses.ratio import Ratio


def balanced_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Half the mean over positive points plus half the mean over negative points of the whole batch.

    Args:
        logits: N,2,H,W raw class scores (background, target).
        labels: N,H,W; 1 target, 0 background, -1 ignored.
    Returns:
        A float32 scalar; a kind of point that is absent adds 0.
    """
    positive, negative = cross_entropy_ratios(logits, labels)
    return 0.5 * positive.value + 0.5 * negative.value


def cross_entropy_ratios(logits: torch.Tensor, labels: torch.Tensor) -> tuple[Ratio, Ratio]:
    """The two means of `balanced_cross_entropy`, over positives and over negatives, each to be weighed by a half."""
    log_p = F.log_softmax(logits.float(), dim=1)
    positive, negative = labels == 1, labels == 0
    return (
        Ratio(-log_p[:, 1][positive].sum(), positive.sum().float()),
        Ratio(-log_p[:, 0][negative].sum(), negative.sum().float()),
    )
