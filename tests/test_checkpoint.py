from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tracker import checkpoint
from tracker.config import load_config
from tracker.errors import InputError
from tracker.models.siamese import SiameseNet, build_model
from tracker.settings import Config, DataConfig, ModelConfig, TrainConfig

CONFIG = Config(
    name="small",
    model=ModelConfig(backbone="resnet18", levels=(2,), width=32),
    data=DataConfig(root="/somewhere/private"),
    train=TrainConfig(init="/somewhere/private/resnet.pth"),
)


@pytest.fixture(scope="module")
def net() -> SiameseNet:
    torch.manual_seed(3)
    return build_model(CONFIG.model)


@pytest.fixture
def saved(tmp_path: Path, net: SiameseNet) -> Path:
    path = tmp_path / "new" / "small.pth"
    checkpoint.save(path, net.state_dict(), CONFIG, {"seed": 3, "success": 0.5, "missing": []})
    return path


def test_round_trip(saved: Path, net: SiameseNet) -> None:
    held = checkpoint.load(saved)
    assert held.meta == {"seed": 3, "success": 0.5, "missing": []} and held.version == "0.1.0"
    assert held.config.model == CONFIG.model and held.config.name == "small"
    again = held.network()
    assert not again.training
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in net.state_dict().items())
    assert os.listdir(saved.parent) == ["small.pth"]


def test_folders_of_the_training_machine_stay_there(saved: Path) -> None:
    held = checkpoint.load(saved)
    assert held.config.data.root == "" and held.config.train.init == "resnet.pth"
    assert b"private" not in saved.read_bytes()


def test_save_returns_the_sha256(tmp_path: Path, net: SiameseNet) -> None:
    path = tmp_path / "a.pth"
    digest = checkpoint.save(path, net.state_dict(), CONFIG, {})
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest() == checkpoint.sha256(path)


def test_half_keeps_vectors_and_what_does_not_fit(tmp_path: Path) -> None:
    state = {"kernel": torch.randn(4, 3, 3, 3), "big": torch.full((2, 2), 1e6), "variance": torch.rand(4) * 1e6}
    path = tmp_path / "half.pth"
    checkpoint.save(path, state, CONFIG, {}, half=True)
    raw = checkpoint.read_tensors(path)["model"]
    assert [raw[k].dtype for k in ("kernel", "big", "variance")] == [torch.float16, torch.float32, torch.float32]
    held = checkpoint.load(path).model
    assert held["kernel"].dtype == torch.float32 and torch.allclose(held["kernel"], state["kernel"], rtol=1e-3)
    assert torch.equal(held["variance"], state["variance"])


def test_views_do_not_take_their_storage_along(tmp_path: Path) -> None:
    path = tmp_path / "view.pth"
    checkpoint.save(path, {"row": torch.zeros(1000, 1000)[:2]}, CONFIG, {})
    assert path.stat().st_size < 100_000


def test_meta_holds_plain_types_only(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"meta\.scores\[1\]"):
        checkpoint.save(tmp_path / "a.pth", {"a": torch.ones(1)}, CONFIG, {"scores": [1, object()]})
    assert not list(tmp_path.iterdir())


def test_failed_write_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full_disk(content: Any, file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(InputError, match="No space left"):
        checkpoint.save(saved, {"a": torch.ones(1)}, CONFIG, {})
    assert saved.read_bytes() == before and os.listdir(saved.parent) == ["small.pth"]


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (self.path, "ran"))


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    bare, archive = tmp_path / "bare.pth", tmp_path / "archive.pth"
    bare.write_bytes(pickle.dumps({"model": Evil(trace)}))
    torch.save({"format": 1, "config": {}, "model": Evil(trace)}, archive)
    for path in (bare, archive):
        with pytest.raises(InputError, match="holds code or objects") as caught:
            checkpoint.load(path)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert not trace.exists()


@pytest.mark.parametrize("keep", [0, 1, 100, 5000, 0.5, 0.99])
def test_truncated_files_are_one_clear_line(saved: Path, keep: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(InputError, match="is damaged, incomplete or not a PyTorch file") as caught:
        checkpoint.load(saved)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"hello\n", b"\x00" * 500, b"PK\x03\x04" + b"x" * 200, b"\x80\x02]q\x00.", b"cos\nsystem\n."]
)
def test_other_files_are_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)) as caught:
        checkpoint.load(path)
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        checkpoint.load(tmp_path / "none.pth")
    with pytest.raises(InputError, match="is a folder"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"config": {"model": {"witdh": 3}}}, "unknown setting model.witdh"),
        ({"config": 3}, "parts are not what they should be"),
        ({"model": {}}, "parts are not what they should be"),
        ({"model": {"a": 1}}, "parts are not what they should be"),
    ],
)
def test_contents_are_checked(saved: Path, change: dict[str, Any], message: str) -> None:
    checkpoint.write_tensors(saved, checkpoint.read_tensors(saved) | change)
    with pytest.raises(InputError, match=message):
        checkpoint.load(saved)


def test_files_of_other_projects_point_to_import(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.ones(1)}}, tmp_path / "a.pth")
    with pytest.raises(InputError, match="siamsa checkpoint import"):
        checkpoint.load(tmp_path / "a.pth")


def test_tensors_that_do_not_fit_are_named(saved: Path) -> None:
    content = checkpoint.read_tensors(saved)
    del content["model"]["neck.0.0.weight"]
    content["model"]["head.loc_scale"] = torch.ones(7)
    checkpoint.write_tensors(saved, content)
    with pytest.raises(InputError, match="head.loc_scale, neck.0.0.weight"):
        checkpoint.load(saved).network()


def test_wrong_experiment_names_what_differs(saved: Path) -> None:
    held = checkpoint.load(saved)
    checkpoint.require_same_model(held, CONFIG)
    with pytest.raises(InputError, match=r"model\.backbone is resnet18 in the checkpoint, resnet50 wanted"):
        checkpoint.require_same_model(held, load_config("siampw_rbo_r50"))


def test_verify(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = tmp_path / "manifest.yaml"
    monkeypatch.setattr(checkpoint, "pretrained_dir", lambda: tmp_path)
    assert checkpoint.verify(saved)[1] is None
    listing.write_text(yaml.safe_dump({"small.pth": {"sha256": checkpoint.sha256(saved)}}))
    assert checkpoint.verify(saved)[1] == checkpoint.sha256(saved)
    listing.write_text(yaml.safe_dump({"small.pth": {"sha256": "0" * 64}}))
    with pytest.raises(InputError, match="sha256"):
        checkpoint.verify(saved)
    listing.write_text("- just\n- a list\n")
    with pytest.raises(InputError, match="manifest.yaml"):
        checkpoint.verify(saved)


def test_verify_refuses_values_that_are_not_finite(saved: Path, net: SiameseNet) -> None:
    state = net.state_dict()
    state["head.loc_scale"] = torch.tensor([float("nan")])
    checkpoint.save(saved, state, CONFIG, {})
    with pytest.raises(InputError, match="not finite in head.loc_scale"):
        checkpoint.verify(saved)


def test_shipped_checkpoints_are_those_of_the_manifest() -> None:
    folder = checkpoint.pretrained_dir()
    shipped = {p.name for p in folder.glob("*.pth")}
    assert shipped == set(checkpoint.manifest())
    for name in shipped:
        assert checkpoint.verify(folder / name)[1]
        assert (folder / name).stat().st_size <= 20e6
