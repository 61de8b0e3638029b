"""`siamsa track` on a virtual display, with a real mouse and real keys."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.desktop import Desktop
from tests.helpers import FRAMES, needs_xvfb, start_track
from tracker.live.display import NO_DISPLAY
from tracker.live.select import TITLE as PICKER
from tracker.live.window.window import TITLE as LIVE

pytestmark = needs_xvfb
Start = Callable[..., subprocess.Popen[str]]
ZOOM = 4  # how much larger the small frames are shown


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    with Desktop(resets=True) as desktop:
        yield desktop


@pytest.fixture
def start(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts the command; what a failing test leaves running is ended."""
    monkeypatch.setenv("DISPLAY", desktop.name)
    started: list[subprocess.Popen[str]] = []

    def call(*words: object, delay: float = 0.03) -> subprocess.Popen[str]:
        started.append(start_track(*words, delay=delay))
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


def drag(desktop: Desktop, window: str, *points: tuple[int, int]) -> None:
    """Drag in pixels of the frame."""
    desktop.drag(window, *((x * ZOOM, y * ZOOM) for x, y in points))


def test_a_box_drawn_with_the_mouse_gives_the_same_track(
    video: Path, tmp_path: Path, start: Start, desktop: Desktop
) -> None:
    process = start(video, "--boxes", tmp_path / "drawn.csv", "--output", tmp_path / "drawn.mp4")
    window = desktop.window(PICKER, process)
    drag(desktop, window, (90, 20), (120, 70))  # a first try, drawn again
    drag(desktop, window, (20, 40), (33, 50), (41, 61))
    drag(desktop, window, (41, 61), (42, 62), (44, 65))  # its corner
    for key in ("Left", "Right", "braceleft"):
        desktop.do("key", key, "sleep", 1)  # a window shows one key of those that come between two looks at it
    desktop.do("windowmove", window, 120, 90, "key", "Return")
    assert desktop.window(LIVE, process) == window, "the run is shown in the same window"
    assert "Position: 120,90 " in desktop.do("getwindowgeometry", window), "where it was"
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, ""), out
    assert "drawn: --box 20,40,24,24 (a row for --correct: 0,20,40,24,24)" in out
    process = start(video, "--boxes", tmp_path / "given.csv", "--box", "20,40,24,24", "--no-window")
    process.communicate(timeout=60)
    assert (tmp_path / "drawn.csv").read_text() == (tmp_path / "given.csv").read_text()
    assert (tmp_path / "drawn.csv").read_text().count("\n") == FRAMES + 1


def test_two_boxes_drawn_in_one_go(video: Path, tmp_path: Path, start: Start, desktop: Desktop) -> None:
    process = start(video, "--boxes", tmp_path / "two.csv")
    window = desktop.window(PICKER, process)
    drag(desktop, window, (20, 40), (33, 50), (44, 64))
    desktop.do("key", "Tab", "sleep", 0.3)
    drag(desktop, window, (100, 80), (110, 90), (130, 100))
    desktop.do("key", "Return")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "--box 20,40,24,24" in out and "--box 100,80,30,20" in out
    with (tmp_path / "two.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * FRAMES
    assert [[float(row[key]) for key in "xywh"] for row in rows[:2]] == [[20, 40, 24, 24], [100, 80, 30, 20]]


@pytest.mark.parametrize("way", ["Escape", "c", "close"])
def test_cancelling_leaves_nothing(video: Path, tmp_path: Path, start: Start, desktop: Desktop, way: str) -> None:
    process = start(video, "--boxes", tmp_path / "a.csv")
    window = desktop.window(PICKER, process)
    desktop.do("key", "Return", "sleep", 0.3)  # nothing is drawn yet: not accepted
    assert process.poll() is None
    if way == "close":
        desktop.close(window)
    else:
        desktop.do("key", way)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")
    assert "cancelled" in out and not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", ["q", "Escape", "close"])
def test_the_run_ends_from_its_window_with_everything_written(
    video: Path, tmp_path: Path, start: Start, desktop: Desktop, way: str
) -> None:
    process = start(video, "--boxes", tmp_path / "a.csv", "--box", "20,40,24,24", delay=0.1)
    window = desktop.window(LIVE, process)
    if way == "close":
        desktop.close(window)
    else:
        desktop.do("key", way)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "stopped by the window" in out
    assert 1 < len(np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=1, usecols=range(5))) < FRAMES
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_without_a_display_one_line_says_what_else_there_is(
    video: Path, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    process = start(video, "--boxes", tmp_path / "a.csv")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert NO_DISPLAY in err and "--no-window" in err and "--box" in err and "siamsa serve" in err
    assert not list(tmp_path.iterdir())
    _, err = start(tmp_path / "nothing.mp4").communicate(timeout=60)
    assert "nothing.mp4: no such file" in err and err.count("\n") == 1
