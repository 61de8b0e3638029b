"""From the network's outputs and a batch to the loss: which points count, and the weighted terms."""

from __future__ import annotations

import torch
from torch import Tensor

from tracker.models.losses import (
    balanced_cross_entropy,
    classification_ranking,
    iou_guided_ranking,
    iou_loss,
)
from tracker.settings import DataConfig, LossConfig


def select_points(labels: Tensor, scores: Tensor, config: DataConfig) -> Tensor:
    """Keep at most `positives` and `negatives` points of each image, ignore (-1) the rest.

    Args:
        labels: N,H,W with 1, 0, -1.
        scores: N,H,W target probabilities; the share `hard` of the negatives is the highest scored, the rest is
            drawn at random, as are the positives.
    """
    flat, score = labels.flatten(1), scores.detach().float().flatten(1)
    draw = torch.rand(flat.shape, device=flat.device)
    hard = round(config.hard * config.negatives)
    kept = _top(draw, flat == 1, config.positives)
    difficult = _top(score, flat == 0, hard)
    kept |= difficult | _top(draw, (flat == 0) & ~difficult, config.negatives - hard)
    return torch.where(kept, flat, torch.full_like(flat, -1)).view_as(labels)


def total_loss(
    cls: Tensor, loc: Tensor, batch: dict[str, Tensor], data: DataConfig, loss: LossConfig
) -> dict[str, Tensor]:
    """The weighted terms and their sum `total`, for logits N,2,H,W and distances N,4,H,W (METHOD of SiamPW-RBO)."""
    labels = batch["labels"]
    cls, loc = cls.float(), loc.float()
    chosen = select_points(labels, cls.softmax(1)[:, 1], data)
    ranked = labels if loss.all_points else chosen
    boxed = torch.where(batch["tight"].view(-1, 1, 1), ranked, torch.full_like(labels, -1))
    terms = {
        "cls": loss.cls * balanced_cross_entropy(cls, chosen),
        "loc": loss.loc * iou_loss(loc, batch["distances"], boxed, kind=loss.loc_kind),
    }
    if loss.ranking:
        terms["cr"] = loss.ranking * classification_ranking(cls, ranked)
    if loss.iou_ranking:
        pair = iou_guided_ranking(cls, boxed, loc, batch["box"], gamma=loss.iou_ranking_gamma)
        terms["igr1"], terms["igr2"] = (loss.iou_ranking * term for term in pair)
    return terms | {"total": torch.stack(list(terms.values())).sum()}


def _top(key: Tensor, mask: Tensor, count: int) -> Tensor:
    """Mask of the `count` highest keys of each row within `mask`."""
    if count <= 0:
        return torch.zeros_like(mask)
    count = min(count, key.shape[1])
    index = key.masked_fill(~mask, -1.0).topk(count, dim=1).indices
    return torch.zeros_like(mask).scatter(1, index, True) & mask
