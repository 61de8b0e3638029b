from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tracker
from tracker import checkpoint
from tracker.config import load_config
from tracker.errors import InputError
from tracker.models.siamese import build_model


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("load") / "siamsa_r18.pth"
    config = load_config("siamsa_r18", ["tracking.lr=0.21"])
    checkpoint.save(path, build_model(config.model).state_dict(), config, {})
    return path


def test_the_checkpoint_brings_its_settings(weights: Path) -> None:
    held = tracker.load(weights, device="cpu", overrides="tracking.penalty_k=0.5")
    assert (held.config.tracking.lr, held.config.tracking.penalty_k) == (0.21, 0.5)


def test_an_experiment_replaces_them(weights: Path) -> None:
    held = tracker.load(weights, experiment="siamsa_r18", device="cpu", precision="fp32")
    assert held.config.tracking == load_config("siamsa_r18").tracking


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"experiment": "siamban_r50"}, "for another network: model.backbone is resnet18"),
        ({"experiment": "siamsa_r81"}, "did you mean 'siamsa_r18'"),
        ({"overrides": ["tracking.windo_influence=1"]}, "unknown setting tracking.windo_influence"),
        ({"overrides": ["model.width=64"]}, "model.width"),
        ({"device": "tpu"}, "device 'tpu'"),
        ({"precision": "fp8"}, "precision 'fp8'"),
        ({"threads": -1}, "threads"),
    ],
)
def test_bad_input_is_named(weights: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracker.load(weights, **options)  # type: ignore[arg-type]


def test_an_experiment_without_weights_asks_for_them() -> None:
    with pytest.raises(InputError, match="--checkpoint"):
        tracker.load(experiment="siamban_r50")


def test_weights_with_parts_missing_do_not_track(weights: Path, tmp_path: Path) -> None:
    held = checkpoint.load(weights)
    for missing, usable in ((["neck.0.0.weight"], False), (["attention.0.alpha"], True)):
        path = tmp_path / f"{usable}.pth"
        checkpoint.save(path, held.model, held.config, {"missing": missing})
        if usable:
            tracker.load(path, device="cpu")
        else:
            with pytest.raises(InputError, match="without neck.0.0.weight"):
                tracker.load(path, device="cpu")


def test_public_names_are_lazy() -> None:
    code = "import sys, tracker; assert 'torch' not in sys.modules; tracker.Box, tracker.Result, tracker.Tracker"
    root = Path(tracker.__file__).resolve().parents[1]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    assert set(dir(tracker)) >= set(tracker.__all__)
    with pytest.raises(AttributeError, match="no attribute 'bogus'"):
        tracker.bogus  # noqa: B018
