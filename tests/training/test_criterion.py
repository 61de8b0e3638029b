"""Which points count, and the sum of the terms."""

from __future__ import annotations

import pytest
import torch

from tracker.models.losses import balanced_cross_entropy, focal_loss
from tracker.settings import DataConfig, LossConfig
from tracker.training.criterion import select_points, total_loss, uniform


def test_at_most_so_many_points_are_kept_and_half_of_the_negatives_are_the_hardest() -> None:
    labels = torch.zeros(2, 25, 25, dtype=torch.long)
    labels[0, 10:15, 10:15] = 1
    labels[:, 0] = -1
    scores = torch.rand(2, 25, 25)
    config = DataConfig(positives=16, negatives=48, hard=0.5)
    kept = select_points(labels, scores, config)
    assert (kept[0] == 1).sum() == 16 and (kept[1] == 1).sum() == 0
    assert [(k == 0).sum().item() for k in kept] == [48, 48]
    assert ((kept == labels) | (kept == -1)).all()
    for image in range(2):
        background = scores[image][labels[image] == 0]
        hardest = scores[image] >= background.topk(24).values[-1]
        assert (kept[image][hardest & (labels[image] == 0)] == 0).all()


def test_fewer_points_than_the_limits_are_all_kept() -> None:
    labels = torch.full((1, 25, 25), -1, dtype=torch.long)
    labels[0, 0, :3] = 1
    labels[0, 1, :5] = 0
    assert torch.equal(select_points(labels, torch.rand(1, 25, 25), DataConfig()), labels)


def test_loose_boxes_teach_the_class_branch_only() -> None:
    torch.manual_seed(0)
    labels = torch.zeros(2, 25, 25, dtype=torch.long)
    labels[:, 11:14, 11:14] = 1
    batch = {
        "labels": labels,
        "distances": torch.full((2, 4, 25, 25), 32.0),
        "box": torch.tensor([[95.0, 95, 159, 159]] * 2),
        "tight": torch.tensor([True, False]),
        "index": torch.tensor([0, 1]),
    }
    cls = torch.randn(2, 2, 25, 25, requires_grad=True)
    loc = torch.full((2, 4, 25, 25), 20.0, requires_grad=True)
    loss = total_loss(cls, loc, batch, DataConfig(), LossConfig(ranking=0.5, iou_ranking=0.25))
    assert set(loss.terms) == {"cls", "loc", "cr", "igr1", "igr2", "total"} and loss.finite
    assert loss.terms["total"] == pytest.approx(sum(v for k, v in loss.terms.items() if k != "total"))
    assert loss.share.item() == pytest.approx(loss.terms["total"])
    loss.share.backward()
    assert loc.grad is not None and cls.grad is not None
    assert loc.grad[0].abs().sum() > 0 and loc.grad[1].abs().sum() == 0 and cls.grad[1].abs().sum() > 0


def test_the_joint_loss_shares_the_class_weight() -> None:
    torch.manual_seed(0)
    labels = torch.randint(-1, 2, (2, 5, 5))
    cls, loc = torch.randn(2, 2, 5, 5), torch.rand(2, 4, 5, 5)
    batch = {
        "labels": labels,
        "distances": torch.rand(2, 4, 5, 5),
        "box": torch.zeros(2, 4),
        "tight": torch.ones(2, dtype=torch.bool),
        "index": torch.tensor([3, 4]),
    }
    every_point = DataConfig(positives=25, negatives=25, hard=0.0)
    terms = total_loss(cls, loc, batch, every_point, LossConfig(cls=2.0, focal=0.1)).terms
    assert terms["cls"] == pytest.approx(2 * 0.9 * float(balanced_cross_entropy(cls, labels)), rel=1e-5)
    assert terms["focal"] == pytest.approx(2 * 0.1 * float(focal_loss(cls, labels)), rel=1e-5)


def test_random_numbers_are_even_and_depend_on_the_pair_alone() -> None:
    some = uniform(torch.tensor([5, 6, -7]), 625, seed=1)
    assert torch.equal(some[1:2], uniform(torch.tensor([6]), 625, seed=1))
    assert not torch.equal(some[1:2], uniform(torch.tensor([6]), 625, seed=2))
    many = uniform(torch.arange(200), 625, seed=0)
    assert float(many.min()) >= 0 and float(many.max()) < 1
    assert float(many.mean()) == pytest.approx(0.5, abs=0.005) and float(many.std()) == pytest.approx(
        12**-0.5, abs=0.005
    )
    assert abs(float(torch.corrcoef(many[:2])[0, 1])) < 0.15 and len(many.unique()) > 124_000
