from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from tracker.models.losses import (
    balanced_cross_entropy,
    classification_ranking,
    focal_loss,
    iou_guided_ranking,
    iou_loss,
    points,
)

SHARED = Path(os.environ.get("SIAMSA_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def logits_for(p: torch.Tensor) -> torch.Tensor:
    """N,2,H,W logits whose target probability is p (N,H,W)."""
    return torch.stack([torch.log(1 - p), torch.log(p)], 1)


def single(values: list[float], labels: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    return logits_for(torch.tensor(values).view(1, 1, -1)), torch.tensor(labels).view(1, 1, -1)


def test_published_code_gives_the_same_losses() -> None:
    path = SHARED / "oracles/parity/siampw_rbo/losses.npz"
    if not path.is_file():
        pytest.skip(f"oracle not there: {path}")
    oracle = {k: torch.from_numpy(np.asarray(v)) for k, v in np.load(path).items()}
    cls, loc, labels = oracle["cls_logits"], oracle["loc_ltrb"], oracle["label_cls"]
    igr1, igr2 = iou_guided_ranking(cls, labels, loc, oracle["search_box_xyxy"], gamma=3.0)
    got = {
        "cross_entropy": balanced_cross_entropy(cls, labels),
        "linear_iou": iou_loss(loc, oracle["label_loc"], labels),
        "rank_cls": classification_ranking(cls, labels),
        "rank_igr_1": igr1,
        "rank_igr_2": igr2,
    }
    for name, value in got.items():
        assert float(value) == pytest.approx(float(oracle[name]), rel=1e-5), name


def test_cross_entropy_weighs_both_kinds_alike() -> None:
    logits, labels = single([0.8, 0.5, 0.9, 0.4, 0.99], [1, 0, 0, 0, -1])
    expected = 0.5 * -math.log(0.8) + 0.5 * -(math.log(0.5) + math.log(0.1) + math.log(0.6)) / 3
    assert float(balanced_cross_entropy(logits, labels)) == pytest.approx(expected, rel=1e-6)
    only_negative = balanced_cross_entropy(logits, torch.where(labels == 1, -1, labels))
    assert float(only_negative) == pytest.approx(-(math.log(0.5) + math.log(0.1) + math.log(0.6)) / 6, rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # Prediction 10x10 from (-5,-5), target 10x10 from (0,-5): I 50, U 150, hull 15x10, centres 5 apart.
        ("linear", 1 - 51 / 151),
        ("log", -math.log(51 / 151)),
        ("giou", 1 - 51 / 151 + (150 - 150) / 150),
        ("iou", -math.log(51 / 151)),
        ("diou", 1 - 51 / 151 + 25 / (15**2 + 10**2)),
        ("smooth_l1", 2 * (5 / 8) ** 2 / 2 / 4),  # left and right are 5 pixels off, 5/8 of a stride
    ],
)
def test_iou_loss_by_hand(kind: str, expected: float) -> None:
    predicted = torch.tensor([5.0, 5, 5, 5]).view(1, 4, 1, 1)
    target = torch.tensor([0.0, 5, 10, 5]).view(1, 4, 1, 1)
    assert float(iou_loss(predicted, target, torch.ones(1, 1, 1), kind)) == pytest.approx(expected, rel=1e-6)


def test_smooth_l1_is_linear_beyond_a_stride() -> None:
    predicted = torch.tensor([24.0, 0, 0, 0]).view(1, 4, 1, 1)
    loss = iou_loss(predicted, torch.zeros(1, 4, 1, 1), torch.ones(1, 1, 1), "smooth_l1")
    assert float(loss) == pytest.approx((3 - 0.5) / 4)


def test_focal_loss_by_hand() -> None:
    logits, labels = single([0.8, 0.6, 0.1, 0.99], [1, 1, 0, -1])
    positives = 0.25 * (0.2**3 * -math.log(0.8) + 0.4**3 * -math.log(0.6))
    negatives = 0.75 * 0.1**3 * -math.log(0.9)
    assert float(focal_loss(logits, labels)) == pytest.approx((positives + negatives) / 2, rel=1e-5)
    plain = focal_loss(logits, labels, gamma=0.0, alpha=0.5)
    expected = 0.5 * -(math.log(0.8) + math.log(0.6) + math.log(0.9)) / 2
    assert float(plain) == pytest.approx(expected, rel=1e-5)


def test_focal_loss_of_a_certain_network_is_finite() -> None:
    logits = torch.tensor([[-200.0, 200.0], [200.0, -200.0]]).view(2, 2, 1, 1).requires_grad_(True)
    for labels in (torch.tensor([1, 0]), torch.tensor([0, 1])):
        loss = focal_loss(logits, labels.view(2, 1, 1))
        loss.backward()
        assert torch.isfinite(loss) and logits.grad is not None and torch.isfinite(logits.grad).all()


def test_giou_counts_the_empty_part_of_the_hull() -> None:
    predicted = torch.tensor([2.0, 2, 4, 4]).view(1, 4, 1, 1)  # 6x6
    target = torch.tensor([4.0, 4, 2, 2]).view(1, 4, 1, 1)  # 6x6, I 16, U 56, hull 8x8
    expected = 1 - 17 / 57 + 8 / 64
    assert float(iou_loss(predicted, target, torch.ones(1, 1, 1), "giou")) == pytest.approx(expected, rel=1e-6)


def test_unknown_iou_loss_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="giou.*linear"):
        iou_loss(torch.ones(1, 4, 1, 1), torch.ones(1, 4, 1, 1), torch.ones(1, 1, 1), "liner")


def test_ranking_uses_as_many_negatives_as_positives() -> None:
    logits, labels = single([0.9, 0.7, 0.8, 0.6, 0.1], [1, 1, 0, 0, 0])
    weights = [math.exp(0.8), math.exp(0.6)]
    hardest = (0.8 * weights[0] + 0.6 * weights[1]) / sum(weights)
    expected = math.log(1 + math.exp(4 * (hardest - 0.8 + 0.5))) / 4
    assert float(classification_ranking(logits, labels)) == pytest.approx(expected, rel=1e-6)


def test_ranking_skips_images_whose_negatives_are_easy() -> None:
    logits, labels = single([0.9, 0.4, 0.3], [1, 0, 0])
    assert float(classification_ranking(logits, labels)) == 0
    hard, _ = single([0.9, 0.6, 0.3], [1, 0, 0])
    both = classification_ranking(torch.cat([logits, hard]), labels.repeat(2, 1, 1))
    expected = math.log(1 + math.exp(4 * (0.6 - 0.9 + 0.5))) / 4
    assert float(both) == pytest.approx(expected, rel=1e-6)


def test_ranking_of_a_negative_pair_takes_at_least_eight() -> None:
    values = [0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05]
    logits, labels = single(values, [0] * 10)
    weights = [math.exp(v) for v in values[:8]]
    hardest = sum(v * w for v, w in zip(values, weights, strict=False)) / sum(weights)
    expected = math.log(1 + math.exp(4 * (hardest - 1 + 0.5))) / 4
    assert float(classification_ranking(logits, labels)) == pytest.approx(expected, rel=1e-6)


def test_igr_by_hand() -> None:
    # One row of three points: x 31, 39, 47, the outer two positive; y 31.
    assert points(3).tolist() == [31, 39, 47] and points(25)[12] == 127 and points(25)[24] == 223
    logits, labels = single([0.4, 0.5, 0.7], [1, -1, 1])
    box = torch.tensor([[29.0, 21, 49, 41]])  # 20 x 20
    distances = torch.zeros(1, 4, 1, 3)
    distances[0, :, 0, 0] = torch.tensor([2.0, 10, 18, 10])  # the box itself: IoU 1
    distances[0, :, 0, 2] = torch.tensor([8.0, 10, 2, 10])  # its right half: IoU 0.5
    igr1, igr2 = iou_guided_ranking(logits, labels, distances, box, gamma=5.0)
    assert float(igr1) == pytest.approx(math.exp(-5 * (0.4 - 0.7)), rel=1e-5)
    assert float(igr2) == pytest.approx(math.exp(-5 * (0.5 - 1.0)), rel=1e-5)


def test_igr2_passes_no_gradient_to_the_worse_scored() -> None:
    logits, labels = single([0.4, 0.5, 0.7], [1, -1, 1])
    distances = torch.full((1, 4, 1, 3), 6.0, requires_grad=True)
    _, igr2 = iou_guided_ranking(logits, labels, distances, torch.tensor([[29.0, 21, 49, 41]]))
    igr2.backward()
    assert distances.grad is not None
    assert distances.grad[..., 2].abs().sum() > 0 and distances.grad[..., :2].abs().sum() == 0


def all_losses(cls: torch.Tensor, loc: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
    boxes = torch.tensor([[100.0, 100, 150, 150]]).repeat(len(cls), 1)
    target = torch.full_like(loc, 20).detach()
    overlaps = [iou_loss(loc, target, labels, kind) for kind in ("linear", "log", "giou", "diou", "smooth_l1")]
    return [
        focal_loss(cls, labels),
        balanced_cross_entropy(cls, labels),
        classification_ranking(cls, labels),
        *iou_guided_ranking(cls, labels, loc, boxes),
        *overlaps,
    ]


@pytest.mark.parametrize("fill", [-1, 0, 1])
@pytest.mark.parametrize("positives", [0, 1])
def test_empty_cases_have_finite_values_and_gradients(fill: int, positives: int) -> None:
    labels = torch.full((2, 25, 25), fill)
    labels[0].flatten()[:positives] = 1
    cls = torch.randn(2, 2, 25, 25, requires_grad=True)
    loc = torch.rand(2, 4, 25, 25, requires_grad=True)
    losses = all_losses(cls, loc, labels)
    torch.stack(losses).sum().backward()
    assert all(torch.isfinite(v) for v in losses)
    assert cls.grad is not None and torch.isfinite(cls.grad).all()
    assert loc.grad is not None and torch.isfinite(loc.grad).all()


def test_overflow_at_other_points_does_not_reach_the_losses() -> None:
    labels = torch.zeros(2, 5, 5)
    labels[0, 2, 1:4] = 1
    cls = torch.randn(2, 2, 5, 5, requires_grad=True)
    loc = torch.full((2, 4, 5, 5), 20.0)
    loc[1] = loc[0, :, 0] = torch.inf
    loc.requires_grad_(True)
    losses = all_losses(cls, loc, labels)
    torch.stack(losses).sum().backward()
    assert all(torch.isfinite(v) for v in losses)
    assert loc.grad is not None and torch.isfinite(loc.grad).all()


def test_float32_under_autocast() -> None:
    labels = torch.zeros(1, 5, 5)
    labels[0, 2, 1:4] = 1
    cls, loc = torch.randn(1, 2, 5, 5), torch.rand(1, 4, 5, 5) * 40
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = all_losses(cls.bfloat16(), loc.bfloat16(), labels)
    outside = all_losses(cls.bfloat16().float(), loc.bfloat16().float(), labels)
    assert [v.dtype for v in inside] == [torch.float32] * len(inside)
    assert torch.allclose(torch.stack(inside), torch.stack(outside), rtol=1e-6)


def test_gradients_match_finite_differences() -> None:
    torch.manual_seed(0)
    labels = torch.zeros(2, 3, 3)
    labels[0, 1] = 1
    cls = (torch.randn(2, 2, 3, 3) * 2).requires_grad_(True)
    loc = (10 + 20 * torch.rand(2, 4, 3, 3)).requires_grad_(True)
    for index in (0, 1, 2, 3, 5, 7, 8, 9):  # igr2 is left out: a part of it is detached on purpose
        cls.grad = loc.grad = None
        all_losses(cls, loc, labels)[index].backward()
        step = 1e-2
        for leaf, at in ((cls, (0, 1, 1, 1)), (loc, (0, 2, 1, 0))):
            with torch.no_grad():
                leaf[at] += step
                up = all_losses(cls, loc, labels)[index]
                leaf[at] -= 2 * step
                down = all_losses(cls, loc, labels)[index]
                leaf[at] += step
            slope = 0.0 if leaf.grad is None else float(leaf.grad[at])
            assert slope == pytest.approx(float(up - down) / (2 * step), abs=2e-4)
