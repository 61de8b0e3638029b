"""Held-out clips while training: measured, kept out of training, and the best network kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tracker import checkpoint
from tracker.cli.main import main
from tracker.config import apply_overrides
from tracker.errors import InputError
from tracker.settings import Config
from tracker.training import state
from tracker.training.distributed import ALONE
from tracker.training.validate import Validation, best_boxes


@pytest.fixture(scope="module")
def clips(drawn_data: Path) -> str:
    """Three clips of a square that moves right, beside the stills, in GOT-10k layout."""
    for name in ("one", "two", "three"):
        folder = drawn_data / "clips" / name
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(len(name))
        ground = cv2.GaussianBlur(rng.integers(0, 255, (160, 200, 3), np.uint8), (0, 0), 4)
        rows = []
        for i in range(6):
            image = ground.copy()
            cv2.rectangle(image, (60 + 3 * i, 50), (100 + 3 * i, 90), (20, 30, 240), -1)
            cv2.imwrite(str(folder / f"{i + 1:08d}.png"), image)
            rows.append(f"{60 + 3 * i},50,41,41")
        (folder / "groundtruth.txt").write_text("\n".join(rows) + "\n")
    return "clips"


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
    assert set(found) == {"pairs", "clips", "score"} and found["score"] == found["clips"]
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
    ],
)
def test_what_cannot_be_measured_is_bad_input(
    small_config: Config, clips: str, changes: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Validation(settings(small_config, *changes))


def test_a_run_keeps_the_best_and_the_last_with_their_numbers(drawn_data: Path, clips: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="pictures and scalars need the extra `train`")
    run = tmp_path / "run"
    line = ["train", "--run", str(run), "--device", "cpu", "--tensorboard", "--set", f"data.root={drawn_data}"]
    line += ["data.sources=[{path: drawn, layout: coco}]", "data.workers=0", "train.batch=2", "train.pairs=8"]
    line += ["train.precision=fp32", "tracking.instance_size=127", "train.pictures_every=2", "train.init="]
    line += ["train.validation.path=clips", "train.validation.every=2", "train.validation.pairs=4"]
    assert main([*line, "train.validation.frames=3"]) == 0
    rows = [json.loads(row) for row in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 4] and all({"pairs", "clips"} <= set(row) for row in rows)
    last, best = (checkpoint.load(run / f"siamsa_r18{end}.pth").meta for end in ("", "-best"))
    assert last["steps"] == 4 and last["validation"]["clips"] == pytest.approx(rows[1]["clips"], abs=1e-4)
    assert best["validation"]["clips"] == pytest.approx(max(row["clips"] for row in rows), abs=1e-4)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard")).Reload()
    assert "held out/clips" in events.Tags()["scalars"] and events.Tags()["images"] == ["pairs"]
