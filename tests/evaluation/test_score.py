"""`siamsa evaluate score` from the outside: published results, spellings, and every kind of damage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.evaluation.helpers import moving, oracles, otb, table
from tracker.cli.main import main
from tracker.evaluation.decimals import parse_table


def score(*words: object) -> int:
    return main(["evaluate", "score", *map(str, words)])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Results of two trackers on two sequences, and annotations."""
    for name in ("Couple", "Jogging-1"):
        table(tmp_path / "gt" / f"{name}.txt", moving(6))
        table(tmp_path / "results/good" / f"{name}.txt", moving(6))
        table(tmp_path / "results/poor" / f"{name}.txt", [(50, 50, 2, 2)] * 6)
    return tmp_path / "results", tmp_path / "gt"


@pytest.mark.parametrize("which", ["OTB100", "UAV123"])
def test_published_one_pass(which: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = oracles()
    out = tmp_path / "scores.json"
    # The folder of results holds the annotations too; these are no tracker.
    assert score("--benchmark", which, "--results", folder / which, "--annotations", folder / which / "gt",
                 "--json", out) == 0  # fmt: skip
    scores, expected = json.loads(out.read_text()), json.loads((folder / "expected.json").read_text())
    assert "gt" not in scores
    for tracker, entry in scores.items():
        wanted = expected[f"{which}/{tracker}"]
        assert entry["success"] == pytest.approx(wanted["auc"], abs=1e-9)
        assert entry["precision"] == pytest.approx(wanted["p20_pysot"], abs=1e-9)
        for name, (success, precision) in wanted["per_seq"].items():
            part = entry["per_sequence"][name]
            assert (part["success"], part["precision"]) == pytest.approx((success, precision), abs=1e-6)
    text = capsys.readouterr().out
    assert text.count("invalid ground truth: pysot") == len(scores) and f"{wanted['n_seq']} of" in text


def test_published_supervised(tmp_path: Path) -> None:
    folder, out = oracles(), tmp_path / "scores.json"
    vot = folder / "VOT2016"
    assert score("--benchmark", "vot2016", "--results", vot, "--annotations", vot / "gt", "--json", out) == 0
    scores, expected = json.loads(out.read_text()), json.loads((folder / "expected.json").read_text())
    for tracker in ("ECO", "C-COT"):
        wanted = expected[f"VOT2016/{tracker}"]["unbounded"]
        got = scores[tracker]
        assert got["eao"] == pytest.approx(wanted["EAO"], abs=1e-8)
        assert got["accuracy"] == pytest.approx(wanted["A"], abs=1e-6)
        assert (got["robustness"], got["failures"]) == pytest.approx((wanted["R"], wanted["failures"]))


@pytest.mark.parametrize("invalid", ["pysot", "got10k", "drop"])
def test_invalid_is_said_and_used(folders: tuple[Path, Path], invalid: str, tmp_path: Path) -> None:
    results, truth = folders
    rows = [*moving(5), (0, 0, 0, 0)]
    table(truth / "Couple.txt", rows)
    out = tmp_path / "s.json"
    assert score("--benchmark", "otb100", "--results", results, "--annotations", truth, "--invalid", invalid,
                 "--json", out) == 0  # fmt: skip
    entry = json.loads(out.read_text())["good"]
    assert invalid in entry["protocol"] and entry["sequences"] == "2 of 100 sequences"
    wanted = {"pysot": (1, 5 / 6), "got10k": (5 / 6, 5 / 6), "drop": (1, 1)}[invalid]
    part = entry["per_sequence"]["Couple"]
    assert (part["precision"], part["ao"]) == pytest.approx(wanted)


def test_spellings_and_the_benchmarks_own_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    otb(tmp_path / "data", "FleetFace", range(1, 7), folder="fleetface")
    otb(tmp_path / "data", "Human4", range(1, 7), truth="groundtruth_rect.2.txt")
    table(tmp_path / "r/mine/fleetFace.txt", moving(6))
    table(tmp_path / "r/mine/Human4.txt", moving(6))
    assert score("--benchmark", "otb100", "--results", tmp_path / "r", "--root", tmp_path / "data",
                 "--per-sequence") == 0  # fmt: skip
    text = capsys.readouterr().out
    assert "Human4-2" in text and "2 of 100 sequences" in text and "0.9524" in text


def test_common_sequences(folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, truth = folders
    (results / "good/Couple.txt").unlink()
    words = ("--benchmark", "otb100", "--results", results, "--annotations", truth)
    assert score(*words) == 0
    assert "not scored on the same sequences" in capsys.readouterr().out
    assert score(*words, "--common") == 0
    assert capsys.readouterr().out.count("1 of 100 sequences") == 2


def test_supervised_in_the_toolkits_layout(tmp_path: Path) -> None:
    table(tmp_path / "gt/agility.txt", [(0, 0, 9, 9)] * 30)
    rows: list[tuple[float, ...]] = [(1,), *[(0, 0, 9, 9)] * 29]
    for i in (1, 2, 3):
        table(tmp_path / f"r/mine/baseline/agility/agility_{i:03d}.txt", rows)
    out = tmp_path / "s.json"
    assert score("--benchmark", "vot2019", "--results", tmp_path / "r", "--annotations", tmp_path / "gt",
                 "--json", out) == 0  # fmt: skip
    entry = json.loads(out.read_text())["mine"]
    assert (entry["accuracy"], entry["failures"], entry["eao"]) == (1, 0, None)  # no run is 46 frames long
    assert entry["per_sequence"]["agility"]["repetitions"] == 3


def damaged(results: Path, truth: Path, kind: str) -> None:
    good = results / "good"
    rows = moving(6)
    if kind == "missing results":
        results.rename(results.with_name("elsewhere"))
    elif kind == "missing annotations":
        truth.rename(truth.with_name("elsewhere"))
    elif kind == "empty tracker":
        (results / "empty").mkdir()
    elif kind == "no tracker":
        for path in results.iterdir():
            path.rename(truth / path.name)
    elif kind == "short":
        table(good / "Couple.txt", rows[:5])
    elif kind == "nan":
        table(good / "Couple.txt", [*rows[:3], (float("nan"),) * 4, *rows[4:]])
    elif kind == "text":
        (good / "Couple.txt").write_text("<html>\n")
    elif kind == "columns":
        table(good / "Couple.txt", [row[:3] for row in rows])
    elif kind == "empty file":
        (good / "Couple.txt").write_text("")
    elif kind == "binary":
        (good / "Couple.txt").write_bytes(b"\xff\xd8\xff\xe0\x00")
    elif kind == "another benchmark":
        for path in good.iterdir():
            path.rename(good / f"{path.stem}9.txt")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing results", "results: no such folder"),
        ("missing annotations", "gt: no such folder"),
        ("empty tracker", "empty: no result in it"),
        ("no tracker", "results: no tracker in it"),
        ("short", "good/Couple.txt: 5 rows, but the ground truth has 6"),
        ("nan", "good/Couple.txt, line 4: not a finite box"),
        ("text", "good/Couple.txt, line 1: expected numbers, got '<html>'"),
        ("columns", "good/Couple.txt, line 1: expected 4 or 8 numbers, got 3"),
        ("empty file", "good/Couple.txt: is empty"),
        ("binary", "good/Couple.txt: cannot be read"),
        ("another benchmark", "good: no result of OTB100"),
    ],
)
def test_damage_is_one_line(
    folders: tuple[Path, Path], kind: str, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    results, truth = folders
    damaged(results, truth, kind)
    out = tmp_path / "s.json"
    assert score("--benchmark", "otb100", "--results", results, "--annotations", truth, "--json", out) == 2
    text = capsys.readouterr().err
    assert words in text.replace("\\", "/") and text.count("\n") == 1 and not out.exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 0, 9, 9)] * 3, "begins with a region"),
        ([(1,), (7,), (0, 0, 9, 9)], "line 2: 7 is no code"),
        ([(1,), (1, 2, 3), (0, 0, 9, 9)], "line 2: expected a code, x,y,w,h or a polygon, got 3"),
        ([(1,), (0, 0, 9, 9)], "2 rows, but the ground truth has 3"),
    ],
)
def test_damage_of_supervised_results(
    tmp_path: Path, rows: list, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table(tmp_path / "gt/bag.txt", [(0, 0, 9, 9)] * 3)
    table(tmp_path / "r/mine/bag_001.txt", rows)
    assert score("--benchmark", "vot2016", "--results", tmp_path / "r", "--annotations", tmp_path / "gt") == 2
    text = capsys.readouterr().err
    assert words in text and "bag_001.txt" in text and text.count("\n") == 1


def test_fast_parser_reads_what_float_reads() -> None:
    texts = ["1,2.5,-3,.5", "0.1,123456.789,7.,-0.25"]
    table_ = parse_table("\r\n".join(texts).encode())
    assert table_ is not None
    assert table_.tolist() == [[float(v) for v in text.split(",")] for text in texts]


@pytest.mark.parametrize(
    "text", ["", "1,2\n3", "1,,2", "1 , 2", "nan,1", "1e3,2", "1-2,3", "1.2.3,4", "-,1", "1,2\n\n3,4"]
)
def test_fast_parser_leaves_the_rest_alone(text: str) -> None:
    assert parse_table(text.encode()) is None
