from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tracker import checkpoint
from tracker.cli.main import main
from tracker.config import load_config
from tracker.models.siamese import build_model


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("foreign") / "weights.pth"
    state = build_model(load_config("siamsa_r18").model).state_dict()
    torch.save({"state_dict": {"module." + k: v for k, v in state.items()}, "epoch": 20}, path)
    return path


def imported(foreign: Path, output: Path, *more: str) -> int:
    return main(["checkpoint", "import", str(foreign), "--experiment", "siamsa_r18", "--output", str(output), *more])


def test_import_show_verify(foreign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "out.pth"
    assert imported(foreign, output, "--set", "tracking.lr=0.25") == 0
    text = capsys.readouterr().out
    assert "missing, left at their initial values: 0" in text and "unexpected, not used: 0" in text
    assert checkpoint.load(output).config.tracking.lr == 0.25
    assert main(["checkpoint", "show", str(output)]) == 0
    text = capsys.readouterr().out
    assert "siamsa_r18" in text and checkpoint.sha256(output) in text and "source       weights.pth" in text
    assert main(["checkpoint", "verify", str(output)]) == 0
    assert "sound" in capsys.readouterr().out


def test_import_lists_what_did_not_fit(foreign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = torch.load(foreign, weights_only=True)["state_dict"]
    state = {k: v for k, v in state.items() if "attention" not in k}
    state["module.head.loc_scale"], state["module.other"] = torch.ones(9), torch.ones(1)
    torch.save(state, tmp_path / "in.pth")
    assert imported(tmp_path / "in.pth", tmp_path / "out.pth") == 0
    text = capsys.readouterr().out
    assert "unexpected, not used: 1\n  other\n" in text
    assert "of another shape, not used: 1\n  head.loc_scale (9 in the file, 1 expected)\n" in text
    assert "  attention.0." in text
    assert "attention.0.alpha" in "".join(checkpoint.load(tmp_path / "out.pth").meta["missing"])


def test_import_never_overwrites_unasked(foreign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.pth"
    output.write_text("precious")
    assert imported(foreign, output) == 2
    assert "--overwrite" in capsys.readouterr().err and output.read_text() == "precious"
    assert imported(foreign, output, "--overwrite") == 0


@pytest.mark.parametrize("action", ["show", "verify", "import"])
def test_bad_files_are_one_line_and_leave_nothing(
    action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, out = tmp_path / "bad.pth", tmp_path / "out.pth"
    more = ["--experiment", "siamsa_r18", "--output", str(out)] if action == "import" else []
    for content in (None, b"", b"text\n", b"cos\nsystem\n(S'true'\ntR."):
        if content is not None:
            bad.write_bytes(content)
        assert main(["checkpoint", action, str(bad), *more]) == 2
        err = capsys.readouterr().err
        assert err.startswith("siamsa: error: checkpoint ") and err.count("\n") == 1 and str(bad) in err
    assert not out.exists() and list(tmp_path.iterdir()) == [bad]


def test_import_of_weights_for_another_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"encoder.weight": torch.ones(3)}, tmp_path / "in.pth")
    assert imported(tmp_path / "in.pth", tmp_path / "out.pth") == 2
    assert "no tensor fits this network, such as encoder.weight" in capsys.readouterr().err
    assert not (tmp_path / "out.pth").exists()


def test_edit_changes_settings_and_keeps_every_bit_of_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = load_config("siamsa_r18", ["tracking.lr=0.4"])
    net = build_model(config.model)
    checkpoint.save(tmp_path / "a.pth", net.state_dict(), config, {"seed": 3}, half=True)
    words = ["checkpoint", "edit", str(tmp_path / "a.pth"), "--output", str(tmp_path / "b.pth")]
    assert main([*words, "--set", "tracking.lr=0.5"]) == 0
    assert "tracking.lr: 0.4 -> 0.5" in capsys.readouterr().out
    before, after = checkpoint.load(tmp_path / "a.pth"), checkpoint.load(tmp_path / "b.pth")
    assert after.config.tracking.lr == 0.5 and after.meta == {"seed": 3}
    assert all(torch.equal(before.model[name], after.model[name]) for name in before.model)
    assert (tmp_path / "b.pth").stat().st_size < 1.01 * (tmp_path / "a.pth").stat().st_size
    assert main([*words, "--set", "tracking.lr=0.6"]) == 2
    assert "exists" in capsys.readouterr().err
    assert main([*words, "--overwrite", "--experiment", "siamsa_r50"]) == 2
    assert "is for another network" in capsys.readouterr().err


def test_average_is_the_weighted_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, files = load_config("siamsa_r18"), [tmp_path / "a.pth", tmp_path / "b.pth"]
    nets = [build_model(config.model) for _ in files]
    for file, net in zip(files, nets, strict=True):
        checkpoint.save(file, net.state_dict(), config, {"name": file.stem})
    words = ["checkpoint", "average", *map(str, files), "--output", str(tmp_path / "c.pth")]
    assert main([*words, "--shares", "0.25", "0.75"]) == 0
    mean = checkpoint.load(tmp_path / "c.pth")
    first, second = (net.state_dict() for net in nets)
    for name, tensor in mean.model.items():
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor, 0.25 * first[name] + 0.75 * second[name])
    assert mean.meta["name"] == "a" and checkpoint.sha256(files[1]) in mean.meta["averaged"][1]
    capsys.readouterr()
    assert main([*words, "--overwrite", "--shares", "0.5", "0.6"]) == 2
    assert "--shares: expected 2 numbers" in capsys.readouterr().err


def test_average_wants_one_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, width in (("a", 64), ("b", 96)):
        config = load_config("siamsa_r18", [f"model.width={width}"])
        checkpoint.save(tmp_path / f"{name}.pth", build_model(config.model).state_dict(), config, {})
    words = [str(tmp_path / "a.pth"), str(tmp_path / "b.pth"), "--output", str(tmp_path / "c.pth")]
    assert main(["checkpoint", "average", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and not (tmp_path / "c.pth").exists()
