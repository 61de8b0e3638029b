from __future__ import annotations

import pytest
import torch

from tracker.config import load_config
from tracker.models.profile import count_parameters, profile
from tracker.models.siamese import SiameseNet, build_model


@pytest.fixture(scope="module")
def network() -> SiameseNet:
    return build_model(load_config("siamsa_r18", ["model.width=64", "model.levels=[2]"]).model)


def test_costs_by_hand(network: SiameseNet) -> None:
    template, search = profile(network, repeats=1)
    parts = {part.name: part for part in search.parts}
    # conv1: 3 channels, 7x7 kernel, 64 outputs of 125x125
    assert parts["backbone.conv1..maxpool"].multiply_adds == 3 * 49 * 64 * 125**2
    # attention: q and k of 64/8 channels at 961 positions, then q^T k (filled up to 64 with zeros) and X S
    expected = 2 * 64 * 8 * 961 + 2 * 961 * 961 * 64
    assert parts["attention.0"].multiply_adds == expected
    # pixel-wise: 49 template positions against 961, 64 channels, once to weigh and once to fetch
    assert parts["head.0.correlation"].multiply_adds == 2 * 49 * 961 * 64
    assert parts["head.0.correlation"].shape == (128, 31, 31) and parts["head.0.correlation"].parameters == 0
    assert {p.name: p.shape for p in template.parts}["attention.0"] == (64, 7, 7)


def test_parts_add_up(network: SiameseNet) -> None:
    for each in profile(network, repeats=1):
        assert sum(p.multiply_adds for p in each.parts) == each.multiply_adds
        assert sum(p.milliseconds for p in each.parts) <= each.milliseconds * 1.01
    assert profile(network, repeats=1)[1].parameters == count_parameters(network)


def test_depthwise_parts_by_hand() -> None:
    sets = ["model.backbone=resnet18", "model.levels=[2]", "model.width=32"]
    network = build_model(load_config("siamban_r50", sets).model)
    parts = {p.name: p for p in profile(network, repeats=1)[1].parts}
    # 5x5 template over 29x29 search: 25x25 outputs for each of 32 channels
    assert parts["head.0.cls.correlation"].multiply_adds == 25 * 25**2 * 32
    assert parts["head.0.loc.predict"].shape == (4, 25, 25)


def test_leaves_the_network_as_it_was(network: SiameseNet) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for training in (True, False):
        network.train(training)
        profile(network, repeats=1)
        assert network.training is training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
