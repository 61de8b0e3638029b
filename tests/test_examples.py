"""The scripts in examples/ run as they say, with the shipped network, and find what they follow."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import FRAMES, ROOT, START, read_video, true_box
from tests.live.test_live_sources import CameraServer
from tracker.box import iou
from tracker.formats import read_rows

pytestmark = pytest.mark.slow
FOLDER = ROOT / "examples"
BOX = ",".join(f"{value:g}" for value in START.xywh)


def command(script: str, *words: object) -> list[str]:
    return [sys.executable, str(FOLDER / script), *map(str, words)]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {**kept, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run(script: str, *words: object, place: Path) -> str:
    done = subprocess.run(command(script, *words), cwd=place, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_script_says_how_to_start_it() -> None:
    for path in FOLDER.glob("*.py"):
        text = path.read_text("utf-8")
        assert f"python examples/{path.name} " in text.partition('"""\n\n')[0], path
        assert 20 <= len(text.splitlines()) <= 50, path


def test_one_target(video: Path, tmp_path: Path) -> None:
    lines = run("one_target.py", video, "--box", BOX, place=tmp_path).splitlines()
    found = [re.fullmatch(r"(\d+): (\S+) score (\d\.\d\d)( lost)?", line) for line in lines]
    assert [int(match[1]) for match in found if match] == list(range(1, FRAMES))
    boxes = [[float(value) for value in match[2].split(",")] for match in found if match]
    assert iou(boxes, [true_box(i).xywh for i in range(1, FRAMES)]).mean() > 0.6


def test_track_video(video: Path, tmp_path: Path) -> None:
    words = [f"square={BOX}", "corner=100,80,30,30", "--output", "a.csv", "a.mp4"]
    said = run("track_video.py", video, *words, place=tmp_path)
    assert re.search(r"^square: \w+ in frame 59, Box\(.*; lost in \d+ frames$", said, re.MULTILINE)
    rows = [row for row in read_rows(tmp_path / "a.csv") if row.name == "square"]
    assert iou([row.box.xywh for row in rows], [true_box(i).xywh for i in range(FRAMES)]).mean() > 0.6
    assert len(read_video(tmp_path / "a.mp4")) == FRAMES


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("one_target.py", ["--box", "{box}"]),
        ("track_video.py", ["a={box}"]),
        ("several_targets.py", ["--first", "{box}", "--second", "{box}"]),
        ("camera.py", ["--box", "{box}", "--no-window"]),
    ],
)
def test_bad_use_of_an_example_is_one_line(script: str, words: list[str], video: Path, tmp_path: Path) -> None:
    """A file that is missing, and a box that lies outside of the picture."""
    for source, box, wrong in (("no.mp4", BOX, "no.mp4"), (str(video), "900,9,9,9", "box x: 900..909 lies outside")):
        said = [source, *(word.format(box=box) for word in words)]
        done = subprocess.run(command(script, *said), cwd=tmp_path, env=environment(), capture_output=True, text=True)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 2 and last.startswith(f"{script}: error: ") and wrong in last, done.stderr
        assert "Traceback" not in done.stderr and not list(tmp_path.iterdir())


def test_several_targets(video: Path, tmp_path: Path) -> None:
    words = ["--first", BOX, "--second", "100,80,30,30", "--output", "a.mot"]
    said = run("several_targets.py", video, *words, place=tmp_path).splitlines()
    assert said[9] == "9 first: tracking" and re.match(r"10 first: \w+ second: tracking", said[10])
    rows = read_rows(tmp_path / "a.mot")
    first, second = ([row for row in rows if row.id == id] for id in (1, 2))
    assert [row.frame for row in first] == list(range(FRAMES)) and [row.frame for row in second] == list(range(10, 30))
    sizes = np.array([row.box.w for row in first])
    assert sizes[20] > sizes[19] + 1.5, "drawn again, two pixels larger"


def test_camera_against_a_drawn_one(tmp_path: Path) -> None:
    said = run("camera.py", "synthetic:320x240@30", "--frames", 10, place=tmp_path).splitlines()
    assert said[0] == "frame 0: tracking" and said[-1].startswith("10 frames at ")


def test_camera_against_a_stream_that_is_cut(tmp_path: Path) -> None:
    with CameraServer(0, (160, 120), 5) as server:
        words = [f"http://127.0.0.1:{server.server_port}/stream.mjpg", "--frames", 40]
        process = subprocess.Popen(
            command("camera.py", *words), cwd=tmp_path, env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        first = process.stdout.readline()
        server.leave()
        news = process.stdout.readline()
        while "reconnecting" not in news and news:
            news = process.stdout.readline()
        with CameraServer(server.server_port, (160, 120), 5):
            out, err = process.communicate()
        watchdog.cancel()
    assert first == "frame 0: tracking\n" and re.match(r"frame \d+: reconnecting, \d+ s", news), err
    assert process.returncode == 0 and "40 frames at " in out, err
