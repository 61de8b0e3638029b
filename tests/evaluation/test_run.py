"""`siamsa evaluate run`: protocols, files, resuming, failures, shards, workers; ended by force and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tests.evaluation.helpers import Fragile, Mover, Still, images, moving, otb, table
from tests.helpers import ROOT
from tracker.box import Box
from tracker.cli.main import main
from tracker.errors import InputError
from tracker.evaluation.protocols import PROTOCOLS
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.trackers import Choice, as_box, open_tracker

HELPERS = "tests.evaluation.helpers"


def run(root: Path, output: Path, *words: object, tracker: str = "Mover", benchmark: str = "otb100") -> int:
    return main(["evaluate", "run", "--benchmark", benchmark, "--root", str(root), "--output", str(output),
                 "--tracker", f"{HELPERS}:{tracker}", *map(str, words)])  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three tiny OTB sequences."""
    for name, last in (("Couple", 8), ("Deer", 6), ("Man", 9)):
        otb(tmp_path / "data", name, range(1, last + 1))
    return tmp_path / "data"


def clip(tmp_path: Path, truth: list[tuple[float, ...]], origin: int = 0) -> Sequence:
    images(tmp_path / "clip", range(1, len(truth) + 1))
    frames = tuple(sorted((tmp_path / "clip").glob("*.jpg")))
    return Sequence("clip", frames, np.array(truth, dtype=float), origin)


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


def stamps(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in folder.glob("*.txt")}


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


def test_a_failing_tracker_costs_its_sequence_only(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = otb(root, "Girl", range(1, 4))
    for path in (folder / "img").iterdir():
        cv2.imwrite(str(path), np.full((48, 64, 3), 100 if path.stem == "0001" else 240, np.uint8))
    images(root / "Man/img", range(95 - 60, 104 - 60))  # neither dark nor bright; frames 1 to 9 stay
    for number in range(1, 10):
        (root / f"Man/img/{number:04d}.jpg").write_bytes((root / f"Man/img/{number + 34:04d}.jpg").read_bytes())
    assert run(root, tmp_path / "out", tracker="Fragile") == 1
    text = capsys.readouterr()
    assert "Couple failed: ValueError in frame 1: update() returned a box that is not finite" in text.err
    assert "Girl failed: RuntimeError in frame 1: too bright for me" in text.err
    assert text.err.count("failed:") == 3 and "1 sequences run, 3 failed" in text.out
    assert [p.name for p in (tmp_path / "out/Fragile").glob("*.txt")] == ["Man.txt"]
    assert Fragile.update is not Mover.update


def test_a_corrupt_image_costs_its_sequence_only(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "Deer/img/0004.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    assert run(root, tmp_path / "out") == 2
    text = capsys.readouterr()
    assert "0004.jpg: the image is cut short" in text.err and "2 sequences run, 1 failed" in text.out
    assert sorted(p.name for p in (tmp_path / "out/Mover").glob("*.txt")) == ["Couple.txt", "Man.txt"]


def test_shards_share_the_work(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(root, out, "--shard", "2/2") == 0
    assert [p.name for p in (out / "Mover").glob("*.txt")] == ["Deer.txt"]
    assert run(root, out, "--shard", "1/2") == 0
    assert len(list((out / "Mover").glob("*.txt"))) == 3


@pytest.mark.parametrize("words", [("--shard", "3/2"), ("--shard", "half"), ("--workers", "0"), ("--name", "a/b")])
def test_bad_options(root: Path, tmp_path: Path, words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, tmp_path / "out", *words) == 2
    assert words[0] in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["nobody", "no_such_module:Thing", f"{HELPERS}:Nothing", "json:JSONDecoder"])
def test_unknown_trackers(name: str) -> None:
    with pytest.raises(InputError):
        open_tracker(Choice(name))


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


SLOW = """
import time
from tests.evaluation.helpers import Mover

class Slow(Mover):
    def update(self, frame):
        time.sleep(0.01)
        return super().update(frame)
"""


@pytest.mark.slow
def test_killed_twice_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    """kill -9 of the whole run, twice, with four workers: no finished sequence is lost or repeated."""
    names = ["Couple", "Deer", "Man", "Girl", "Boy", "Fish", "Gym", "Suv", "Toy", "Vase", "Trans", "Woman"]
    for i, name in enumerate(names):
        otb(tmp_path / "data", name, range(1, 20 + i))
    (tmp_path / "slow.py").write_text(SLOW)
    words = [sys.executable, "-m", "tracker", "evaluate", "run", "--benchmark", "otb100",
             "--root", "data", "--tracker", "slow:Slow", "--workers", "4", "--output"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    results = tmp_path / "disturbed/Slow"
    seen: dict[str, int] = {}
    for wanted in (2, 6):
        process = subprocess.Popen([*words, "disturbed"], cwd=tmp_path, env=env, start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        deadline = time.monotonic() + 120
        while len(list(results.glob("*.txt"))) < wanted and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert all(stamps(results)[name] == stamp for name, stamp in seen.items())
        seen = stamps(results)
        assert wanted <= len(seen)
    for output in ("disturbed", "calm"):
        subprocess.run([*words, output], cwd=tmp_path, env=env, check=True, capture_output=True)
    assert all(stamps(results)[name] == stamp for name, stamp in seen.items())
    calm = {p.name: p.read_bytes() for p in (tmp_path / "calm/Slow").glob("*.txt")}
    assert calm == {p.name: p.read_bytes() for p in results.glob("*.txt")} and len(calm) == len(names)
    assert not list(results.rglob("*.partial"))
