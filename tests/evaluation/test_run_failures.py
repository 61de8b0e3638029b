"""What goes wrong in `siamsa evaluate run` costs one sequence, and never mixes results of two runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.evaluation.helpers import HELPERS, Fragile, Mover, clip, images, moving, otb, run, stamps, table
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running import passes, runner
from tracker.evaluation.running.records import verify
from tracker.evaluation.running.trackers import Choice, open_tracker
from tracker.processes import claims, owners


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


def test_results_of_two_configurations_never_lie_together(root: Path, tmp_path: Path) -> None:
    out, mine = tmp_path / "out", tmp_path / "out/mine"
    assert run(root, out, "--name", "mine") == 0 and verify(mine) == []
    (mine / "notes.txt").write_text("mine")
    held = json.loads((mine / "records/Man.json").read_text())
    (tmp_path / "outside").write_text("1")
    (mine / "records/Evil.json").write_text(json.dumps({**held, "files": {"../../outside": "0"}}))
    assert verify(mine) == ["Evil"]
    assert run(root, out, "--name", "mine", "--overwrite", "--shard", "2/3", tracker="Still") == 0
    assert sorted(p.name for p in mine.glob("*.txt")) == ["Deer.txt", "notes.txt"]
    assert [p.name for p in (mine / "records").iterdir()] == ["Deer.json"] and (tmp_path / "outside").exists()
    before = stamps(mine)
    assert run(root, out, "--name", "mine", "--overwrite", "--shard", "1/3", tracker="Still") == 0
    assert stamps(mine)["Deer.txt"] == before["Deer.txt"] and len(stamps(mine)) == 3
    (mine / "Couple.txt").write_text("1,2,3,4\n")
    assert verify(mine) == ["Couple"]
    (mine / "config.yaml").write_text("tracker: another\n")
    assert verify(mine) == ["Couple", "Deer"] and verify(tmp_path) == []


@pytest.mark.parametrize("text", ['{"con', "[]", '{"files": ["Deer.txt"]}', '{"files": {"Deer.txt": 1}}', "\xff", ""])
def test_a_damaged_record_costs_its_sequence_only(root: Path, tmp_path: Path, text: str) -> None:
    assert run(root, tmp_path / "out") == 0
    folder = tmp_path / "out/Mover"
    before, good = stamps(folder), (folder / "Deer.txt").read_text()
    (folder / "records/Deer.json").write_text(text, encoding="latin-1")
    assert verify(folder) == ["Deer"]
    assert run(root, tmp_path / "out") == 0 and verify(folder) == []
    changed = {name for name, stamp in stamps(folder).items() if stamp != before[name]}
    assert changed == {"Deer.txt"} and (folder / "Deer.txt").read_text() == good


def test_a_damaged_sequence_costs_itself_only(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "Deer/img/0003.jpg").unlink()
    (root / "Man/groundtruth_rect.txt").write_text("1,2,x,4\n")
    for _ in range(2):
        assert run(root, tmp_path / "out") == 2
        text = capsys.readouterr()
        assert "Deer failed: " in text.err and "frame 0003.jpg is missing" in text.err
        assert "Man failed: " in text.err and "groundtruth_rect.txt, line 1" in text.err
        assert "2 failed (Deer, Man); results in" in text.out
    assert "1 done before" in text.out


def test_an_unwritable_file_costs_its_sequence_only(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out/Mover/times/Deer_time.txt/x").mkdir(parents=True)
    assert run(root, tmp_path / "out") == 2
    text = capsys.readouterr()
    assert "Deer failed: " in text.err and "Deer_time.txt: cannot be written" in text.err
    assert "Couple: 8 frames, " in text.out and "2 sequences run, 1 failed (Deer)" in text.out


def test_a_tracker_that_leaves_costs_its_sequence_only(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table(root / "Deer/groundtruth_rect.txt", moving(6, (5, 6, 11, 8)))
    assert run(root, tmp_path / "out", tracker="Leaving") == 1
    text = capsys.readouterr()
    assert "Deer failed: SystemExit in frame 5: 3" in text.err and "2 sequences run, 1 failed (Deer)" in text.out


def test_a_protocol_that_there_is_not_is_refused_before_anything_is_written(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.yaml").write_text("title: Odd\nlayout: otb\nprotocol: opee\n")
    assert run(root, tmp_path / "out", benchmark=str(tmp_path / "odd.yaml")) == 2
    assert "unknown protocol 'opee'" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_progress_is_counted_in_frames_of_all_repetitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "TELL", -1.0)
    sequence, told = clip(tmp_path, moving(5)), list[tuple[int, int]]()
    entry = open_tracker(Choice(f"{HELPERS}:Mover"))
    for protocol, frames in (("ope", 5), ("sre", 60), ("vot_supervised", 15)):
        benchmark = Benchmark("x", "x", "folder", protocol, repetitions=15)
        told.clear()
        assert len(passes.repeat(benchmark, entry, sequence, told.append)) == frames // 5
        assert told == [(n, frames) for n in range(1, frames + 1)]
        assert passes.frames_of(benchmark, sequence) == frames


def test_a_sequence_that_another_command_is_at_is_left_to_it(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "out/Mover/records"
    records.mkdir(parents=True)
    machine, other = owners.me().split()[0], os.getppid()
    (records / ".Deer.claim").write_text(f"{machine} {other} {owners._started(other)}\nanother\n")
    assert run(root, tmp_path / "out") == 0
    text = capsys.readouterr()
    assert f"Deer is left to process {other} of " in text.err and text.err.count("\n") == 1
    assert "2 sequences run, 0 failed, 1 left to other commands" in text.out
    assert run(root, tmp_path / "out", "--name", "Mover", "--overwrite", tracker="Still") == 2
    assert "is writing results of other settings to it" in capsys.readouterr().err


def test_what_a_command_of_another_machine_left_is_run_once_its_beats_stand_still(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = tmp_path / "out/Mover/records"
    records.mkdir(parents=True)
    (records / ".Couple.claim").write_text("elsewhere/1 7 x\nd\n")
    monkeypatch.setattr(claims, "STALE", 1.5)
    monkeypatch.setattr(runner, "POLL", 0.1)
    assert run(root, tmp_path / "out") == 0
    text = capsys.readouterr()
    assert "Couple is with process 7 of elsewhere; its next beat tells" in text.err and text.err.count("\n") == 1
    assert "3 sequences run, 0 failed; " in text.out and not list(records.glob(".*"))
