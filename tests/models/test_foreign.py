from __future__ import annotations

import pytest
import torch
from torch import nn

from tracker.errors import InputError
from tracker.models.foreign import fill, own_name, some, unwrap
from tracker.models.siamese import SiameseNet, build_model
from tracker.settings import AttentionConfig, ModelConfig

SMALL = ModelConfig(backbone="resnet18", levels=(2, 3), width=32)


@pytest.fixture(scope="module")
def net() -> SiameseNet:
    return build_model(SMALL)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("backbone.layer2.0.conv1.weight", "backbone.layer2.0.conv1.weight"),
        ("conv1.weight", "backbone.conv1.weight"),
        ("layer3.1.bn2.running_var", "backbone.layer3.1.bn2.running_var"),
        ("neck.downsample2.downsample.0.weight", "neck.0.0.weight"),
        ("neck.downsample4.downsample.1.bias", "neck.2.1.bias"),
        ("neck.downsample.downsample.1.bias", "neck.0.1.bias"),
        ("head.loc_scale", "head.loc_scale"),
        ("head.box3.head.fi.1.running_mean", "head.levels.1.fuse.1.running_mean"),
        ("head.box2.head.reg_tower.4.weight", "head.levels.0.loc_tower.4.weight"),
        ("head.box2.head.cls_logits.bias", "head.levels.0.cls.bias"),
        ("head.box2.head.bbox_pred.bias", "head.levels.0.loc.bias"),
        ("head.box4.cls.conv_kernel.0.weight", "head.levels.2.cls.adapt_template.0.weight"),
        ("head.box4.loc.conv_search.1.bias", "head.levels.2.loc.adapt_search.1.bias"),
        ("head.box4.loc.head.3.bias", "head.levels.2.loc.predict.3.bias"),
    ],
)
def test_names(theirs: str, ours: str) -> None:
    assert own_name(theirs) == ours


def test_own_names_stay(net: SiameseNet) -> None:
    assert all(own_name(name) == name for name in net.state_dict())


def test_wrappers_and_prefixes_come_off() -> None:
    weight = torch.ones(2)
    for content in (
        {"a.b": weight},
        {"state_dict": {"module.a.b": weight}, "epoch": 3},
        {"model": {"state_dict": {"module.model.a.b": weight}}},
        {"epoch": 3, "net": {"a.b": weight}},
    ):
        assert list(unwrap(content)) == ["a.b"]
    for content in ({}, [weight], {"epoch": 3}, {"state_dict": {"a": 1}}, None):
        with pytest.raises(InputError, match="no state dict"):
            unwrap(content)


def test_torchvision_backbone_with_its_shortcuts_centred(net: SiameseNet) -> None:
    target = build_model(SMALL)
    theirs = {k: torch.randn_like(v) for k, v in net.backbone.state_dict().items() if v.is_floating_point()}
    theirs["layer2.0.downsample.0.weight"] = torch.randn(128, 64, 1, 1)
    theirs["fc.weight"], theirs["fc.bias"] = torch.randn(1000, 512), torch.randn(1000)
    theirs["layer4.0.conv1.weight"] = torch.randn(512, 256, 3, 3)
    report = fill(target, theirs)
    assert report.unexpected == ("fc.weight", "fc.bias", "layer4.0.conv1.weight") and not report.other_shape
    assert report.missing and all(n.split(".")[0] in ("neck", "head") for n in report.missing)
    kernel = target.backbone.state_dict()["layer2.0.downsample.0.weight"]
    assert torch.equal(kernel[:, :, 1, 1], theirs["layer2.0.downsample.0.weight"][:, :, 0, 0])
    assert kernel.count_nonzero() == kernel[:, :, 1, 1].count_nonzero()
    assert torch.equal(target.backbone.state_dict()["conv1.weight"], theirs["conv1.weight"])


def test_report_names_what_is_missing_unexpected_and_of_another_shape(net: SiameseNet) -> None:
    attentive = build_model(
        ModelConfig(backbone="resnet18", levels=(2, 3), width=32, attention=AttentionConfig("self_attention"))
    )
    state = dict(net.state_dict())
    state["head.loc_scale"] = torch.ones(3)
    state["extra"] = torch.ones(1)
    report = fill(attentive, {"state_dict": state})
    assert report.unexpected == ("extra",)
    assert report.other_shape == ("head.loc_scale (3 in the file, 2 expected)",)
    assert {n.split(".")[0] for n in report.missing if n != "head.loc_scale"} == {"attention"}
    before, after = net.state_dict(), attentive.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in report.loaded)


def test_nothing_that_fits_is_an_error(net: SiameseNet) -> None:
    with pytest.raises(InputError, match="no tensor fits this network, such as 0.bias, 0.weight"):
        fill(net, nn.Sequential(nn.Linear(2, 2)).state_dict() | {"0.bias": torch.ones(1), "0.weight": torch.ones(1)})


def test_some_shortens_lists() -> None:
    assert some(["b", "a"]) == "a, b"
    assert some("edcba") == "a, b, c and 2 more"
