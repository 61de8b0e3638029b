"""Which points count, and the sum of the terms."""

from __future__ import annotations

import torch

from tracker.settings import DataConfig, LossConfig
from tracker.training.criterion import select_points, total_loss


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
    }
    cls = torch.randn(2, 2, 25, 25, requires_grad=True)
    loc = torch.full((2, 4, 25, 25), 20.0, requires_grad=True)
    terms = total_loss(cls, loc, batch, DataConfig(), LossConfig(ranking=0.5, iou_ranking=0.25))
    assert set(terms) == {"cls", "loc", "cr", "igr1", "igr2", "total"}
    torch.testing.assert_close(terms["total"], sum(v for k, v in terms.items() if k != "total"))
    terms["total"].backward()
    assert loc.grad is not None and cls.grad is not None
    assert loc.grad[0].abs().sum() > 0 and loc.grad[1].abs().sum() == 0 and cls.grad[1].abs().sum() > 0
