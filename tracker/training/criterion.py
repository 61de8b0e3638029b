"""From the network's outputs and a batch to the loss: which points count, and the weighted terms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tracker.models.losses import (
    Ratio,
    classification_ranking_ratio,
    cross_entropy_ratios,
    focal_ratio,
    iou_guided_ranking_ratios,
    iou_ratio,
)
from tracker.settings import DataConfig, LossConfig
from tracker.training.distributed import ALONE, Team

Weighted = list[tuple[float, Ratio]]


@dataclass(frozen=True)
class Loss:
    """What a batch costs.

    Attributes:
        share: this process's part of the loss, to differentiate.
        terms: the weighted values over all processes, with their sum `total`.
    """

    share: Tensor
    terms: dict[str, float]

    @property
    def finite(self) -> bool:
        """Whether every term is, in every process."""
        return all(map(math.isfinite, self.terms.values()))


def uniform(numbers: Tensor, count: int, seed: int) -> Tensor:
    """Random numbers in 0..1, (N, count), as a function of (seed, number, column) alone: the same in any process.

    splitmix64 (Steele et al. 2014) of a counter; 24 bits of it, which float32 holds.
    """
    x = numbers.long()[:, None] * 1_000_003 + torch.arange(count, device=numbers.device)
    x = x * -7046029254386353131 + seed * -4417276706812531889 % 2**62  # 64-bit products wrap
    for shift, factor in ((30, -4658895280553007687), (27, -7723592293110705685)):
        x = (x ^ _shifted(x, shift)) * factor
    return _shifted(x ^ _shifted(x, 31), 40).float() / 2**24


def _shifted(x: Tensor, by: int) -> Tensor:
    return (x >> by) & ((1 << (64 - by)) - 1)  # without copies of the sign


def select_points(labels: Tensor, scores: Tensor, config: DataConfig, draw: Tensor | None = None) -> Tensor:
    """Keep at most `positives` and `negatives` points of each image, ignore (-1) the rest.

    Args:
        labels: N,H,W with 1, 0, -1.
        scores: N,H,W target probabilities; the share `hard` of the negatives is the highest scored, the rest is
            drawn at random, as are the positives.
        draw: N,H*W random numbers in 0..1; those that are highest are kept. None: torch's own.
    """
    flat, score = labels.flatten(1), scores.detach().float().flatten(1)
    draw = torch.rand(flat.shape, device=flat.device) if draw is None else draw
    hard = round(config.hard * config.negatives)
    kept = _top(draw, flat == 1, config.positives)
    difficult = _top(score, flat == 0, hard)
    kept |= difficult | _top(draw, (flat == 0) & ~difficult, config.negatives - hard)
    return torch.where(kept, flat, torch.full_like(flat, -1)).view_as(labels)


def total_loss(
    cls: Tensor,
    loc: Tensor,
    batch: dict[str, Tensor],
    data: DataConfig,
    loss: LossConfig,
    seed: int = 0,
    team: Team = ALONE,
) -> Loss:
    """The weighted terms for logits N,2,H,W and distances N,4,H,W (SiamPW-RBO), over the batches of all processes.

    `batch["index"]` (N,) are the numbers of the matches in the whole run: which points are kept depends on them.
    """
    labels = batch["labels"]
    cls, loc = cls.float(), loc.float()
    draw = uniform(batch["index"], labels[0].numel(), seed)
    chosen = select_points(labels, cls.softmax(1)[:, 1], data, draw)
    ranked = labels if loss.all_points else chosen
    boxed = torch.where(batch["tight"].view(-1, 1, 1), ranked, torch.full_like(labels, -1))
    entropy = loss.cls * (1 - loss.focal)
    terms: dict[str, Weighted] = {
        "cls": [(0.5 * entropy, half) for half in cross_entropy_ratios(cls, chosen)],
        "loc": [(loss.loc, iou_ratio(loc, batch["distances"], boxed, loss.loc_kind))],
    }
    if loss.focal:
        focal = focal_ratio(cls, labels, loss.focal_gamma, loss.focal_alpha)  # on all points: it does the choosing
        terms["focal"] = [(loss.cls * loss.focal, focal)]
    if loss.ranking:
        terms["cr"] = [(loss.ranking, classification_ranking_ratio(cls, ranked))]
    if loss.iou_ranking:
        pair = iou_guided_ranking_ratios(cls, boxed, loc, batch["box"], loss.iou_ranking_gamma)
        terms |= {name: [(loss.iou_ranking, ratio)] for name, ratio in zip(("igr1", "igr2"), pair, strict=True)}
    return _shared(terms, team)


def _shared(terms: dict[str, Weighted], team: Team) -> Loss:
    """Divide this process's sums by the counts of all, in one message for values and counts."""
    weighted = [item for term in terms.values() for item in term]
    totals = torch.stack([ratio.total for _, ratio in weighted])
    counts = torch.stack([ratio.count for _, ratio in weighted])
    weights = totals.new_tensor([weight for weight, _ in weighted])
    both = team.sum(torch.stack((totals.detach(), counts)))
    factors = weights / both[1].clamp(min=1)
    values = iter((both[0] * factors).tolist())
    logged = {name: sum(next(values) for _ in term) for name, term in terms.items()}
    return Loss((totals * factors).sum(), logged | {"total": sum(logged.values())})


def _top(key: Tensor, mask: Tensor, count: int) -> Tensor:
    """Mask of the `count` highest keys of each row within `mask`."""
    if count <= 0:
        return torch.zeros_like(mask)
    count = min(count, key.shape[1])
    index = key.masked_fill(~mask, -1.0).topk(count, dim=1).indices
    return torch.zeros_like(mask).scatter(1, index, True) & mask
