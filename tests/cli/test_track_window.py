"""`siamsa track` on a virtual display, with a real mouse and real keys."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import FRAMES, needs_xvfb, start_track

pytestmark = needs_xvfb
Start = Callable[..., subprocess.Popen[str]]
PICKER, LIVE = "siamsa: draw", "siamsa: Space"


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A virtual display without a window manager; Xvfb chooses its number.

    It resets whenever its last client leaves, and refuses clients meanwhile: the command must get past that.
    """
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    yield f":{server.stdout.readline().strip()}"
    server.terminate()
    server.wait()


@pytest.fixture
def xdotool(display: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("DISPLAY", display)

    def call(*words: object) -> str:
        done = subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, check=False, timeout=30)
        return done.stdout.strip()

    return call


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command; what a failing test leaves running is ended."""
    started: list[subprocess.Popen[str]] = []

    def call(*words: object) -> subprocess.Popen[str]:
        started.append(start_track(*words, delay=0.03))
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


def close_window(display: str, window: str) -> None:
    """Ask a window to close, as the cross in its title bar does (older xdotool cannot)."""
    x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    server = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    protocols, delete = (x11.XInternAtom(server, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
    event = (ctypes.c_long * 24)()  # XClientMessageEvent: type, serial, send_event, display, window, kind, format, data
    event[0], event[4], event[5], event[6], event[7] = 33, int(window), protocols, 32, delete
    x11.XSendEvent(server, ctypes.c_ulong(int(window)), 0, ctypes.c_long(0), ctypes.byref(event))
    x11.XCloseDisplay(server)


def wait_for(xdotool: Callable[..., str], title: str, process: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + 60
    while not (window := xdotool("search", "--onlyvisible", "--name", title)):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    time.sleep(0.3)  # until it listens to the mouse
    return window.splitlines()[0]


def drag(xdotool: Callable[..., str], window: str, *points: tuple[int, int]) -> None:
    xdotool("mousemove", "--window", window, *points[0], "mousedown", 1)
    for point in points[1:]:
        xdotool("mousemove", "--window", window, *point, "sleep", 0.1)
    xdotool("mouseup", 1, "sleep", 0.2)


def test_a_box_drawn_with_the_mouse_gives_the_same_track(
    video: Path, tmp_path: Path, start: Start, xdotool: Callable[..., str]
) -> None:
    process = start(video, "--boxes", tmp_path / "drawn.csv", "--output", tmp_path / "drawn.mp4")
    window = wait_for(xdotool, PICKER, process)
    drag(xdotool, window, (90, 20), (120, 70))  # a first try, drawn again
    drag(xdotool, window, (20, 40), (33, 50), (44, 64))
    xdotool("key", "Return")
    assert wait_for(xdotool, LIVE, process), "the run is shown"
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, ""), out
    assert "drawn: --box 20,40,24,24 (a row for --correct: 0,20,40,24,24)" in out
    process = start(video, "--boxes", tmp_path / "given.csv", "--box", "20,40,24,24", "--no-window")
    process.communicate(timeout=60)
    assert (tmp_path / "drawn.csv").read_text() == (tmp_path / "given.csv").read_text()
    assert (tmp_path / "drawn.csv").read_text().count("\n") == FRAMES + 1


@pytest.mark.parametrize("way", ["Escape", "c", "close"])
def test_cancelling_leaves_nothing(
    video: Path, tmp_path: Path, start: Start, xdotool: Callable[..., str], way: str
) -> None:
    process = start(video, "--boxes", tmp_path / "a.csv")
    window = wait_for(xdotool, PICKER, process)
    xdotool("mousemove", "--window", window, 50, 50)
    xdotool("key", "Return")  # nothing is drawn yet: not accepted
    if way == "close":
        close_window(os.environ["DISPLAY"], window)
    else:
        xdotool("key", way)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")
    assert "cancelled" in out and not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", ["q", "Escape", "close"])
def test_the_run_ends_from_its_window_with_everything_written(
    video: Path, tmp_path: Path, start: Start, xdotool: Callable[..., str], way: str
) -> None:
    process = start(video, "--boxes", tmp_path / "a.csv", "--box", "20,40,24,24")
    window = wait_for(xdotool, LIVE, process)
    xdotool("mousemove", "--window", window, 50, 50)
    if way == "close":
        close_window(os.environ["DISPLAY"], window)
    else:
        xdotool("key", way)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "stopped by the window" in out
    assert 1 < len(np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=1)) < FRAMES
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_space_pauses_and_goes_on(video: Path, tmp_path: Path, start: Start, xdotool: Callable[..., str]) -> None:
    process = start(video, "--boxes", tmp_path / "a.csv", "--box", "20,40,24,24")
    window = wait_for(xdotool, LIVE, process)
    xdotool("mousemove", "--window", window, 50, 50, "key", "space")
    partial = tmp_path / ".a.partial.csv"
    time.sleep(0.3)
    before = partial.read_text()
    time.sleep(0.5)
    assert partial.read_text() == before and process.poll() is None
    xdotool("key", "period", "sleep", 0.5)
    assert partial.read_text().count("\n") == before.count("\n") + 1, "one frame on, and paused again"
    xdotool("key", "space")
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert len(np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=1)) == FRAMES
