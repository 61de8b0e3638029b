"""SRE, TRE, VOT without re-initialisation, and GOT-10k's submission: plans, files and scores."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.helpers import images, moving, otb, table
from tracker.box import Box
from tracker.cli.main import main
from tracker.evaluation.running.plans import PLANS
from tracker.evaluation.sequence import Sequence

MOVER = "tests.evaluation.helpers:Mover"


def sequence(count: int, origin: int = 0) -> Sequence:
    return Sequence("clip", (), np.array(moving(count), dtype=float), origin)


def evaluate(part: str, benchmark: str, protocol: str | None, *words: object) -> int:
    chosen = ["--protocol", protocol] if protocol else []
    return main(["evaluate", part, "--benchmark", benchmark, *chosen, *map(str, words)])


def test_spatial_starts_by_hand() -> None:
    plan = PLANS["sre"](sequence(3, origin=1), 1)
    starts = [part.start() for part in plan]
    assert len(starts) == 12
    assert starts[0] == Box(3, 5, 10, 8) and starts[3] == Box(4, 5.8, 10, 8) and starts[7] == Box(5, 5.8, 10, 8)
    assert starts[8].xywh == pytest.approx((5, 5.8, 8, 6.4)) and starts[11].xywh == pytest.approx((3, 4.2, 12, 9.6))
    assert plan[0].truth[0].tolist() == [5, 6, 10, 8]


def test_temporal_starts_by_hand() -> None:
    lengths = [len(part.truth) for part in PLANS["tre"](sequence(100), 1)]
    assert lengths == list(range(100, 15, -5))[: len(lengths)] and lengths[-1] == 20
    assert [len(part.truth) for part in PLANS["tre"](sequence(15), 1)] == [15]


def test_temporal_starts_wait_for_the_target() -> None:
    clip = sequence(100)
    clip.truth[5:12] = np.nan
    assert [100 - len(part.truth) for part in PLANS["tre"](clip, 1)][:4] == [0, 12, 15, 20]


@pytest.mark.parametrize(("protocol", "runs"), [("sre", 12), ("tre", 6)])
def test_robustness_from_run_to_score(tmp_path: Path, protocol: str, runs: int) -> None:
    otb(tmp_path / "data", "Couple", range(1, 27))
    out, file = tmp_path / "out", tmp_path / "s.json"
    assert evaluate("run", "otb100", protocol, "--root", tmp_path / "data", "--tracker", MOVER, "--output", out) == 0
    assert len(list((out / "Mover" / protocol).glob("*.txt"))) == runs
    assert evaluate("score", "otb100", protocol, "--root", tmp_path / "data", "--results", out, "--json", file) == 0
    entry = json.loads(file.read_text())["Mover"]
    assert protocol.upper() in entry["protocol"]
    assert entry["success"] == pytest.approx(20 / 21) if protocol == "tre" else 0.5 < entry["success"] < 0.9


def test_a_missing_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    otb(tmp_path / "data", "Couple", range(1, 9))
    words = ("--root", tmp_path / "data")
    assert evaluate("run", "otb100", "sre", *words, "--tracker", MOVER, "--output", tmp_path / "out") == 0
    (tmp_path / "out/Mover/sre/Couple_007.txt").unlink()
    assert evaluate("score", "otb100", "sre", *words, "--results", tmp_path / "out") == 2
    assert "Couple_007.txt" in capsys.readouterr().err


def test_unsupervised_from_run_to_score(tmp_path: Path) -> None:
    images(tmp_path / "data/bag", range(1, 9), 8)
    table(tmp_path / "data/bag/groundtruth.txt", moving(8))
    out, file, words = tmp_path / "out", tmp_path / "s.json", ("--root", tmp_path / "data")
    assert evaluate("run", "vot2016", "vot_unsupervised", *words, "--tracker", MOVER, "--output", out) == 0
    assert (out / "Mover/unsupervised/bag/bag_001.txt").read_text().startswith("1\n6,6,10,8\n")
    assert evaluate("score", "vot2016", "vot_unsupervised", *words, "--results", out, "--json", file) == 0
    assert json.loads(file.read_text())["Mover"]["ao"] == 1


@pytest.mark.parametrize(("part", "rows"), [("val", 5), ("test", 1)])
def test_got10k_results_are_what_its_server_takes(
    tmp_path: Path, part: str, rows: int, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = f"GOT-10k_{part.capitalize()}_000001"
    images(tmp_path / "data" / part / clip, range(1, 6), 8)
    table(tmp_path / "data" / part / clip / "groundtruth.txt", moving(rows))
    out, words = tmp_path / "out", ("--root", tmp_path / "data")
    assert evaluate("run", f"got10k_{part}", None, *words, "--tracker", MOVER, "--output", out, "--shard", "1/2") == 0
    assert "run once more without --shard" in capsys.readouterr().out and not (out / "Mover.zip").exists()
    assert evaluate("run", f"got10k_{part}", None, *words, "--tracker", MOVER, "--output", out) == 0
    with zipfile.ZipFile(out / "Mover.zip") as archive:
        assert sorted(archive.namelist()) == [f"{clip}/{clip}_001.txt", f"{clip}/{clip}_time.txt"]
        assert len(archive.read(f"{clip}/{clip}_001.txt").splitlines()) == 5
    # The test set has first boxes only: its server scores it.
    assert evaluate("score", f"got10k_{part}", None, *words, "--results", out) == (0 if part == "val" else 2)
