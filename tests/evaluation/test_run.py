"""`siamsa evaluate run`: protocols, files, resuming, shards, options."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tests.evaluation.helpers import HELPERS, Mover, Still, clip, images, moving, run, stamps, table
from tracker.box import Box
from tracker.cli.main import main
from tracker.errors import InputError
from tracker.evaluation.running.protocols import PROTOCOLS
from tracker.evaluation.running.trackers import Choice, as_box, open_tracker


def test_one_pass_counts_from_zero_inside_and_as_the_files_do_outside(tmp_path: Path) -> None:
    follower = Mover()
    done = PROTOCOLS["ope"](follower, clip(tmp_path, moving(4), origin=1))
    assert follower.given == Box(4, 5, 10, 8)
    assert done.rows == moving(4)
    assert follower.grey == pytest.approx([12, 14, 16, 18], abs=1)
    assert len(done.seconds) == 4 and done.reading > 0 and done.fps > 0


def test_supervised_starts_anew_five_frames_after_a_failure(tmp_path: Path) -> None:
    # The target jumps away in frame 3; five frames after that the tracker is shown where it is.
    truth = [(5.0, 5.0, 8.0, 8.0)] * 3 + [(45.0, 30.0, 8.0, 8.0)] * 9
    done = PROTOCOLS["vot_supervised"](Still(), clip(tmp_path, truth))
    codes = [row[0] if len(row) == 1 else None for row in done.rows]
    assert codes == [1, None, None, 2, 0, 0, 0, 0, 1, None, None, None]
    assert done.rows[9] == (45, 30, 8, 8)
    assert len(done.seconds) == 12


def test_supervised_failure_near_the_end(tmp_path: Path) -> None:
    truth = [(5.0, 5.0, 8.0, 8.0)] * 3 + [(45.0, 30.0, 8.0, 8.0)] * 3
    done = PROTOCOLS["vot_supervised"](Still(), clip(tmp_path, truth))
    assert done.rows[3:] == [(2.0,), (0.0,), (0.0,)]


def test_files_are_what_others_read(root: Path, tmp_path: Path) -> None:
    assert run(root, tmp_path / "out") == 0
    folder = tmp_path / "out/Mover"
    assert (folder / "Couple.txt").read_text().splitlines()[:2] == ["5,6,10,8", "6,6,10,8"]
    assert len((folder / "times/Couple_time.txt").read_text().splitlines()) == 8
    assert yaml.safe_load((folder / "config.yaml").read_text())["protocol"] == "ope"
    assert main(["evaluate", "score", "--benchmark", "otb100", "--results", str(tmp_path / "out"),
                 "--root", str(root), "--json", str(tmp_path / "s.json")]) == 0  # fmt: skip
    entry = json.loads((tmp_path / "s.json").read_text())["Mover"]
    assert entry["success"] == pytest.approx(20 / 21) and entry["sequences"] == "3 of 100 sequences"


def test_supervised_files(tmp_path: Path) -> None:
    images(tmp_path / "data/bag", range(1, 9), 8)
    table(tmp_path / "data/bag/groundtruth.txt", moving(8))
    assert run(tmp_path / "data", tmp_path / "out", benchmark="vot2016") == 0
    place = tmp_path / "out/Mover/baseline/bag"
    # Deterministic: three repetitions are equal, so there is no fourth.
    assert sorted(p.name for p in place.glob("*.txt")) == [f"bag_{i:03d}.txt" for i in (1, 2, 3)]
    assert (place / "bag_001.txt").read_text().startswith("1\n6,6,10,8\n")
    assert len((place / "bag_001_time.value").read_text().splitlines()) == 8


def test_finished_sequences_are_not_run_again(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, tmp_path / "out") == 0
    folder = tmp_path / "out/Mover"
    before = stamps(folder)
    assert run(root, tmp_path / "out") == 0
    assert stamps(folder) == before and "3 done before" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["truncated", "altered", "absent", "record", "truth"])
def test_content_decides_what_is_finished(root: Path, tmp_path: Path, damage: str) -> None:
    assert run(root, tmp_path / "out") == 0
    folder = tmp_path / "out/Mover"
    before, path = stamps(folder), folder / "Deer.txt"
    good = path.read_text()
    if damage == "truncated":
        path.write_text(good[: len(good) // 2])
    elif damage == "altered":
        path.write_text(good.replace("10", "11"))
    elif damage == "absent":
        path.unlink()
    elif damage == "record":
        (folder / "records/Deer.json").write_text('{"config": "' + "0" * 16)
        path.unlink()
    else:
        table(root / "Deer/groundtruth_rect.txt", moving(6, (4, 6, 10, 8)))
    assert run(root, tmp_path / "out") == 0
    after = stamps(folder)
    assert after["Deer.txt"] > before["Deer.txt"]
    assert {n: t for n, t in after.items() if n != "Deer.txt"} == {n: t for n, t in before.items() if n != "Deer.txt"}
    assert damage == "truth" or path.read_text() == good


def test_results_of_another_run_are_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(root, out, "--name", "mine") == 0
    assert run(root, out, "--name", "mine", tracker="Still") == 2
    text = capsys.readouterr().err
    assert "mine: holds results of another run (tracker:" in text and text.count("\n") == 1
    assert run(root, out, "--name", "mine", "--overwrite", tracker="Still") == 0
    (out / "mine/records/Deer.json").unlink()  # somebody's file, copied in
    assert run(root, out, "--name", "mine", tracker="Still") == 2
    assert "Deer.txt: no record says that this run wrote it" in capsys.readouterr().err


def test_shards_share_the_work(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(root, out, "--shard", "2/2") == 0
    assert [p.name for p in (out / "Mover").glob("*.txt")] == ["Deer.txt"]
    assert run(root, out, "--shard", "1/2") == 0
    assert len(list((out / "Mover").glob("*.txt"))) == 3


@pytest.mark.parametrize("words", [("--shard", "3/2"), ("--shard", "half"), ("--workers", "0"), ("--name", "a/b"),
                                   ("--name", "gt"), ("--name", "_x"), ("--checkpoint", "no.pth"), ("--set", "a.b=1"),
                                   ("--device", "cpu"), ("--precision", "bf16"), ("--experiment", "none")])  # fmt: skip
def test_bad_options(root: Path, tmp_path: Path, words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, tmp_path / "out", *words) == 2
    text = capsys.readouterr().err
    assert words[0] in text and text.count("\n") == 1 and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["nobody", "no_such_module:Thing", f"{HELPERS}:Nothing", "json:JSONDecoder",
                                  ":x", "json:", "json:1", "tests.evaluation.helpers:otb", "sys:exit"])  # fmt: skip
def test_unknown_trackers(name: str) -> None:
    with pytest.raises(InputError, match=f"^(tracker {name}: |unknown tracker 'nobody')"):
        open_tracker(Choice(name))


@pytest.mark.parametrize("name", ["kcf", "csrt", "mil"])
def test_options_that_mean_nothing_to_a_tracker_are_refused(name: str) -> None:
    for more in ({"checkpoint": "none.pth"}, {"overrides": ("a.b=1",)}, {"device": "cuda"}):
        with pytest.raises(InputError, match=f"means nothing to the tracker {name}"):
            open_tracker(Choice(name, **more))


def test_identity_says_what_auto_came_to() -> None:
    torch = pytest.importorskip("torch")
    found = open_tracker(Choice()).identity
    assert found["device"] == ("cuda" if torch.cuda.is_available() else "cpu")
    assert found["precision"] in ("fp32", "bf16") and found["torch"] == torch.__version__
    assert open_tracker(Choice(device="cpu", precision="bf16")).identity["precision"] == "bf16"


@pytest.mark.parametrize("name", ["kcf", "csrt", "mil"])
def test_opencv_trackers_follow_where_they_are_installed(name: str) -> None:
    try:
        entry = open_tracker(Choice(name))
    except InputError as error:
        assert "opencv-contrib-python" in str(error)
        pytest.skip(str(error))
    rng = np.random.default_rng(0)
    ground, target = rng.integers(0, 255, (120, 160, 3), np.uint8), rng.integers(0, 255, (24, 24, 3), np.uint8)
    frames = [cv2.GaussianBlur(ground, (0, 0), 5) for _ in range(6)]
    for i, frame in enumerate(frames):
        frame[40:64, 50 + i : 74 + i] = target
    entry.follower.init(frames[0], Box(50, 40, 24, 24))
    for frame in frames[1:]:
        found = as_box(entry.follower.update(frame))
    assert abs(found.x - 55) <= 4 and abs(found.y - 40) <= 4
