"""Whole runs of a few steps on drawn data: they learn, stop, resume to the same bits, and survive a bad loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tracker import checkpoint
from tracker.config import to_dict
from tracker.data.pairs import PairSampler
from tracker.errors import InputError
from tracker.settings import Config
from tracker.training import state
from tracker.training.data import batches
from tracker.training.loop import Run, cross_pairs, train, training_step


def go(run: Run, config: Config, folder: Path, stop_at: int | None = None) -> Run:
    sampler = PairSampler(config.data, config.tracking, config.train.seed)

    def save(r: Run) -> None:
        state.save_state(r, config, folder / "s.pth")

    train(run, config, sampler, folder / "m.jsonl", save, lambda r: None, lambda: run.step == stop_at)
    return run


def test_a_stopped_run_goes_on_to_the_same_bits(small_config: Config, tmp_path: Path) -> None:
    whole = go(state.start(small_config, "cpu"), small_config, tmp_path)
    (tmp_path / "parts").mkdir()
    first = go(state.start(small_config, "cpu"), small_config, tmp_path / "parts", stop_at=3)
    assert first.step == 3
    second = state.start(small_config, "cpu")
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
    run = state.start(small_config, "cpu")
    fresh = {name: value.clone() for name, value in run.net.named_parameters()}
    go(run, small_config, tmp_path)
    held_still = {name for name, value in run.net.named_parameters() if torch.equal(value, fresh[name])}
    # query and key learn as soon as alpha has left 0; a single level has nothing to fuse
    assert held_still <= {"head.cls_weight", "head.loc_weight"}
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
    run = state.start(small_config, "cpu")
    batch = next(batches(PairSampler(small_config.data, small_config.tracking, 0), 2, 0, 2))
    before = {name: value.clone() for name, value in run.net.named_parameters()}
    batch["distances"] = torch.full_like(batch["distances"], float("nan"))
    batch["labels"] = torch.ones_like(batch["labels"])
    run.net.train()
    assert training_step(run, batch, small_config) == {} and run.skipped == 1
    assert all(torch.equal(value, before[name]) for name, value in run.net.named_parameters())


def test_cross_pairs_are_negative_except_within_one_track() -> None:
    labels = torch.zeros(4, 25, 25, dtype=torch.long)
    labels[:, 12, 12] = 1
    batch = {
        "labels": labels,
        "distances": torch.ones(4, 4, 25, 25),
        "box": torch.ones(4, 4),
        "tight": torch.ones(4, dtype=torch.bool),
        "track": torch.tensor([7, 7, 8, 9]),
    }
    index, extra = cross_pairs(batch, 0.5)
    assert index.tolist() == [1, 2]
    assert (extra["labels"][0] == -1).all()  # templates 0 and 1 show the same object
    assert extra["labels"][1, 12, 12] == 0 and (extra["labels"][1] == -1).sum() == 624
    assert not extra["tight"].any() and not extra["box"].any()


def test_resuming_with_other_settings_is_refused_by_name(small_config: Config, tmp_path: Path) -> None:
    run = state.start(small_config, "cpu")
    state.save_state(run, small_config, tmp_path / "s.pth")
    other = replace(small_config, train=replace(small_config.train, lr=0.1))
    with pytest.raises(InputError, match="train.lr"):
        state.resume(run, other, tmp_path / "s.pth")
    longer = replace(small_config, train=replace(small_config.train, pairs=24))
    state.resume(run, longer, tmp_path / "s.pth")
    checkpoint.write_tensors(tmp_path / "odd.pth", {"config": to_dict(small_config)})
    with pytest.raises(InputError, match="not the state of a training run"):
        state.resume(run, small_config, tmp_path / "odd.pth")
