"""Losses on distances from a point to the four sides of its box: linear, log, GIoU, DIoU and smooth L1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from tracker.models.losses.ratio import Ratio
from tracker.registry import Registry

STRIDE = 8.0  # pixels of the search crop between two points


@dataclass(frozen=True)
class Overlap:
    """What the kinds of loss are made of; pixels of the search crop, shape (K,), the distances (K, 4)."""

    predicted: torch.Tensor
    target: torch.Tensor
    inter: torch.Tensor
    union: torch.Tensor
    enclosing_w: torch.Tensor
    enclosing_h: torch.Tensor
    centre_distance2: torch.Tensor

    @property
    def iou(self) -> torch.Tensor:
        """`(I + 1) / (U + 1)`: SiamBAN's, finite for boxes of no size."""
        return (self.inter + 1) / (self.union + 1)


BOX_LOSSES: Registry[Callable[[Overlap], torch.Tensor]] = Registry("box loss")


@BOX_LOSSES.register("linear")
def linear(o: Overlap) -> torch.Tensor:
    """`1 - IoU` (SiamBAN)."""
    return 1 - o.iou


@BOX_LOSSES.register("iou")
@BOX_LOSSES.register("log")
def log(o: Overlap) -> torch.Tensor:
    """`-log IoU` (UnitBox), under both of its usual names."""
    return -torch.log(o.iou)


@BOX_LOSSES.register("giou")
def giou(o: Overlap) -> torch.Tensor:
    """`1 - (IoU - (C - U) / C)` with C the area of the enclosing box (Rezatofighi 2019)."""
    enclosing = o.enclosing_w * o.enclosing_h
    return 1 - o.iou + (enclosing - o.union) / enclosing.clamp(min=1e-6)


@BOX_LOSSES.register("diou")
def diou(o: Overlap) -> torch.Tensor:
    """`1 - IoU + d^2 / c^2`: centre distance over the enclosing box's diagonal (Zheng 2020)."""
    return 1 - o.iou + o.centre_distance2 / (o.enclosing_w**2 + o.enclosing_h**2).clamp(min=1e-6)


@BOX_LOSSES.register("smooth_l1")
def smooth_l1(o: Overlap) -> torch.Tensor:
    """Smooth L1 (Girshick 2015), mean over the four distances, in strides: `d^2 / 2`, beyond one stride `d - 1/2`."""
    return F.smooth_l1_loss(o.predicted / STRIDE, o.target / STRIDE, reduction="none").mean(1)


def iou_loss(
    distances: torch.Tensor, target_distances: torch.Tensor, labels: torch.Tensor, kind: str = "linear"
) -> torch.Tensor:
    """Mean box loss over the positive points of the batch.

    Args:
        distances: N,4,H,W predicted distances l, t, r, b (>= 0), search-crop pixels.
        target_distances: N,4,H,W distances to the target's sides; read at positive points only.
        labels: N,H,W; 1 target, 0 background, -1 ignored.
        kind: a name in `BOX_LOSSES`. An unknown one raises ValueError that lists them.
    Returns:
        A float32 scalar; 0, with a gradient of 0, where there is no positive point.
    """
    return iou_ratio(distances, target_distances, labels, kind).value


def iou_ratio(distances: torch.Tensor, target_distances: torch.Tensor, labels: torch.Tensor, kind: str) -> Ratio:
    """`iou_loss` before the division."""
    positive = labels == 1
    predicted = distances.permute(0, 2, 3, 1)[positive].float()
    target = target_distances.permute(0, 2, 3, 1)[positive].float()
    losses = BOX_LOSSES[kind](_overlap(predicted, target))
    return Ratio(losses.sum(), positive.sum().float())


def _overlap(a: torch.Tensor, b: torch.Tensor) -> Overlap:
    # Both boxes share their point, so sides compare without knowing where it is.
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    inter = (low[:, 0] + low[:, 2]).clamp(min=0) * (low[:, 1] + low[:, 3]).clamp(min=0)
    area_a = (a[:, 0] + a[:, 2]) * (a[:, 1] + a[:, 3])
    area_b = (b[:, 0] + b[:, 2]) * (b[:, 1] + b[:, 3])
    centres = (a[:, 2:] - a[:, :2] - b[:, 2:] + b[:, :2]) / 2
    return Overlap(
        predicted=a,
        target=b,
        inter=inter,
        union=area_a + area_b - inter,
        enclosing_w=high[:, 0] + high[:, 2],
        enclosing_h=high[:, 1] + high[:, 3],
        centre_distance2=(centres**2).sum(1),
    )
