"""The published PyTorch code's outputs, on weights that anyone can regenerate, through `siamsa checkpoint import`."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import tracker
from tracker import checkpoint
from tracker.box import Box
from tracker.cli.main import main

SHARED = Path(os.environ.get("SIAMSA_SHARED", Path(__file__).resolve().parents[2] / "shared"))
# Gain of the neck's weights, and k, wi, LR of the reference tracker.
GAIN = {"siampw_rbo": 0.01, "siamban": 0.003}
CONSTANTS = {
    "siampw_rbo": (0.1223, 0.542, 0.67865),
    "siamban": (0.08513642556896711, 0.4632532824922313, 0.44418184746462425),
}


@dataclass
class Case:
    kind: str
    folder: Path
    weights: Path

    def load(self, precision: str = "fp32") -> tracker.Tracker:
        k, influence, lr = CONSTANTS[self.kind]
        overrides = [f"tracking.penalty_k={k}", f"tracking.window_influence={influence}", f"tracking.lr={lr}"]
        return tracker.load(self.weights, device="cpu", precision=precision, overrides=overrides)


def made_up(name: str, shape: list[int], salt: str, gain: float) -> torch.Tensor:
    """Tensor `name` by the oracle's recipe."""
    n = np.random.default_rng(zlib.crc32((salt + name).encode())).standard_normal(shape).astype(np.float32)
    if name.endswith("running_var"):
        value = 1 + 0.1 * np.abs(n)
    elif name.endswith(("running_mean", ".bias")):
        value = 0.1 * n
    elif n.ndim <= 1:
        value = 1 + 0.1 * n
    else:
        value = n * (gain if name.startswith("neck.") else 1.0) * np.sqrt(1 / np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(value, np.float32))


def write_weights(kind: str, path: Path, salt: str = "public") -> None:
    keys = json.loads((SHARED / "oracles/parity" / kind / "keys.json").read_text())
    torch.save({"state_dict": {"module." + k: made_up(k, shape, salt, GAIN[kind]) for k, shape in keys}}, path)


@pytest.fixture(scope="module", params=list(GAIN))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    kind = request.param
    folder = SHARED / "oracles/parity" / kind
    if not (folder / "forward.npz").is_file():
        pytest.skip(f"oracle not there: {folder}")
    place = tmp_path_factory.mktemp(kind)
    write_weights(kind, place / "theirs.pth")
    command = ["checkpoint", "import", str(place / "theirs.pth"), "--experiment", f"{kind}_r50"]
    assert main([*command, "--output", str(place / "ours.pth")]) == 0
    (place / "theirs.pth").unlink()
    return Case(kind, folder, place / "ours.pth")


def close(got: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> bool:
    return bool(np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max())


def test_every_tensor_is_imported(case: Case) -> None:
    held = checkpoint.load(case.weights)
    assert held.meta["missing"] == []
    keys = json.loads((case.folder / "keys.json").read_text())
    assert len(keys) == sum(not name.endswith("num_batches_tracked") for name in held.model)


def test_forward(case: Case) -> None:
    net = checkpoint.load(case.weights).network()
    rng = np.random.default_rng(zlib.crc32(b"publicinput"))
    template = torch.from_numpy(rng.integers(0, 256, (1, 3, 127, 127)).astype(np.float32))
    search = torch.from_numpy(rng.integers(0, 256, (1, 3, 255, 255)).astype(np.float32))
    with torch.inference_mode():
        cls, loc = net(net.embed(template), search)
    oracle = np.load(case.folder / "forward.npz")
    assert close(cls.numpy(), oracle["cls"]) and close(loc.numpy(), oracle["loc"])


def test_tracked_boxes(case: Case) -> None:
    oracle = np.load(case.folder / "tracking.npz")
    frames, expected = oracle["frames"], oracle["boxes_xywh_score"]
    follower = case.load()
    follower.init(frames[0], Box(*map(float, oracle["init_box"])))
    results = [follower.update(frame) for frame in frames[1:]]
    got = np.array([[*r.box.xywh, r.score] for r in results])
    assert np.abs(got[:, :4] - expected[:, :4]).max() < 0.01
    assert np.abs(got[:, 4] - expected[:, 4]).max() < 1e-4


def test_other_weights_are_imported_whole(case: Case, tmp_path: Path) -> None:
    write_weights(case.kind, tmp_path / "theirs.pth", salt="another salt")
    raw = checkpoint.read_tensors(tmp_path / "theirs.pth")["state_dict"]
    net = checkpoint.load(case.weights).network()
    report = checkpoint.import_weights(net, tmp_path / "theirs.pth")
    assert len(report.loaded) == len(raw) and not (report.missing or report.unexpected or report.other_shape)
    theirs = sorted(float(v.double().sum()) for v in raw.values())
    ours = sorted(float(net.state_dict()[name].double().sum()) for name in report.loaded)
    assert theirs == ours
