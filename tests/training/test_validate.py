"""Held-out clips while training: measured, kept out of training, and the best network kept."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tracker import checkpoint
from tracker.cli.main import main
from tracker.config import apply_overrides
from tracker.data import frames
from tracker.errors import InputError
from tracker.settings import Config
from tracker.training import state, validate
from tracker.training.data import open_sampler
from tracker.training.distributed import ALONE
from tracker.training.loop import Hooks, train
from tracker.training.step import Run
from tracker.training.validate import Validation, best_boxes


def settings(config: Config, *more: str) -> Config:
    small = ["tracking.instance_size=127", "train.validation.pairs=6", "train.validation.frames=4"]
    return apply_overrides(config, ["train.validation.path=clips", "train.validation.every=2", *small, *more])


def test_best_boxes_are_at_the_best_points() -> None:
    cls = torch.zeros(2, 2, 25, 25)
    cls[0, 1, 3, 12] = cls[1, 1, 12, 12] = 5.0
    loc = torch.full((2, 4, 25, 25), 10.0)
    loc[1, 2] = 30.0
    assert best_boxes(cls, loc).tolist() == [[117, 45, 137, 65], [117, 117, 157, 137]]


def test_the_numbers_are_overlaps_and_repeat(small_config: Config, clips: str) -> None:
    config = settings(small_config, "train.validation.clips=[one, two]")
    run, validation = state.start(config, ALONE)[0], Validation(config)
    run.net.train()
    found = validation(run)
    assert found is not None and set(found) == {"pairs", "clips", "score"} and found["score"] == found["clips"]
    assert all(0 <= value <= 1 for value in found.values()) and run.net.training
    assert validation(run) == found
    names = {track.name for source in validation.sampler.sources for track in source.tracks}
    assert names == {"one", "two"} == {clip.name for clip in validation.clips}
    pairs_only = replace(validation.settings, frames=0)
    validation.settings = pairs_only
    assert validation(run) == {"pairs": found["pairs"], "score": found["pairs"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["train.validation.path=nowhere"], "no folder 'nowhere'"),
        (["train.validation.clips=[four]"], "four: not in"),
        (["train.validation.pairs=0", "train.validation.frames=0"], "nothing to measure"),
        (["data.sources=[{path: clips, exclude: [one]}]"], "three, two of 'clips' would be trained on"),
        (["data.sources=[{path: ./clips/, exclude: [one]}]"], "three, two of 'clips' would be trained on"),
        (["data.sources=[{path: cl*, exclude: [one]}]"], "three, two of 'clips' would be trained on"),
        (["data.sources=[{path: clips/one}]"], "one of 'clips' would be trained on"),
    ],
)
def test_what_cannot_be_measured_is_bad_input(
    small_config: Config, clips: str, changes: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Validation(settings(small_config, *changes))


def test_clips_that_are_not_chosen_for_training_are_held_out(small_config: Config, clips: str, tmp_path: Path) -> None:
    (tmp_path / "most.txt").write_text("one\ntwo\n")
    config = settings(small_config, f"data.sources=[{{path: {clips}, only: {tmp_path / 'most.txt'}}}]")
    validation = Validation(apply_overrides(config, ["train.validation.clips=[three]"]))
    assert [clip.name for clip in validation.clips] == ["three"]
    with pytest.raises(InputError, match="one, two of 'clips' would be trained on"):
        Validation(config)


def test_a_run_keeps_the_best_and_the_last_with_their_numbers(drawn_data: Path, clips: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="pictures and scalars need the extra `train`")
    run = tmp_path / "run"
    line = ["train", "--run", str(run), "--device", "cpu", "--tensorboard", "--set", f"data.root={drawn_data}"]
    line += ["data.sources=[{path: drawn, layout: coco}]", "data.workers=0", "train.batch=2", "train.pairs=8"]
    line += ["train.precision=fp32", "tracking.instance_size=127", "train.pictures_every=2", "train.init="]
    line += ["train.validation.path=clips", "train.validation.every=2", "train.validation.pairs=4"]
    assert main([*line, "train.validation.frames=3"]) == 0
    rows = [json.loads(row) for row in (run / "metrics.jsonl").read_text().splitlines()]
    rows, end = [row for row in rows if "total" not in row], [row for row in rows if "total" in row]
    assert [row["step"] for row in rows] == [2, 4] and all({"pairs", "clips"} <= set(row) for row in rows)
    assert [row["step"] for row in end] == [4], "a short run leaves numbers, too"
    last, best = (checkpoint.load(run / f"siamsa_r18{end}.pth").meta for end in ("", "-best"))
    assert last["steps"] == 4 and last["validation"]["clips"] == pytest.approx(rows[1]["clips"], abs=1e-4)
    assert best["validation"]["clips"] == pytest.approx(max(row["clips"] for row in rows), abs=1e-4)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard")).Reload()
    assert "held out/clips" in events.Tags()["scalars"] and events.Tags()["images"] == ["pairs"]


class Held:
    """Decoded images that are in memory: how many were read, and the most of them at one time."""

    def __init__(self) -> None:
        self.read = self.peak = 0
        self.images: list[weakref.ref[np.ndarray]] = []

    def counted(self, reader: Callable[..., Any]) -> Callable[..., Any]:
        def read(path: str) -> Any:
            found = reader(path)
            self.images.append(weakref.ref(found.image if isinstance(found, frames.Frame) else found))
            self.read, self.peak = self.read + 1, max(self.peak, self.now)
            return found

        return read

    @property
    def now(self) -> int:
        return sum(image() is not None for image in self.images)


def test_no_frames_are_kept(small_config: Config, clips: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = settings(small_config, "train.validation.pairs=40", "train.validation.frames=6")
    assert config.data.cache_mb > 100, "enough for all of them"
    held = Held()
    monkeypatch.setattr(frames, "load_frame", held.counted(frames.load_frame))
    monkeypatch.setattr(validate, "read_image", held.counted(validate.read_image))
    run, validation = state.start(config, ALONE)[0], Validation(config)
    validation(run)
    assert held.read >= 40 + 18, "each pair and each clip reads its own"
    assert held.peak <= 2 and held.now == 0, "those of one pair, or of a clip the last one and the next"


class After:
    """Says stop from the n-th time on that it is asked."""

    def __init__(self, times: float) -> None:
        self.left = times

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_stop_ends_it_at_once_and_leaves_the_network_as_it_was(small_config: Config, clips: str) -> None:
    config = settings(small_config, "train.validation.pairs=1000000")
    run, validation = state.start(config, ALONE)[0], Validation(config)
    run.net.train()
    stop = After(2)
    assert validation(run, stop) is None and run.net.training
    assert stop.left == -1, "two batches of pairs went through, the third was the last"
    validation.settings = replace(validation.settings, pairs=0, frames=6)
    stop = After(9)  # six frames and the end of a clip, then two of the next
    assert validation(run, stop) is None and stop.left == -2


def go(config: Config, folder: Path, polls: float = float("inf")) -> Run:
    """A run, or what is left of it, in a folder; stopped when it is asked for the `polls`-th time."""
    folder.mkdir(exist_ok=True)
    saved = folder / "state.pth"
    run, _ = state.start(config, ALONE)
    if saved.exists():
        state.resume(run, config, saved)
    save = partial(state.save_state, config=config, path=saved)
    hooks = Hooks(save=save, stopped=After(polls), validate=Validation(config))
    train(run, config, open_sampler(config), folder / "metrics.jsonl", hooks)
    return run


def test_a_run_that_is_stopped_while_it_validates_goes_on_to_the_same_bits(
    small_config: Config, clips: str, tmp_path: Path
) -> None:
    small = ["model.levels=[2]", "model.width=32", "train.pairs=6", "train.save_every=100"]
    config = settings(small_config, *small)  # three steps; validations after the second and the third
    whole = go(config, tmp_path / "whole")
    parts = tmp_path / "parts"
    first = go(config, parts, polls=2 + 3 + 5)  # before two steps, after three batches of pairs; in the second clip
    assert (first.step, first.validated, first.validation) == (2, 0, {})
    again = go(config, parts, polls=2)  # once more, in its pairs
    assert (again.step, again.validated) == (2, 0)
    assert not (parts / "metrics.jsonl").exists()
    last = go(config, parts, polls=3 + 15 + 1 + 3)  # in the last validation, when no step is left
    assert (last.step, last.validated) == (3, 2) and last.best["step"] == 2
    done = go(config, parts)
    assert done.step == done.validated == whole.validated == 3
    assert done.validation == whole.validation and done.best == whole.best
    for name, value in whole.net.state_dict().items():
        assert torch.equal(value, done.net.state_dict()[name]), name
    rows = [[json.loads(row) for row in (f / "metrics.jsonl").open()] for f in (tmp_path / "whole", parts)]
    for row in rows[0] + rows[1]:
        assert row.pop("seconds") >= 0 and row.pop("data", 0) >= 0 and row.pop("compute", 0) >= 0
    assert rows[0] == rows[1]
