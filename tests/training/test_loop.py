"""Whole runs of a few steps on drawn data: they learn, stop, resume to the same bits, and survive a bad loss."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from tracker import checkpoint
from tracker.config import apply_overrides, to_dict
from tracker.data.pairs import PairSampler
from tracker.errors import InputError
from tracker.settings import Config
from tracker.training import state
from tracker.training.data import batches, open_sampler
from tracker.training.distributed import ALONE, Team
from tracker.training.loop import Hooks, train
from tracker.training.step import Run, cross_pairs, training_step


def fresh(config: Config) -> Run:
    return state.start(config, ALONE)[0]


def go(run: Run, config: Config, folder: Path, stop_at: int | None = None) -> Run:
    sampler = PairSampler(config.data, config.tracking, config.train.seed)
    save = partial(state.save_state, config=config, path=folder / "s.pth")
    train(run, config, sampler, folder / "m.jsonl", Hooks(save=save, stopped=lambda: run.step == stop_at))
    return run


def test_a_stopped_run_goes_on_to_the_same_bits(small_config: Config, tmp_path: Path) -> None:
    whole = go(fresh(small_config), small_config, tmp_path)
    (tmp_path / "parts").mkdir()
    first = go(fresh(small_config), small_config, tmp_path / "parts", stop_at=3)
    assert first.step == 3
    second = fresh(small_config)
    state.resume(second, small_config, tmp_path / "parts" / "s.pth")
    go(second, small_config, tmp_path / "parts")
    assert second.step == whole.step == 6
    assert second.average is not None and whole.average is not None
    for net_a, net_b in ((whole.net, second.net), (whole.average.net, second.average.net)):
        for (name, a), b in zip(net_a.state_dict().items(), net_b.state_dict().values(), strict=True):
            assert torch.equal(a, b), name


def test_every_layer_is_trained_and_the_checkpoint_is_the_averaged_network(
    small_config: Config, tmp_path: Path
) -> None:
    run = fresh(small_config)
    before = {name: value.clone() for name, value in run.net.named_parameters()}
    go(run, small_config, tmp_path)
    held_still = {name for name, value in run.net.named_parameters() if torch.equal(value, before[name])}
    # query and key learn as soon as alpha has left 0; a single level has nothing to fuse; BatchNorm undoes the bias
    assert held_still <= {"head.cls_weight", "head.loc_weight", "head.levels.0.fuse.0.bias"}
    state.write_checkpoint(run, small_config, tmp_path / "net.pth")
    held = checkpoint.load(tmp_path / "net.pth")
    assert held.meta["pairs"] == 12 and held.config.data.root == ""
    net, crop = held.network(), torch.randint(0, 256, (1, 3, 255, 255)).float()
    assert run.average is not None
    with torch.no_grad():
        expected = run.average.net(run.average.net.embed(crop[..., :127, :127]), crop)
        found = net(net.embed(crop[..., :127, :127]), crop)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0.02, atol=0.02)  # kernels are stored as float16


def test_a_loss_that_is_not_finite_is_skipped_and_counted(small_config: Config) -> None:
    run = fresh(small_config)
    batch = next(batches(PairSampler(small_config.data, small_config.tracking, 0), 2, 0, 2))
    before = {name: value.clone() for name, value in run.net.state_dict().items()}
    batch["distances"] = torch.full_like(batch["distances"], float("nan"))
    batch["labels"] = torch.ones_like(batch["labels"])
    run.net.train()
    assert training_step(run, [batch], small_config) == {} and run.skipped == 1
    assert all(torch.equal(value, before[name]) for name, value in run.net.state_dict().items())


def test_a_step_of_two_parts_has_their_mean_gradient(small_config: Config) -> None:
    config = replace(small_config, train=replace(small_config.train, statistics="frozen", clip=0.0))
    parts = list(batches(PairSampler(config.data, config.tracking, 0), 2, 0, 4))

    def gradient(of: list[dict[str, torch.Tensor]]) -> torch.Tensor:
        run = fresh(config)  # in evaluation mode: a part does not change what the next one sees
        terms = training_step(run, of, config)
        weight = run.net.head.get_parameter("levels.0.cls.weight")
        assert weight.grad is not None and terms["total"] > 0
        return weight.grad

    expected = (gradient(parts[:1]) + gradient(parts[1:])) / 2
    torch.testing.assert_close(gradient(parts), expected, rtol=1e-4, atol=1e-6)


def test_frozen_statistics_stay(small_config: Config, tmp_path: Path) -> None:
    config = replace(small_config, train=replace(small_config.train, statistics="frozen", pairs=2))
    run = fresh(config)
    before = {name: value.clone() for name, value in run.net.named_buffers()}
    go(run, config, tmp_path)
    assert run.step == 1 and all(torch.equal(value, before[name]) for name, value in run.net.named_buffers())


def test_fp16_scales_the_loss_and_resumes_the_scale(small_config: Config, tmp_path: Path) -> None:
    changes = ["train.precision=fp16", "train.pairs=4", "model.levels=[2]", "model.width=32"]
    config = apply_overrides(small_config, [*changes, "tracking.instance_size=79"])  # slow where fp16 is emulated
    run = go(fresh(config), config, tmp_path)
    assert run.step == 2 and run.scaler.is_enabled()
    again = fresh(config)
    state.resume(again, config, tmp_path / "s.pth")
    assert again.scaler.state_dict() == run.scaler.state_dict() and again.skipped == run.skipped


def loaded(run: Run, scale: float) -> Run:
    """The run with another scale of its loss."""
    run.scaler.load_state_dict({**run.scaler.state_dict(), "scale": scale})
    run.net.train()
    return run


def test_a_scale_that_is_too_high_is_lowered_and_not_taken_for_a_bad_loss(small_config: Config) -> None:
    changes = ["train.precision=fp16", "model.levels=[2]", "model.width=32", "tracking.instance_size=79"]
    config = apply_overrides(small_config, changes)
    batch = next(batches(open_sampler(config), 2, 0, 2))
    run = loaded(fresh(config), 2.0**100)
    before = {name: value.clone() for name, value in run.net.state_dict().items()}
    for count in (1, 2):
        assert training_step(run, [batch], config) == {}
        assert (run.scaler_overflows, run.skipped, run.skipped_in_a_row) == (count, 0, 0)
        assert run.scaler.get_scale() == 2.0 ** (100 - count)
    assert all(torch.equal(value, before[name]) for name, value in run.net.state_dict().items())
    terms = training_step(loaded(run, 1.0), [batch], config)
    assert terms["total"] > 0 and (run.scaler_overflows, run.skipped) == (2, 0)


@pytest.mark.parametrize(("precision", "scale"), [("fp16", 0.5), ("fp32", 1.0)])
def test_a_gradient_that_no_scale_helps_is_a_bad_step(small_config: Config, precision: str, scale: float) -> None:
    changes = [f"train.precision={precision}", "model.levels=[2]", "model.width=32", "tracking.instance_size=79"]
    config = apply_overrides(small_config, changes)
    run = fresh(config)
    run = loaded(run, scale) if run.scaler.is_enabled() else run
    run.net.head.get_parameter("levels.0.cls.weight").register_hook(lambda gradient: gradient * float("nan"))
    assert training_step(run, [next(batches(open_sampler(config), 2, 0, 2))], config) == {}
    assert (run.scaler_overflows, run.skipped, run.skipped_in_a_row) == (0, 1, 1)


def test_the_cache_of_frames_is_shared_among_the_loaders_of_a_machine(small_config: Config) -> None:
    def share(workers: int, here: int) -> int:
        data = replace(small_config.data, cache_mb=48, workers=workers)
        return open_sampler(replace(small_config, data=data), Team(here=here)).frames.limit // 2**20

    assert [share(0, 1), share(1, 1), share(4, 1), share(0, 8), share(3, 8)] == [48, 48, 12, 6, 2]


def test_cross_pairs_are_negative_except_within_one_track() -> None:
    labels = torch.zeros(4, 25, 25, dtype=torch.long)
    labels[:, 12, 12] = 1
    batch = {
        "labels": labels,
        "distances": torch.ones(4, 4, 25, 25),
        "box": torch.ones(4, 4),
        "tight": torch.ones(4, dtype=torch.bool),
        "track": torch.tensor([7, 7, 8, 9]),
        "index": torch.tensor([40, 41, 42, 43]),
    }
    chosen, partner, extra = cross_pairs(batch, 0.5)
    assert chosen.tolist() == [1, 3] and partner.tolist() == [0, 2]
    assert (extra["labels"][0] == -1).all()  # templates 0 and 1 show the same object
    assert extra["labels"][1, 12, 12] == 0 and (extra["labels"][1] == -1).sum() == 624
    assert not extra["tight"].any() and not extra["box"].any()
    for share, count in ((0.0, 0), (0.25, 1), (1.0, 4)):
        assert len(cross_pairs(batch, share)[0]) == count
    odd = {k: v[:1] for k, v in batch.items()}
    assert (cross_pairs(odd, 1.0)[2]["labels"] == -1).all()  # a batch of one has no partner


def test_weights_of_other_projects_start_a_run(small_config: Config, tmp_path: Path) -> None:
    own = fresh(small_config).net.state_dict()
    theirs = {  # PySOT's wrapper and names; the second level of its neck, and its head, have no place here
        "module.backbone.layer1.0.conv1.weight": torch.full_like(own["backbone.layer1.0.conv1.weight"], 0.5),
        "module.neck.downsample2.downsample.0.weight": torch.full_like(own["neck.0.0.weight"], 0.25),
        "module.rpn_head.rpn2.cls.conv_kernel.0.weight": torch.zeros(1),
    }
    torch.save({"epoch": 20, "state_dict": theirs}, tmp_path / "pysot.pth")
    run, report = state.start(apply_overrides(small_config, [f"train.init={tmp_path}/pysot.pth"]), ALONE)
    assert report is not None and len(report.loaded) == 2
    assert report.unexpected == ("rpn_head.rpn2.cls.conv_kernel.0.weight",)
    assert (run.net.state_dict()["neck.0.0.weight"] == 0.25).all()
    shipped, report = state.start(apply_overrides(small_config, ["train.init=siamsa_r18.pth"]), ALONE)
    assert report is not None and not report.missing and not report.unexpected


def test_a_run_goes_on_without_the_weights_that_it_began_with(small_config: Config, tmp_path: Path) -> None:
    given = tmp_path / "given.pth"
    state.write_checkpoint(fresh(apply_overrides(small_config, ["train.seed=5"])), small_config, given)
    config = apply_overrides(small_config, [f"train.init={given}", "train.pairs=4"])
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    expected = go(fresh(config), config, whole)
    go(fresh(config), config, parts, stop_at=1)
    given.unlink()
    with pytest.raises(InputError, match="given.pth"):
        fresh(config)
    again, report = state.start(config, ALONE, init=False)
    state.resume(again, config, parts / "s.pth")
    go(again, config, parts)
    assert report is None and again.step == expected.step == 2
    for name, value in expected.net.state_dict().items():
        assert torch.equal(value, again.net.state_dict()[name]), name


def test_resuming_with_other_settings_is_refused_by_name(small_config: Config, tmp_path: Path) -> None:
    run = fresh(small_config)
    state.save_state(run, small_config, tmp_path / "s.pth")
    other = replace(small_config, train=replace(small_config.train, lr=0.1))
    with pytest.raises(InputError, match="train.lr"):
        state.resume(run, other, tmp_path / "s.pth")
    longer = replace(small_config, train=replace(small_config.train, pairs=24))
    state.resume(run, longer, tmp_path / "s.pth")
    parts = replace(small_config, train=replace(small_config.train, batch=1, accumulate=2))
    state.resume(run, parts, tmp_path / "s.pth")
    larger = replace(small_config, train=replace(small_config.train, batch=4))
    with pytest.raises(InputError, match="2 pairs a step, now it is 4"):
        state.resume(run, larger, tmp_path / "s.pth")
    checkpoint.write_tensors(tmp_path / "odd.pth", {"config": to_dict(small_config)})
    with pytest.raises(InputError, match="not the state of a training run"):
        state.resume(run, small_config, tmp_path / "odd.pth")
