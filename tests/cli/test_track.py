"""`siamsa track` from the command line to the files, with a template tracker in place of the network."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import tracker
from tests.helpers import (
    FRAMES,
    TemplateTracker,
    damage,
    draw_frame,
    read_video,
    shared,
    start_track,
    true_box,
    write_video,
)
from tracker.box import iou
from tracker.cli.main import main
from tracker.formats import read_rows

BOX = "20,40,24,24"


@pytest.fixture(autouse=True)
def template_tracker(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """No network and no display; what the command asks of `tracker.load` is kept."""
    asked: dict[str, Any] = {}

    def load(**settings: Any) -> TemplateTracker:
        asked.update(settings)
        return TemplateTracker()

    monkeypatch.setitem(vars(tracker), "load", load)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return asked


def siamsa(*words: object) -> int:
    return main(["track", *map(str, words)])


def rows(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=int(path.suffix == ".csv"), ndmin=2)


def test_boxes_and_video_are_written_and_summed_up(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes, output = tmp_path / "out" / "a.csv", tmp_path / "out" / "a.mp4"
    assert siamsa(video, "--box", BOX, "--boxes", boxes, "--output", output) == 0
    said = capsys.readouterr()
    assert "60 frames at" in said.out and f"wrote {boxes}" in said.out and f"wrote {output}" in said.out
    assert said.err == "", "no progress bar where there is no terminal"
    got = rows(boxes)
    assert boxes.read_text().splitlines()[:2] == ["frame,x,y,w,h,score,lost", "0,20,40,24,24,1,0"]
    assert iou(got[:, 1:5], [true_box(i).xywh for i in range(FRAMES)]).mean() > 0.9
    assert [f.shape for f in read_video(output)] == [(120, 160, 3)] * FRAMES
    assert cv2.VideoCapture(str(output)).get(cv2.CAP_PROP_FPS) == 25
    assert sorted(p.name for p in boxes.parent.iterdir()) == ["a.csv", "a.mp4"]


def test_without_outputs_it_says_where_results_would_go(video: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert siamsa(video, "--box", BOX, "--no-window") == 0
    assert "--boxes FILE" in capsys.readouterr().out


def test_settings_reach_the_tracker(video: Path, template_tracker: dict[str, Any]) -> None:
    words = "--checkpoint w.pth --experiment e --device cpu --precision fp32 --threads 2 --set a.b=1 c=2 --set d=3"
    assert siamsa(video, "--box", BOX, *words.split()) == 0
    assert template_tracker == {
        "checkpoint": "w.pth",
        "experiment": "e",
        "device": "cpu",
        "precision": "fp32",
        "overrides": ["a.b=1", "c=2", "d=3"],
        "threads": 2,
    }


@pytest.mark.parametrize("words", [["--box", "-5,30.5,30,30"], ["--box=-5,30.5,30,30"], ["--box", "-5 30.5 30 30"]])
def test_a_box_may_begin_left_of_the_frame(video: Path, tmp_path: Path, words: list[str]) -> None:
    assert siamsa(video, *words, "--boxes", tmp_path / "a.csv", "--stop", 2) == 0
    assert rows(tmp_path / "a.csv")[0].tolist() == [0, -5, 30.5, 30, 30, 1, 0]


def test_range_and_stride(video: Path, tmp_path: Path) -> None:
    box = ",".join(map(str, true_box(10).xywh))
    words = ["--box", box, "--start", 10, "--stop", 30, "--stride", 5]
    assert siamsa(video, *words, "--boxes", tmp_path / "a.csv", "--output", tmp_path / "a.mp4") == 0
    assert rows(tmp_path / "a.csv")[:, 0].tolist() == [10, 15, 20, 25]
    assert cv2.VideoCapture(str(tmp_path / "a.mp4")).get(cv2.CAP_PROP_FPS) == 5
    assert siamsa(video, *words, "--boxes", tmp_path / "a.txt") == 0
    seen = {row.frame: row.box.x for row in read_rows(tmp_path / "a.txt") if not row.lost}
    assert seen == pytest.approx(dict(rows(tmp_path / "a.csv")[:, :2].tolist())), "line i is frame i"


@pytest.mark.parametrize(
    ("name", "form", "lines"),
    [("a.csv", None, 61), ("a.jsonl", None, 60), ("a.txt", None, 60), ("a.mot", None, 60), ("a.txt", "mot", 60)],
)
def test_every_form_has_one_row_a_frame(video: Path, tmp_path: Path, name: str, form: str | None, lines: int) -> None:
    extra = ["--boxes-format", form] if form else []
    assert siamsa(video, "--box", BOX, "--boxes", tmp_path / name, *extra) == 0
    text = (tmp_path / name).read_text().splitlines()
    assert len(text) == lines
    if name == "a.jsonl":
        assert json.loads(text[0])["x"] == 20
    elif name != "a.csv":
        assert rows(tmp_path / name).shape == (60, 10 if "mot" in (name[2:], form) else 4)


def test_a_damaged_video_is_tracked_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("avi", "mp4"):
        path = damage(write_video(tmp_path / f"damaged.{ending}"))
        words = ["--boxes", tmp_path / f"{ending}.csv", "--output", tmp_path / f"out.{ending}"]
        assert siamsa(path, "--box", BOX, *words) == 0
        said = capsys.readouterr().out
        got = rows(tmp_path / f"{ending}.csv")
        bad = int(((got[:, 5] == 0) & (got[:, 6] == 1)).sum())
        assert bad > 0 and f"{bad} bad frames" in said
        assert len(got) == len(read_video(tmp_path / f"out.{ending}")) == FRAMES


def test_a_folder_of_16_bit_images(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for index in range(12):
        gray = cv2.cvtColor(draw_frame(index), cv2.COLOR_BGR2GRAY)
        cv2.imwrite(str(tmp_path / "in" / f"{index}.png"), gray.astype(np.uint16) * 257)
    words = ["--boxes", tmp_path / "a.csv", "--output", tmp_path / "a.mp4"]
    assert siamsa(tmp_path / "in", "--box", BOX, *words) == 0
    assert iou(rows(tmp_path / "a.csv")[:, 1:5], [true_box(i).xywh for i in range(12)]).mean() > 0.9
    assert len(read_video(tmp_path / "a.mp4")) == 12


BAD_INPUTS = {
    "missing": ("no such file", []),
    "empty": ("empty", []),
    "text": ("text", []),
    "garbage": ("cannot be read as video", []),
    "folder": ("no images", []),
    "glob": ("no image matches", []),
    "outside": ("box x", ["--box", "160,0,20,20"]),
    "nan": ("box y", ["--box", "1,nan,20,20"]),
    "flat": ("box h", ["--box", "1,1,20,0"]),
    "three": ("--box", ["--box", "1,2,3"]),
    "nobox": ("--box", None),
    "ending": (".csv", ["--boxes", "a.xyz"]),
    "container": (".mp4", ["--output", "a.xyz"]),
    "range": ("--stop", ["--start", "9", "--stop", "3"]),
    "late": ("60 frames", ["--start", "60"]),
    "stride": ("--stride", ["--stride", "0"]),
    "patience": ("--give-up", ["--give-up", "-1"]),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_is_one_line_and_leaves_nothing(
    case: str, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {name: tmp_path / "in" / f"{name}.mp4" for name in ("missing", "empty", "text", "garbage")}
    places |= {"folder": tmp_path / "in" / "dir", "glob": tmp_path / "in" / "*.png"}
    places["folder"].mkdir(parents=True)
    places["empty"].touch()
    places["text"].write_text("not a video\n" * 100)
    places["garbage"].write_bytes(bytes(range(256)) * 40)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(out)
    says, words = BAD_INPUTS[case]
    options = ["--boxes", "a.csv", "--output", "a.mp4", *([] if words is None else ["--box", BOX, *words])]
    assert siamsa(places.get(case, video), *options) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and says in said.err and said.err.startswith("siamsa: error: ")
    assert said.out == ""
    assert not list(out.iterdir())


def test_nothing_is_overwritten_unless_asked(video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boxes = tmp_path / "a.csv"
    boxes.write_text("precious")
    assert siamsa(video, "--box", BOX, "--boxes", boxes) == 2
    assert "--overwrite" in capsys.readouterr().err and boxes.read_text() == "precious"
    assert siamsa(video, "--box", BOX, "--boxes", boxes, "--overwrite") == 0
    assert len(rows(boxes)) == FRAMES
    before = video.read_bytes()
    assert siamsa(video, "--box", BOX, "--output", video, "--overwrite") == 2
    assert "source itself" in capsys.readouterr().err and video.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as on POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_cleanly_with_everything_so_far(
    video: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    words = ["--boxes", tmp_path / "a.csv", "--output", tmp_path / "a.avi"]
    process = start_track(video, "--box", BOX, "--no-window", *words, delay=0.2)
    partial = tmp_path / ".a.partial.csv"
    deadline = time.monotonic() + 60
    while not (partial.exists() and partial.read_text().count("\n") > 4):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (code, "")
    assert "stopped by" in out
    got = rows(tmp_path / "a.csv")
    assert 4 <= len(got) < FRAMES and len(read_video(tmp_path / "a.avi")) == len(got)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.avi", "a.csv"]


def test_a_display_that_does_not_answer_is_no_display(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":987")
    process = start_track(video, "--boxes", tmp_path / "a.csv")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and err.count("\n") == 1 and "--box" in err
    process = start_track(video, "--boxes", tmp_path / "a.csv", "--box", BOX)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert len(rows(tmp_path / "a.csv")) == FRAMES


def test_real_frames_are_tracked_and_reopen(tmp_path: Path) -> None:
    folder = shared() / "benchmarks" / "VOT2016" / "bag"
    count = len(list(folder.glob("*.jpg")))
    words = ["--boxes", tmp_path / "a.jsonl", "--output", tmp_path / "a.mp4", "--stop", 40]
    assert siamsa(folder, "--box", "334,128,80,80", *words) == 0
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == min(40, count)
    assert len(read_video(tmp_path / "a.mp4")) == min(40, count)
