"""The window of a run on a virtual display, with a real mouse and real keys."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.desktop import Desktop, wait_for
from tests.helpers import FRAMES, ROOT, index_of, needs_xvfb, read_video, true_box, write_video
from tracker.live.window.window import TITLE

pytestmark = needs_xvfb
ZOOM = 4  # how much larger the small frames are shown
BOX = "20,40,24,24"


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    with Desktop() as desktop:
        yield desktop


class App:
    """The program in its window."""

    def __init__(self, desktop: Desktop, folder: Path, boxes: tuple[str, ...]) -> None:
        self.desktop, self.state, self.saved = desktop, folder / "state.json", folder / "saved"
        self.video = write_video(folder / "clip.mp4")
        words = [sys.executable, "-m", "tests.live.window_app", self.video, self.saved, self.state, *boxes]
        self.process = subprocess.Popen(
            list(map(str, words)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.window = desktop.window(TITLE, self.process)

    def told(self) -> dict[str, Any]:
        return json.loads(self.state.read_text())

    def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The state, as soon as it fulfils a condition."""

        def look() -> dict[str, Any] | None:
            assert self.process.poll() is None, self.process.communicate()
            return told if self.state.exists() and condition(told := self.told()) else None

        try:
            found = wait_for(look)
        except AssertionError:
            raise AssertionError(f"not seen; the state is {self.told()}") from None
        assert found is not None
        return found

    def key(self, name: str, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Press a key, and wait for what it does."""
        self.desktop.do("key", name)
        return self.until(condition)

    def drag(self, *points: tuple[int, int]) -> None:
        """Drag in pixels of the frame."""
        self.desktop.drag(self.window, *((x * ZOOM, y * ZOOM) for x, y in points))

    def end(self) -> str:
        out, err = self.process.communicate(timeout=60)
        assert (self.process.returncode, err) == (0, "")
        return out


@pytest.fixture
def start(desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., App]]:
    """Starts the program; what a failing test leaves running is ended."""
    monkeypatch.setenv("DISPLAY", desktop.name)
    started: list[App] = []

    def call(*boxes: str) -> App:
        started.append(App(desktop, tmp_path, boxes))
        return started[-1]

    yield call
    for app in started:
        app.process.kill()
        app.process.communicate()


def test_a_second_target_is_added_and_removed(start: Callable[..., App]) -> None:
    app = start(BOX)
    app.until(lambda s: s["boxes"] == {"1": [20, 40, 24, 24]} and s["active"] == 1)
    app.key("a", lambda s: s["editing"] and s["drawn"] is None)
    app.drag((100, 60), (110, 70), (130, 90))
    app.until(lambda s: s["drawn"] == [100, 60, 30, 30])
    app.drag((130, 90), (135, 95), (140, 100))  # a corner
    app.until(lambda s: s["drawn"] == [100, 60, 40, 40])
    app.drag((120, 80), (115, 78), (110, 75))  # the inside
    app.until(lambda s: s["drawn"] == [90, 55, 40, 40])
    app.key("Right", lambda s: s["drawn"] == [91, 55, 40, 40])
    app.key("Up", lambda s: s["drawn"] == [91, 54, 40, 40])
    app.key("bracketleft", lambda s: s["drawn"] == [91, 54, 39, 40])
    app.key("braceright", lambda s: s["drawn"] == [91, 54, 39, 41])
    two = app.key("Return", lambda s: not s["editing"] and len(s["boxes"]) == 2)
    assert two["boxes"]["2"] == [91, 54, 39, 41] and two["active"] == 2 and two["frame"] == 0
    app.key("n", lambda s: s["active"] == 1)
    app.key("Tab", lambda s: s["active"] == 2)
    app.desktop.do("mousemove", "--window", app.window, 30 * ZOOM, 50 * ZOOM, "click", 1)
    app.until(lambda s: s["active"] == 1)
    app.key("period", lambda s: s["frame"] == 1 and s["paused"] and len(s["boxes"]) == 2)
    app.key("n", lambda s: s["active"] == 2)
    left = app.key("x", lambda s: len(s["boxes"]) == 1)
    assert list(left["boxes"]) == ["1"] and left["active"] == 1
    app.key("Delete", lambda s: not s["boxes"])
    app.key("r", lambda s: "no target" in s["message"] and not s["editing"])
    app.desktop.do("key", "q")
    assert app.end() == "2 the window\n"


def test_a_target_is_drawn_again_and_followed_from_there(start: Callable[..., App]) -> None:
    app = start("90,80,20,20")  # beside the target
    app.key("period", lambda s: s["frame"] == 1)
    app.key("r", lambda s: s["editing"] and s["drawn"])
    app.key("Escape", lambda s: not s["editing"])
    assert app.process.poll() is None, "Esc left the drawing, not the run"
    app.key("r", lambda s: s["editing"] and s["drawn"])
    app.key("x", lambda s: s["drawn"] is None)
    box = [round(v) for v in true_box(1).xywh]
    app.drag((box[0], box[1]), (box[0] + 9, box[1] + 9), (box[0] + box[2], box[1] + box[3]))
    app.until(lambda s: s["drawn"] == box)
    app.key("space", lambda s: not s["editing"] and s["boxes"] == {"1": box})
    for frame in range(2, 8):
        told = app.key("period", lambda s, frame=frame: s["frame"] == frame)
    assert all(abs(a - b) <= 2 for a, b in zip(told["boxes"]["1"], true_box(7).xywh, strict=True))


def test_a_window_of_another_size_is_filled_by_the_picture(start: Callable[..., App]) -> None:
    app = start(BOX)
    app.key("m", lambda s: s["map"])
    app.desktop.do("windowmove", app.window, 60, 40, "windowsize", app.window, 900, 420)
    told = app.until(lambda s: s["window"] == [900, 420])
    (x, y), scale = told["origin"], told["scale"]
    assert x > 100 and y == 0, "narrower than the window, and as high as there is room"
    app.key("a", lambda s: s["editing"])
    app.desktop.drag(
        app.window, *((round(x + a * scale), round(y + b * scale)) for a, b in ((100, 60), (120, 80), (130, 90)))
    )
    app.until(lambda s: s["drawn"] == [100, 60, 30, 30])
    app.key("q", lambda s: s["message"] == "Enter accepts the box, Esc leaves it")
    app.key("Escape", lambda s: not s["editing"])
    app.desktop.do("key", "q")
    assert app.end() == "1 the window\n"


def test_a_target_is_renamed(start: Callable[..., App]) -> None:
    app = start(BOX, "100,60,30,30")
    app.key("n", lambda s: s["active"] == 2)
    app.key("e", lambda s: s["naming"] == "")
    app.desktop.do("keydown", "shift", "sleep", 0.5, "key", "r", "sleep", 0.2, "keyup", "shift")
    app.until(lambda s: s["naming"] == "R")
    for key, text in [("q", "Rq"), ("BackSpace", "R"), ("space", "R "), ("7", "R 7"), ("eacute", "R 7é")]:
        app.key(key, lambda s, text=text: s["naming"] == text)
    told = app.key("Return", lambda s: s["naming"] is None)
    assert told["names"] == {"1": "", "2": "R 7é"} and told["frame"] == 0
    app.key("e", lambda s: s["naming"] == "R 7é")
    app.key("x", lambda s: s["naming"] == "R 7éx")
    assert app.key("Escape", lambda s: s["naming"] is None)["names"]["2"] == "R 7é"
    app.desktop.do("key", "q")
    assert app.end() == "1 the window\n"


def test_screenshot_recording_and_what_is_seen(start: Callable[..., App]) -> None:
    app = start(BOX)
    app.key("h", lambda s: s["help"])
    app.key("Escape", lambda s: not s["help"])
    app.key("t", lambda s: s["trail"])
    app.key("m", lambda s: s["map"])
    app.key("minus", lambda s: s["speed"] == "4x")
    app.key("minus", lambda s: s["speed"] == "2x")
    app.key("plus", lambda s: s["speed"] == "4x")
    picture = app.key("s", lambda s: s["saved"])["saved"][0]
    shot = cv2.imread(str(app.saved / picture))
    assert shot.shape == (120, 160, 3), "in the size of the frame"
    assert picture.endswith(".png") and index_of(shot) == 0
    assert app.key("s", lambda s: len(s["saved"]) == 2)["saved"][1] != picture, "nothing is written over"
    app.key("v", lambda s: s["recording"])
    for frame in (1, 2, 3):
        app.key("period", lambda s, frame=frame: s["frame"] == frame)
    told = app.key("v", lambda s: not s["recording"])
    frames = read_video(app.saved / told["saved"][-1])
    assert [index_of(frame) for frame in frames] == [0, 1, 2], "frame 3 is still in hand"
    app.key("v", lambda s: s["recording"])
    app.key("space", lambda s: not s["paused"] and s["frame"] > 5)
    assert app.end().split()[:2] == [str(FRAMES), "None"], "it ran to its end"
    assert sorted(path.suffix for path in app.saved.iterdir()) == [".mp4", ".mp4", ".png", ".png"]
    lengths = [len(read_video(path)) for path in app.saved.glob("*.mp4")]
    assert sorted(lengths) == [3, FRAMES - 3], "the second one was completed at the end"


@pytest.mark.parametrize("way", ["q", "Escape", "close"])
@pytest.mark.parametrize("paused", [True, False])
def test_the_run_ends_from_its_window(start: Callable[..., App], way: str, paused: bool) -> None:
    app = start(BOX)
    if not paused:
        for speed in ("4x", "2x", "1x", "0.5x", "0.25x"):
            app.key("minus", lambda s, speed=speed: s["speed"] == speed)
        app.key("space", lambda s: not s["paused"] and s["frame"])
    if way == "close":
        app.desktop.close(app.window)
    else:
        app.desktop.do("key", way)
    out = app.end()
    assert "the window" in out and int(out.split()[0]) < FRAMES
    assert not app.saved.exists()
