"""Rates by hand, freezing, and the averaged weights."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from tracker.config import load_config
from tracker.errors import InputError
from tracker.models.siamese import build_model
from tracker.settings import Config, TrainConfig
from tracker.training.optim import AveragedWeights, build_optimiser, rate, set_progress


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config("siamsa_r18", ["train.backbone_from=0.2", "train.stem_from=0.5", "train.backbone_lr=0.1"])


def test_the_rate_rises_then_falls_as_the_cosine_says() -> None:
    recipe = TrainConfig(lr=1.0, warmup=0.1, final_lr=0.01)
    assert rate(recipe, 0.0) == pytest.approx(0.2)
    assert rate(recipe, 0.05) == pytest.approx(0.6)
    assert rate(recipe, 0.1) == pytest.approx(1.0)
    assert rate(recipe, 0.55) == pytest.approx(0.01 + 0.99 * 0.5)
    assert rate(recipe, 1.0) == pytest.approx(0.01)


def test_log_decay_is_a_straight_line_in_the_logarithm() -> None:
    recipe = TrainConfig(lr=5e-3, warmup=0.25, final_lr=0.01, decay="log")
    assert rate(recipe, 0.25) == pytest.approx(5e-3)
    assert math.log(rate(recipe, 0.625)) == pytest.approx((math.log(5e-3) + math.log(5e-5)) / 2)
    assert rate(recipe, 1.0) == pytest.approx(5e-5)


@pytest.mark.parametrize("key", ["decay", "optimiser"])
def test_an_unknown_name_is_bad_input(key: str, config: Config) -> None:
    recipe = dataclasses.replace(config.train, **{key: "nonsense"})
    with pytest.raises(ValueError, match="unknown .* 'nonsense'"):
        rate(recipe, 0.9)
        build_optimiser(build_model(config.model), recipe)


def test_parts_are_frozen_until_their_time(config: Config) -> None:
    net = build_model(config.model)
    optimiser = build_optimiser(net, config.train)

    def live() -> set[str]:
        return {name.split(".")[1] for name, p in net.named_parameters() if p.requires_grad and "backbone" in name}

    set_progress(net, optimiser, config.train, 0.1)
    assert live() == set()
    assert {n for n, p in net.head.named_parameters() if not p.requires_grad} == {"levels.0.fuse.0.bias"}
    set_progress(net, optimiser, config.train, 0.3)
    assert live() == {"layer2", "layer3"}
    lr = set_progress(net, optimiser, config.train, 0.6)
    assert live() == {"conv1", "bn1", "layer1", "layer2", "layer3"}
    rates = {g["part"]: g["lr"] for g in optimiser.param_groups if g["part"] != "still"}
    assert rates == pytest.approx({"rest": lr, "backbone": 0.1 * lr, "stem": 0.1 * lr})


def test_layers_are_chosen_by_name(config: Config) -> None:
    recipe = dataclasses.replace(config.train, backbone_layers=("layer2", "layer3"), stem_from=0.0)
    net = build_model(config.model)
    optimiser = build_optimiser(net, recipe)
    set_progress(net, optimiser, recipe, 1.0)
    assert {n.split(".")[1] for n, p in net.named_parameters() if p.requires_grad and "backbone" in n} == {
        "layer2",
        "layer3",
    }
    with pytest.raises(InputError, match=r"no layer7 in this backbone; it has conv1, bn1, layer1, layer2, layer3"):
        build_optimiser(net, dataclasses.replace(recipe, backbone_layers=("layer7",)))


def test_a_bias_that_batchnorm_undoes_is_left_alone(config: Config) -> None:
    net = build_model(config.model)
    for statistics, live in (("sync", False), ("frozen", True)):
        recipe = dataclasses.replace(config.train, statistics=statistics)
        set_progress(net, build_optimiser(net, recipe), recipe, 1.0)
        assert net.head.levels[0].fuse[0].bias.requires_grad is live


def test_every_parameter_is_in_one_group_and_vectors_are_not_decayed(config: Config) -> None:
    net = build_model(config.model)
    optimiser = build_optimiser(net, config.train)
    grouped = [p for group in optimiser.param_groups for p in group["params"]]
    assert len(grouped) == len({id(p) for p in grouped}) == len(list(net.parameters()))
    for group in optimiser.param_groups:
        assert all((p.ndim > 1) == (group["weight_decay"] > 0) for p in group["params"])


def test_the_average_follows_weights_and_statistics(config: Config) -> None:
    net = build_model(config.model)
    average = AveragedWeights(net, 0.9)
    before = net.head.cls_weight.detach().clone()
    with torch.no_grad():
        net.head.cls_weight += 1.0
        net.neck[0][1].running_mean += 1.0
    average.update(net)
    kept = 2 / 11  # the decay of the first step, (1 + 1) / (10 + 1), is below 0.9
    torch.testing.assert_close(average.net.head.cls_weight.detach(), before + (1 - kept))
    torch.testing.assert_close(average.net.neck[0][1].running_mean, torch.full((128,), 1 - kept))
