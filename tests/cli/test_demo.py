"""`siamsa demo` from the command line to the files; the shipped checkpoint must be there."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.helpers import read_video
from tracker import checkpoint
from tracker.box import iou
from tracker.cli import demo
from tracker.cli.main import main
from tracker.config import load_config
from tracker.data.render import Clip, Scene, render_clip
from tracker.live.stop import Stop
from tracker.models.siamese import build_model

FILES = ["boxes.csv", "contact_sheet.png", "sample.mp4", "tracked.mp4", "truth.csv"]
SHORT = ["--frames", "4", "--size", "160x120", "--device", "cpu", "--precision", "fp32"]


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that have learnt nothing: enough for everything but the overlap."""
    path = tmp_path_factory.mktemp("demo") / "untrained.pth"
    torch.manual_seed(0)
    config = load_config("siamsa_r18")
    checkpoint.save(path, build_model(config.model).state_dict(), config, {})
    return path


def rows(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def test_files_and_report(untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "demo"
    for _ in range(2):  # a second run simply replaces the first
        assert main(["demo", "--output", str(folder), "--checkpoint", str(untrained), *SHORT]) == 0
        assert sorted(path.name for path in folder.iterdir()) == FILES
    said = capsys.readouterr().out
    assert [len(read_video(folder / name)) for name in ("sample.mp4", "tracked.mp4")] == [4, 4]
    assert cv2.imread(str(folder / "contact_sheet.png")).shape[1] > 600
    boxes, truth = rows(folder / "boxes.csv"), rows(folder / "truth.csv")
    known = [box.xywh for _, box in render_clip(4, (160, 120), demo.SEED)]
    assert truth[:, 1:5].tolist() == [list(box) for box in known]
    assert boxes[0].tolist() == [0, *known[0], 1, 0] and len(boxes) == 4
    overlap = iou(boxes[1:, 1:5], known[1:]).mean()
    assert f"mean overlap {overlap:.3f} over 3 frames" in said
    times = re.findall(r"(read|track|write) (\d+\.\d) ms", said)
    assert [stage for stage, _ in times[:3]] == ["read", "track", "write"]
    assert float(times[1][1]) > 0 and "frames/s end to end" in said


def test_the_sample_shows_the_scene_undisturbed(tmp_path: Path) -> None:
    scene = Scene(Clip(3, (160, 120), demo.SEED))
    truth = demo._render(scene, tmp_path, Stop())
    for index, image in enumerate(read_video(tmp_path / "sample.mp4")):
        drawn = scene.draw(index)
        assert truth[index] == drawn.box
        assert np.abs(image.astype(int) - drawn.frame).mean() < 12, "nothing but the codec's loss"


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("at", ["rendering", "tracking"])
def test_a_stop_leaves_the_folder_as_it_was(
    untrained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    at: str,
    before: bool,
) -> None:
    folder = tmp_path / "demo"
    if before:
        folder.mkdir()
        (folder / "boxes.csv").write_text("of an earlier run")
    count = {"rendering": 2, "tracking": 4}[at]

    class Impatient(Stop):
        """Asked to stop after so many looks."""

        looks = 0

        def __bool__(self) -> bool:
            self.looks += 1
            if self.looks > count:
                self.request("Ctrl-C", 130)
            return super().__bool__()

    monkeypatch.setattr(demo, "Stop", Impatient)
    assert main(["demo", "--output", str(folder), "--checkpoint", str(untrained), *SHORT]) == 130
    assert "stopped by Ctrl-C" in capsys.readouterr().out
    assert folder.exists() == before
    if before:
        assert [path.read_text() for path in folder.iterdir()] == ["of an earlier run"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--frames", "1"], "--frames: must be 2 or more"),
        (["--size", "640"], "--size: expected WxH"),
        (["--size", "640x20"], "clip height: must be 64 or more"),
        (["--seed", "-1"], "clip seed"),
        (["--checkpoint", "none.pth"], "none.pth"),
        (["--output", "{file}"], "cannot be written"),
    ],
)
def test_bad_input_is_one_line(
    untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    words = [word.format(file=file) for word in words]
    start = ["demo", "--output", str(tmp_path / "demo"), "--checkpoint", str(untrained)]
    assert main([*start, *words]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.slow
def test_the_shipped_checkpoint_follows_the_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole sample as users see it. Without the checkpoint this fails: it is a part of the project."""
    shipped = checkpoint.pretrained_dir() / "siamsa_r18.pth"
    assert shipped.is_file(), "pretrained/siamsa_r18.pth is missing: train it, or check the clone"
    assert main(["demo", "--output", str(tmp_path)]) == 0
    (overlap,) = re.findall(r"mean overlap (\d\.\d+) over 119 frames", capsys.readouterr().out)
    assert float(overlap) >= 0.7
