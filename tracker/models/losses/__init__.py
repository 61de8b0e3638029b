"""Training losses, separate from the network; float32 inside, vectorised over the batch."""

from __future__ import annotations

from tracker.models.losses.cross_entropy import balanced_cross_entropy
from tracker.models.losses.iou import IOU_LOSSES, iou_loss
from tracker.models.losses.ranking import classification_ranking, iou_guided_ranking, points

__all__ = [
    "IOU_LOSSES",
    "balanced_cross_entropy",
    "classification_ranking",
    "iou_guided_ranking",
    "iou_loss",
    "points",
]
