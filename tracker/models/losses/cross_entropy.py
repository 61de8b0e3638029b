"""Cross entropy in which target and background count the same, however many points each has (SiamRPN++)."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def balanced_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Half the mean over positive points plus half the mean over negative points of the whole batch.

    Args:
        logits: N,2,H,W raw class scores (background, target).
        labels: N,H,W; 1 target, 0 background, -1 ignored.
    Returns:
        A float32 scalar; a kind of point that is absent adds 0.
    """
    log_p = F.log_softmax(logits.float(), dim=1)
    positive, negative = labels == 1, labels == 0
    loss = log_p.new_zeros(())
    for channel, mask in ((1, positive), (0, negative)):
        loss = loss - 0.5 * log_p[:, channel][mask].sum() / mask.sum().clamp(min=1)
    return loss
