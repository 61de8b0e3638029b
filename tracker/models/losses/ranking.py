"""Ranking losses of SiamPW-RBO (Tang & Ling, CVPR 2022), without loops over images."""

from __future__ import annotations

import torch
import torch.nn.functional as F

STRIDE, FIRST = 8, 31  # first point and step, search-crop pixels: half of the 63 that one point sees unpadded


def points(size: int, device: torch.device | None = None) -> torch.Tensor:
    """Coordinates `31 + 8 i` of the score map's points along one axis, search-crop pixels; (size,).

    The same as `127 + 8 (i - 12)` for a crop of 255 and its 25 points.
    """
    return FIRST + STRIDE * torch.arange(size, device=device, dtype=torch.float32)


def classification_ranking(
    logits: torch.Tensor,
    labels: torch.Tensor,
    scale: float = 4.0,
    margin: float = 0.5,
    hard_threshold: float = 0.5,
    min_hard: int = 8,
) -> torch.Tensor:
    """CR: the expected hard negative of each image ranks below its mean positive by a margin.

    With p the target probability, P- the sum of `softmax(p) p` over the top negatives and P+ the mean over positives,
    an image's loss is `log(1 + exp(scale (P- - P+ + margin))) / scale`. An image with k positives uses its top k
    negatives, and counts only if one of them is above `hard_threshold`. One without positives uses its top
    `max(min_hard, number above the threshold)` negatives and P+ = 1.

    Args:
        logits: N,2,H,W raw class scores (background, target).
        labels: N,H,W; 1 target, 0 background, -1 ignored.
    Returns:
        The float32 mean over the images that count; 0, with a gradient of 0, where none does.
    """
    p = logits.float().softmax(1)[:, 1].flatten(1)
    flat = labels.flatten(1)
    positive, negative = flat == 1, flat == 0
    n_positive = positive.sum(1)
    n_hard = (negative & (p > hard_threshold)).sum(1)
    has_positive = n_positive > 0
    counts = torch.where(has_positive, n_hard > 0, negative.any(1))

    k = torch.where(has_positive, n_positive, n_hard.clamp(min=min_hard))
    top = p.masked_fill(~negative, -1.0).sort(dim=1, descending=True).values
    used = (torch.arange(top.shape[1], device=p.device) < k[:, None]) & (top >= 0)
    weights = torch.where(used, top.exp(), 0.0)  # p is at most 1, so this softmax needs no shift
    hardest = (weights * top).sum(1) / weights.sum(1).clamp(min=1.0)  # exp(p) >= 1 wherever one is used
    mean_positive = torch.where(has_positive, (p * positive).sum(1) / n_positive.clamp(min=1), 1.0)

    losses = F.softplus(scale * (hardest - mean_positive + margin)) / scale
    return (losses * counts).sum() / counts.sum().clamp(min=1)


def iou_guided_ranking(
    logits: torch.Tensor, labels: torch.Tensor, distances: torch.Tensor, boxes: torch.Tensor, gamma: float = 5.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """IGR: among positives, a better box goes with a higher score, and a higher score with a better box.

    Over pairs of positives of one image: IGR1 is the mean of `exp(-gamma (p_i - p_j))` where IoU_i > IoU_j, IGR2 the
    mean of `exp(-gamma (IoU_i - IoU_j))` where p_i > p_j, in which IoU_j passes no gradient.

    Args:
        logits: N,2,H,W raw class scores (background, target).
        labels: N,H,W; 1 target, 0 background, -1 ignored.
        distances: N,4,H,W predicted distances l, t, r, b, search-crop pixels.
        boxes: N,4 target boxes x1, y1, x2, y2, search-crop pixels.
    Returns:
        `(igr1, igr2)`, float32 means over the images that have such pairs; 0, with a gradient of 0, where none has.
    """
    positive = (labels == 1).flatten(1)
    most = int(positive.sum(1).max()) if positive.numel() else 0
    # Positives first, cut at the fullest image: the pairs are then few (16 x 16), not 625 x 625.
    valid, index = positive.to(torch.int8).topk(max(most, 1), dim=1)
    valid = valid.bool()
    p = logits.float().softmax(1)[:, 1].flatten(1).gather(1, index)
    overlap = _iou_at_points(distances, boxes, index, valid)

    pair = valid[:, :, None] & valid[:, None, :]
    p_gap = p[:, :, None] - p[:, None, :]
    iou_gap = overlap[:, :, None] - overlap.detach()[:, None, :]
    igr1 = _mean_over_images(p_gap, pair & (iou_gap > 0), gamma)
    igr2 = _mean_over_images(iou_gap, pair & (p_gap > 0), gamma)
    return igr1, igr2


def _mean_over_images(gap: torch.Tensor, pair: torch.Tensor, gamma: float) -> torch.Tensor:
    n = pair.sum((1, 2))
    # Zero before exp: a pair that is not used must not overflow, in the value or in the gradient.
    losses = torch.where(pair, torch.exp(-gamma * gap.masked_fill(~pair, 0.0)), 0.0).sum((1, 2)) / n.clamp(min=1)
    return losses.sum() / (n > 0).sum().clamp(min=1)


def _iou_at_points(
    distances: torch.Tensor, boxes: torch.Tensor, index: torch.Tensor, valid: torch.Tensor
) -> torch.Tensor:
    """Plain IoU (N,K) of the boxes predicted at the flat point indices `index` (N,K) with their image's target."""
    rows, columns = distances.shape[2:]
    sides = distances.flatten(2).gather(2, index[:, None].expand(-1, 4, -1)).float()
    # Filler points may hold anything, inf included: they must not reach a gradient.
    left, top, right, bottom = sides.masked_fill(~valid[:, None], 1.0).unbind(1)
    x = points(columns, index.device)[index % columns]
    y = points(rows, index.device)[torch.div(index, columns, rounding_mode="floor")]
    x1, y1, x2, y2 = (v[:, None] for v in boxes.to(left).unbind(1))
    w = (torch.minimum(x + right, x2) - torch.maximum(x - left, x1)).clamp(min=0)
    h = (torch.minimum(y + bottom, y2) - torch.maximum(y - top, y1)).clamp(min=0)
    inter = w * h
    union = (left + right) * (top + bottom) + (x2 - x1) * (y2 - y1) - inter
    return inter / union.clamp(min=1e-6)
