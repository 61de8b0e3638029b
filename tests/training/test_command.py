"""`siamsa train` as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracker import checkpoint
from tracker.cli.main import main

SOURCES = "data.sources=[{path: drawn, layout: coco}]"
QUICK = ["data.workers=0", "train.batch=2", "train.pairs=4", "train.precision=fp32", "train.save_every=1"]


def words(data: Path, run: Path, *more: str) -> list[str]:
    return ["train", "--run", str(run), "--device", "cpu", "--set", f"data.root={data}", SOURCES, *QUICK, *more]


def test_a_run_writes_a_checkpoint_and_is_complete_when_asked_again(
    drawn_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(words(drawn_data, run)) == 0
    said = capsys.readouterr()
    assert "4 of 4 pairs" in said.out
    assert "drawn (coco): 6 clips, 6 frames, 6 boxes\n" in said.err
    first = checkpoint.load(run / "siamsa_r18.pth")
    assert first.meta["pairs"] == 4 and first.config.data.sources[0].path == "drawn"
    assert sorted(p.name for p in run.iterdir()) == ["metrics.jsonl", "siamsa_r18.pth", "state.pth"]
    assert main(words(drawn_data, run)) == 0
    again = checkpoint.load(run / "siamsa_r18.pth")
    assert all((first.model[k] == again.model[k]).all() for k in first.model)
    assert main(words(drawn_data, run, "train.lr=0.1")) == 2
    assert "train.lr" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["data.root="], "data.root"),
        (["data.root=nowhere"], "nowhere"),
        (["data.sources=[{path: missing}]"], "'missing'"),
        (["data.sources=[]"], "data.sources"),
        (["train.init=none.pth"], "none.pth"),
        (["train.optimiser=adamq"], "did you mean 'adamw'"),
        (["train.batch=0"], "train.batch"),
        (["model.width=100"], "multiple of 32"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    drawn_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: list[str], message: str
) -> None:
    assert main(words(drawn_data, tmp_path / "run", *changes)) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_an_output_that_exists_is_kept(drawn_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept.pth"
    kept.write_text("precious")
    line = words(drawn_data, tmp_path / "run")
    assert main([*line[:1], "--output", str(kept), *line[1:]]) == 2
    assert "exists" in capsys.readouterr().err and kept.read_text() == "precious"


def test_what_is_left_out_is_said_by_source(
    drawn_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(drawn_data / "drawn", tmp_path / "data" / "flat")
    notes = tmp_path / "data" / "flat" / "instances.json"
    tree = json.loads(notes.read_text())
    tree["annotations"][0]["bbox"][2] = tree["annotations"][3]["bbox"][3] = 0
    notes.write_text(json.dumps(tree))
    shutil.copytree(drawn_data / "drawn", tmp_path / "data" / "whole")
    both = "data.sources=[{path: whole, layout: coco}, {path: flat, layout: coco}]"
    assert main(words(tmp_path / "data", tmp_path / "run", both, "train.pairs=2")) == 0
    said = capsys.readouterr().err.splitlines()
    assert "whole (coco): 6 clips, 6 frames, 6 boxes" in said
    (flat,) = (line for line in said if line.startswith("flat (coco): 4 clips, 4 frames, 4 boxes; left out: 2 "))


def test_the_first_weights_are_not_needed_to_go_on(
    drawn_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given.pth"
    assert main(words(drawn_data, tmp_path / "run", "train.pairs=2")) == 0
    (tmp_path / "run" / "siamsa_r18.pth").rename(given)
    line = words(drawn_data, tmp_path / "other", f"train.init={given}")
    assert main([*line, "train.pairs=2"]) == 0
    assert "tensors taken" in capsys.readouterr().err
    given.unlink()
    assert main(line) == 0
    said = capsys.readouterr()
    assert "4 of 4 pairs" in said.out and "given" not in said.err
    assert main([line[0], "--overwrite", *line[1:]]) == 2
    assert "given.pth" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_a_signal_during_a_validation_does_not_wait_for_its_end(drawn_data: Path, clips: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    line = words(drawn_data, run, "train.validation.every=1", f"train.validation.path={clips}")
    line += ["train.validation.frames=2", "tracking.instance_size=127"]
    command = [sys.executable, "-m", "tracker", *line, "train.validation.pairs=10_000_000"]  # days of it
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 240
    while not (run / "state.pth").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM and "goes on from here" in said, said
    assert not (run / "metrics.jsonl").exists()
    assert main([*line, "train.validation.pairs=2"]) == 0
    assert [json.loads(row)["step"] for row in (run / "metrics.jsonl").open()] == [1, 2, 2]  # held out, end, held out


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends signals to a process group")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_saves_and_the_same_command_goes_on(
    drawn_data: Path, tmp_path: Path, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    line = words(drawn_data, run, "data.workers=1", "train.pairs=400")
    process = subprocess.Popen(
        [sys.executable, "-m", "tracker", *line], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 240
    while not (run / "state.pth").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 128 + number, said
    assert "the same command goes on from here" in said and "Traceback" not in said
    done = checkpoint.load(run / "siamsa_r18.pth").meta["steps"]
    assert 1 <= done < 200
    rows = (run / "metrics.jsonl").read_text().splitlines() if (run / "metrics.jsonl").exists() else []
    assert all(json.loads(row)["step"] <= done for row in rows)
    assert main(words(drawn_data, run, "data.workers=1", f"train.pairs={2 * done + 2}")) == 0
    assert checkpoint.load(run / "siamsa_r18.pth").meta["steps"] == done + 1
