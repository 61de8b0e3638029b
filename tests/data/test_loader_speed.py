"""benchmarks/speed/loader.py: both ways cut the same target, and the script runs; frames are decoded once a pair."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from tracker.data.frames import FrameCache, Stored
from tracker.data.pairs import PairSampler
from tracker.errors import InputError
from tracker.settings import AugmentConfig, DataConfig, SourceConfig, TrackingConfig

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "speed" / "loader.py"
OFF = AugmentConfig(**dict.fromkeys(AugmentConfig.__dataclass_fields__, 0.0))


@pytest.fixture(scope="module")
def loader() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("speed_loader", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> DataConfig:
    """Two clips of smooth noise with a box that moves; the first starts beyond the frame's edge."""
    root = tmp_path_factory.mktemp("raw")
    for seed, name in enumerate(("a", "b")):
        clip = root / "clips" / name
        clip.mkdir(parents=True)
        coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3)).astype(np.uint8)
        picture = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
        rows = []
        for i in range(5):
            cv2.imwrite(str(clip / f"{i + 1:08d}.jpg"), np.roll(picture, 6 * i, 1), [cv2.IMWRITE_JPEG_QUALITY, 95])
            rows.append(f"{90 * seed + 6 * i},{60 + 20 * seed},{40 + 30 * seed},50")
        (clip / "groundtruth.txt").write_text("\n".join(rows))
    return DataConfig(root=str(root), sources=(SourceConfig(path="clips"),), negative=0.0, augment=OFF)


def test_both_ways_cut_the_same_target(loader: ModuleType, config: DataConfig, tmp_path: Path) -> None:
    ours = PairSampler(config, TrackingConfig(), 3)
    crops = loader.precut_pairs(ours, 8, tmp_path)
    published = loader.Published(crops, config, TrackingConfig(), 3)
    for index in range(8):
        a, b = ours.sample(index), published.sample(index)
        assert a.keys() - b.keys() == {"tight", "track"} and b["search"].dtype == np.float32
        np.testing.assert_allclose(a["box"], b["box"], atol=1.2)  # sides of crops are whole numbers only in ours
        for name in ("template", "search"):
            assert a[name].shape == b[name].shape
            assert np.abs(a[name] - b[name]).mean() < 3
            assert np.abs(a[name] - b[name][..., ::-1]).mean() > 20


def test_moved_and_scaled_the_box_stays_on_the_target(loader: ModuleType, tmp_path: Path) -> None:
    clip = tmp_path / "clips" / "a"
    clip.mkdir(parents=True)
    image = np.zeros((300, 400, 3), np.uint8)
    image[100:150, 150:210] = 255
    for i in (1, 2):
        cv2.imwrite(str(clip / f"{i:08d}.png"), image)
    (clip / "groundtruth.txt").write_text("150,100,60,50\n" * 2)
    how = replace(OFF, shift=40.0, scale=0.18)
    config = DataConfig(root=str(tmp_path), sources=(SourceConfig(path="clips"),), augment=how, negative=0.0)
    crops = loader.precut_pairs(PairSampler(config, TrackingConfig(), 0), 6, tmp_path / "out")
    for index in range(6):
        pair = loader.Published(crops, config, TrackingConfig(), 0).sample(index)
        ys, xs = np.nonzero(pair["search"][0] > 128)
        np.testing.assert_allclose([xs.min(), ys.min(), xs.max(), ys.max()], pair["box"], atol=1.6)


def test_the_script_compares(config: DataConfig) -> None:
    words = ["--root", config.root, "--path", "clips", "--rounds", "2", "--block", "3", "--cache-mb", "16"]
    done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and all("pairs a second and core" in line for line in lines)
    assert "1.00 times the published way" in lines[0]


def test_the_script_names_what_is_wrong(tmp_path: Path) -> None:
    for words in (["--root", str(tmp_path / "gone")], ["--rounds", "0"]):
        done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and done.stderr.startswith("loader.py: ") and done.stderr.count("\n") == 1


def test_a_pair_decodes_an_image_once(config: DataConfig, tmp_path: Path) -> None:
    source, path = Path(config.root) / "clips" / "a" / "00000001.jpg", tmp_path / "x.jpg"
    path.write_bytes(source.read_bytes())
    cache = FrameCache(0)
    stored = Stored(str(path), cache)
    frame = stored.decoded()
    path.unlink()
    assert stored.decoded() is frame and frame.decoded() is frame
    cache.release()
    with pytest.raises(InputError, match=r"x\.jpg: no such file"):
        stored.decoded()
