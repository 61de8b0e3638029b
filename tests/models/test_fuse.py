"""Folding BatchNorm away and back changes no output."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tracker.config import load_config
from tracker.models.fuse import Folded, fold_batchnorm, unfolded_state
from tracker.models.siamese import build_model


@pytest.mark.parametrize("experiment", ["siamsa_r18", "siamban_r50"])
def test_folded_and_unfolded_networks_agree(experiment: str) -> None:
    torch.manual_seed(0)
    config = load_config(experiment).model
    net = build_model(config).eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    image = torch.rand(1, 3, 255, 255) * 255
    with torch.no_grad():
        expected = net(net.embed(image[..., :127, :127]), image)
        fold_batchnorm(net)
        assert any(isinstance(m, Folded) for m in net.modules())
        assert not any(isinstance(m, nn.BatchNorm2d) for m in net.modules())
        folded = net(net.embed(image[..., :127, :127]), image)
        back = build_model(config).eval()
        back.load_state_dict(unfolded_state(net))
        again = back(back.embed(image[..., :127, :127]), image)
    for found in (folded, again):
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
