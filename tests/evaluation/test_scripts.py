"""The scripts in benchmarks/, as users run them, and our own tracker through `siamsa evaluate run`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from tests.evaluation.helpers import moving, otb, table
from tests.helpers import ROOT
from tracker import checkpoint
from tracker.cli.main import main
from tracker.config import load_config
from tracker.data.rendered import write_clip
from tracker.models.siamese import build_model


def script(name: str, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the light network with random weights."""
    torch.manual_seed(0)
    config = load_config("siamsa_r18")
    path = tmp_path_factory.mktemp("weights") / "untrained.pth"
    checkpoint.save(path, build_model(config.model).state_dict(), config, {})
    return path


def test_otb_script(tmp_path: Path) -> None:
    otb(tmp_path, "Couple")
    otb(tmp_path, "Deer", range(1, 4))
    done = script("otb.py", "--root", tmp_path, "--tracker", "tests.evaluation.helpers:Mover")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Mover on OTB100: 2 of 100 sequences, one pass"
    assert [line.split()[:4] for line in lines[2:5]] == [
        ["Couple", "8", "0.952", "1.000"],
        ["Deer", "3", "0.952", "1.000"],
        ["mean", "11", "0.952", "1.000"],
    ]
    assert "2 of 100 sequences" in lines[5]


def test_otb_script_errors(tmp_path: Path) -> None:
    done = script("otb.py", "--root", tmp_path / "absent", "--tracker", "mil")
    assert done.returncode == 2 and "no such folder" in done.stderr and done.stderr.count("\n") == 1


def test_scoring_script_compares_with_the_plain_loop(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("Couple", "Deer"):
        table(tmp_path / "gt" / f"{name}.txt", moving(40)[:-1] + [(0, 0, 0, 0)])
        table(
            tmp_path / "r/mine" / f"{name}.txt", [tuple(r) for r in (moving(40) + rng.normal(0, 3, (40, 4))).round(2)]
        )
    done = script("speed/scoring.py", "--results", tmp_path / "r", "--annotations", tmp_path / "gt", "--repeats", 1)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "times as fast" in done.stdout


def test_our_tracker_and_what_its_results_depend_on(
    tmp_path: Path, untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    otb(tmp_path / "data", "Couple", range(1, 4))
    words = ["evaluate", "run", "--benchmark", "otb100", "--root", str(tmp_path / "data"), "--device", "cpu",
             "--checkpoint", str(untrained), "--output", str(tmp_path / "out")]  # fmt: skip
    assert main(words) == 0
    folder = tmp_path / "out/untrained"
    assert len((folder / "Couple.txt").read_text().splitlines()) == 3
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["config"]["tracking"]["penalty_k"] == load_config("siamsa_r18").tracking.penalty_k
    capsys.readouterr()
    assert main([*words, "--set", "tracking.penalty_k=0.2"]) == 2
    assert "config.tracking.penalty_k" in capsys.readouterr().err


@pytest.mark.slow
def test_ablation_script_trains_what_is_missing_and_writes_a_page(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        write_clip(tmp_path / "data" / "videos" / f"clip{seed}", seed, 6, (160, 120))
    words = ["--data", tmp_path / "data", "--pairs", 4, "--batch", 2, "--seeds", 0, "--clips", "clip3"]
    words += ["--variants", "base", "no-attention", "--output", tmp_path / "runs", "--page", tmp_path / "page.md"]
    words += ["--set", "data.sources=[{path: videos, layout: got10k, exclude: [clip3]}]", "model.width=32"]
    words += ["tracking.instance_size=127", "data.workers=0", "data.cross_negative=0", "train.validation.pairs=8"]
    first = script("ablation.py", *words)
    assert first.returncode == 0, first.stderr
    page = (tmp_path / "page.md").read_text()
    assert page.count("\n| the recipe as it is |") == page.count("\n| without self-attention |") == 1
    assert checkpoint.load(tmp_path / "runs/no-attention-0/siamsa_r18.pth").config.model.attention.name == "identity"
    again = script("ablation.py", *words)
    assert again.stdout.splitlines() == [line for line in first.stdout.splitlines() if line.startswith("| ")]
