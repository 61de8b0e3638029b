"""Which files are scored, which are not, and what is said of those that are not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.evaluation.helpers import images, moving, otb, table
from tests.evaluation.test_score import score
from tracker.cli.main import main
from tracker.evaluation.running.records import digest_of


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Results of a tracker on two sequences, and annotations."""
    for name in ("Couple", "Jogging-1"):
        table(tmp_path / "gt" / f"{name}.txt", moving(6))
        table(tmp_path / "r/mine" / f"{name}.txt", moving(6))
    return tmp_path / "r", tmp_path / "gt"


def words(folders: tuple[Path, Path], benchmark: str = "otb100") -> tuple[object, ...]:
    return "--benchmark", benchmark, "--results", folders[0], "--annotations", folders[1]


def test_first_of_several_runs_in_one_pass(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = folders[0] / "mine"
    (mine / "Couple.txt").rename(mine / "Couple_001.txt")
    (mine / "Jogging-1.txt").rename(mine / "Jogging.1_001.txt")
    out = tmp_path / "s.json"
    assert score(*words(folders), "--json", out) == 0
    assert json.loads(out.read_text())["mine"]["sequences"] == "2 of 100 sequences"
    assert capsys.readouterr().err == ""
    table(mine / "Couple_002.txt", [(50, 50, 2, 2)] * 6)
    assert score(*words(folders)) == 0
    assert capsys.readouterr().err == "mine: not used: Couple_002.txt\n"


def test_what_is_not_scored_is_named(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    mine = folders[0] / "mine"
    (mine / "Couple.txt").rename(mine / "Coupel.txt")
    table(mine / "Woman.txt", moving(6))  # a sequence of the benchmark whose annotation is not at hand
    table(folders[1] / "Other.txt", moving(6))
    assert score(*words(folders)) == 0
    err = capsys.readouterr().err.splitlines()
    assert err == [f"{folders[1]}: not of OTB100: Other.txt", "mine: no result of: Couple; not used: Coupel.txt"]


def test_many_names_are_cut_short(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(7):
        table(folders[0] / f"mine/odd{i}.txt", moving(6))
    assert score(*words(folders)) == 0
    assert "not used: odd0.txt, odd1.txt, odd2.txt, odd3.txt, odd4.txt and 2 more" in capsys.readouterr().err


def one_line(capsys: pytest.CaptureFixture[str], *parts: str) -> None:
    err = capsys.readouterr().err
    assert all(part in err for part in parts) and err.count("\n") == 1, err


def test_two_files_of_one_sequence(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    table(folders[0] / "mine/Jogging.1.txt", [(50, 50, 2, 2)] * 6)
    assert score(*words(folders)) == 2
    one_line(capsys, "Jogging-1.txt", "Jogging.1.txt", "keep one")
    (folders[0] / "mine/Jogging.1.txt").unlink()
    table(folders[1] / "jogging_1.txt", moving(6))
    assert score(*words(folders)) == 2
    one_line(capsys, "Jogging-1.txt", "jogging_1.txt", "annotations")


@pytest.mark.parametrize("other", ["baseline/bag/bag_001.txt", "baseline/bag/bag_002.txt", "Bag_001.txt"])
def test_runs_in_one_place_only(tmp_path: Path, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path / "gt/bag.txt", [(0, 0, 9, 9)] * 3)
    for name in ("bag_001.txt", other):
        table(tmp_path / "r/mine" / name, [(1,), (0, 0, 9, 9), (0, 0, 9, 9)])
    assert score(*words((tmp_path / "r", tmp_path / "gt"), "vot2016")) == 2
    one_line(capsys, "bag_001.txt", Path(other).name, "keep one")


def test_window_of_eao_is_what_was_averaged(tmp_path: Path) -> None:
    for name, frames, said, window in (("bag", 120, "108..120 of 108..371", [108, 120]), ("book", 90, "none of", None)):
        table(tmp_path / name / "gt" / f"{name}.txt", [(0, 0, 9, 9)] * frames)
        table(tmp_path / name / "r/mine" / f"{name}_001.txt", [(1,), *[(0, 0, 9, 9)] * (frames - 1)])
        out = tmp_path / "s.json"
        assert score(*words((tmp_path / name / "r", tmp_path / name / "gt"), "vot2016"), "--json", out) == 0
        entry = json.loads(out.read_text())["mine"]
        assert f"EAO over {said}" in entry["protocol"] and entry["eao_window"] == window


def test_more_sequences_than_the_benchmark_has(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("title: Mine\nlayout: otb\ntotal: 1\n")
    assert score(*words(folders, str(mine))) == 2
    one_line(capsys, "gt: has 2 sequences, but Mine has 1")


def test_bounded_is_for_vot(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert score(*words(folders), "--bounded") == 2
    one_line(capsys, "--bounded: is for VOT's protocols; OTB100 (ope)")


def test_scoring_takes_no_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "data"
    otb(root, "Couple", range(1, 7))
    (root / "Couple/img/0003.jpg").unlink()
    table(root / "Deer/groundtruth_rect.txt", moving(6))
    table(root / "Woman/groundtruth_rect.txt", [(1, 2, 3)])  # damaged, but no tracker has a result of it
    for name in ("Couple", "Deer"):
        table(tmp_path / "r/mine" / f"{name}.txt", moving(6))
    given = ("--benchmark", "otb100", "--results", tmp_path / "r", "--root", root)
    assert score(*given) == 0
    assert "2 of 100 sequences" in capsys.readouterr().out
    assert main(["evaluate", "report", *map(str, given), "--output", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    table(tmp_path / "r/mine/Woman.txt", moving(6))
    assert score(*given) == 2
    one_line(capsys, "Woman", "groundtruth_rect.txt, line 1")


@pytest.mark.parametrize("layout", ["uav123", "got10k_val", "vot2018", "nfs30", "trackingnet_test", "lasot"])
def test_layouts_without_images(tmp_path: Path, layout: str) -> None:
    root, name = tmp_path / "data", {"got10k_val": "GOT-10k_Val_000001", "vot2018": "bag"}.get(layout, "boat1")
    name = {"nfs30": "dog_1", "lasot": "cat-20"}.get(layout, name)
    places = {
        "uav123": f"anno/UAV123/{name}.txt",
        "trackingnet_test": f"TEST/anno/{name}.txt",
        "nfs30": f"{name}/30/{name}.txt",
    }
    table(root / places.get(layout, f"{name}/groundtruth.txt"), moving(6))
    if layout == "nfs30":
        rows = [f'0 {5 + i // 8} 6 {15 + i // 8} 14 0 0 1 {i} "dog"' for i in range(48)]
        (root / places[layout]).write_text("\n".join(rows) + "\n")
    rows = [(1,), *moving(6)[1:]] if layout == "vot2018" else moving(6)
    table(tmp_path / f"r/mine/{name}_001.txt", rows)
    out = tmp_path / "s.json"  # without NaN, which is no JSON: a run of VOT may be too short for accuracy
    assert score("--benchmark", layout, "--results", tmp_path / "r", "--root", root, "--json", out) == 0


def test_altered_results_of_a_run_are_named(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    mine, config = folders[0] / "mine", {"benchmark": "otb100"}
    (mine / "config.yaml").write_text("benchmark: otb100\n")
    (mine / "records").mkdir()
    for name in ("Couple", "Jogging-1"):
        files = {f"{name}.txt": hashlib.sha256((mine / f"{name}.txt").read_bytes()).hexdigest()}
        (mine / f"records/{name}.json").write_text(json.dumps({"config": digest_of(config), "files": files}))
    assert score(*words(folders)) == 0
    assert capsys.readouterr().err == ""
    table(mine / "Couple.txt", [(50, 50, 2, 2)] * 6)
    assert score(*words(folders)) == 0
    one_line(capsys, "mine: results that are not as `evaluate run` wrote them", "config.yaml: Couple")


def test_segments_only_fall_back_to_the_shared_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`car1_s` is a video of its own, not a segment of `car1`."""
    images(tmp_path / "data_seq/UAV123/car1", range(1, 7), 6)
    table(tmp_path / "anno/UAV123/car1_s.txt", moving(6))
    assert main(["data", "check", "uav123", "--root", str(tmp_path)]) == 2
    assert "no sequence of UAV123" in capsys.readouterr().err
