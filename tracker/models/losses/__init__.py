"""Training losses, separate from the network; float32 inside, vectorised over the batch.

The functions named `..._ratio` give a mean's sum and count, which several processes add before they divide.
"""

from __future__ import annotations

from tracker.models.losses.cross_entropy import balanced_cross_entropy, cross_entropy_ratios
from tracker.models.losses.focal import focal_loss, focal_ratio
from tracker.models.losses.iou import BOX_LOSSES, iou_loss, iou_ratio
from tracker.models.losses.ranking import (
    classification_ranking,
    classification_ranking_ratio,
    iou_guided_ranking,
    iou_guided_ranking_ratios,
    points,
)
from tracker.models.losses.ratio import Ratio

__all__ = [
    "BOX_LOSSES",
    "Ratio",
    "balanced_cross_entropy",
    "classification_ranking",
    "classification_ranking_ratio",
    "cross_entropy_ratios",
    "focal_loss",
    "focal_ratio",
    "iou_guided_ranking",
    "iou_guided_ranking_ratios",
    "iou_loss",
    "iou_ratio",
    "points",
]
