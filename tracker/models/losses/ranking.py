"""Ranking losses of SiamPW-RBO (Tang & Ling, CVPR 2022), without loops over images."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from tracker.models.losses.ratio import Ratio

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
    return classification_ranking_ratio(logits, labels, scale, margin, hard_threshold, min_hard).value


def classification_ranking_ratio(
    logits: torch.Tensor,
    labels: torch.Tensor,
    scale: float = 4.0,
    margin: float = 0.5,
    hard_threshold: float = 0.5,
    min_hard: int = 8,
) -> Ratio:
    """`classification_ranking` before the division by the number of images that count."""
    flat = labels.flatten(1)
    negative = flat == 0
    n_negative = negative.sum(1)
    with torch.no_grad():  # which points count; their probabilities alone are then differentiated
        score = (logits[:, 1].float() - logits[:, 0].float()).flatten(1).masked_fill_(~negative, -torch.inf)
        n_hard = (score.sigmoid() > hard_threshold).sum(1)
        valid, index = _positives(flat)
        n_positive = valid.sum(1)
        has_positive = n_positive > 0
        counts = torch.where(has_positive, n_hard > 0, n_negative > 0)
        k = torch.where(has_positive, n_positive, n_hard.clamp(min=min_hard)).minimum(n_negative)
        most = int(k.max()) if len(k) else 0
        used = torch.arange(most, device=k.device) < k[:, None]
        top = score.topk(most, dim=1).indices
    p = _probabilities(logits, torch.cat((top, index), 1))
    negatives, positives = p[:, :most], p[:, most:]
    weights = torch.where(used, negatives.exp(), 0.0)  # p is at most 1, so this softmax needs no shift
    hardest = (weights * negatives).sum(1) / weights.sum(1).clamp(min=1.0)  # exp(p) >= 1 wherever one is used
    mean_positive = torch.where(has_positive, (positives * valid).sum(1) / n_positive.clamp(min=1), 1.0)

    losses = F.softplus(scale * (hardest - mean_positive + margin)) / scale
    return Ratio((losses * counts).sum(), counts.sum().float())


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
    igr1, igr2 = iou_guided_ranking_ratios(logits, labels, distances, boxes, gamma)
    return igr1.value, igr2.value


def iou_guided_ranking_ratios(
    logits: torch.Tensor, labels: torch.Tensor, distances: torch.Tensor, boxes: torch.Tensor, gamma: float = 5.0
) -> tuple[Ratio, Ratio]:
    """`iou_guided_ranking` before the divisions by the number of images that have such pairs."""
    valid, index = _positives(labels.flatten(1))
    p = _probabilities(logits, index)
    overlap = _iou_at_points(distances, boxes, index, valid)

    p_gap = p[:, :, None] - p[:, None, :]
    iou_gap = overlap[:, :, None] - overlap.detach()[:, None, :]
    gap = torch.stack((p_gap, iou_gap))  # of what is to rank, and beside it of what ranks it
    pair = (gap.detach().flip(0) > 0) & (valid[:, :, None] & valid[:, None, :])
    n = pair.sum((2, 3))
    # Masked before exp: a pair that is not used must not overflow, in the value or in the gradient.
    losses = (gap * -gamma).masked_fill(~pair, -torch.inf).exp().sum((2, 3)) / n.clamp(min=1)
    (igr1, igr2), (n1, n2) = losses.sum(1), (n > 0).sum(1).float()
    return Ratio(igr1, n1), Ratio(igr2, n2)


def _positives(flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which of the flat point indices (N,K) are positives, and the indices: positives first, cut at the fullest image.

    The pairs are then few (16 x 16), not 625 x 625.
    """
    positive = flat == 1
    most = int(positive.sum(1).max()) if positive.numel() else 0
    valid, index = positive.to(torch.int8).topk(max(most, 1), dim=1)
    return valid.bool(), index


def _probabilities(logits: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Target probabilities (N,K) at the flat point indices `index` (N,K), float32."""
    return logits.flatten(2).gather(2, index[:, None].expand(-1, 2, -1)).float().softmax(1)[:, 1]


def _iou_at_points(
    distances: torch.Tensor, boxes: torch.Tensor, index: torch.Tensor, valid: torch.Tensor
) -> torch.Tensor:
    """Plain IoU (N,K) of the boxes predicted at the flat point indices `index` (N,K) with their image's target."""
    columns = distances.shape[3]
    sides = distances.flatten(2).gather(2, index[:, None].expand(-1, 4, -1)).float()
    # Filler points may hold anything, inf included: they must not reach a gradient.
    before, after = sides.masked_fill(~valid[:, None], 1.0).split(2, 1)  # left and top, right and bottom
    cell = torch.stack((index % columns, torch.div(index, columns, rounding_mode="floor")), 1)
    point = FIRST + STRIDE * cell.float()
    low, high = boxes.to(point)[..., None].split(2, 1)
    inner = (torch.minimum(point + after, high) - torch.maximum(point - before, low)).clamp(min=0)
    inter, predicted, target = (side[:, 0] * side[:, 1] for side in (inner, before + after, high - low))
    return inter / (predicted + target - inter).clamp(min=1e-6)
