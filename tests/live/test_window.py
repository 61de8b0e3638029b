from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers import FRAMES, START, TemplateTracker, draw_frame, index_of, read_video, true_box, write_video
from tracker.box import Box
from tracker.drawing.panel import BACK
from tracker.live.engine import Engine
from tracker.live.followers import Copies
from tracker.live.sources import open_source
from tracker.live.window.keys import name_of
from tracker.live.window.pace import Pace
from tracker.live.window.recorder import Recorder
from tracker.live.window.scene import Scene
from tracker.live.window.window import Window


class Film(Copies):
    """A follower with a score map."""

    def score_map(self, id: int) -> tuple[np.ndarray, Box]:
        return np.eye(5, dtype=np.float32), Box(40, 40, 60, 60)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (-1, ""),
        (ord("a"), "a"),
        (ord("A"), "A"),
        (0xE9, "é"),
        (0xC9 - 256, "é"),
        (0x1B1, "ą"),
        (0x6C1, "а"),
        (0x7E1, "α"),
        (0x20AC, "€"),
        (0x10065E5, "日"),
        (0x100D800, ""),
        (0xFFBF, ""),
        (0xFF67, ""),
        (32, "space"),
        (13, "enter"),
        (0xFF8D, "enter"),
        (27, "esc"),
        (9, "tab"),
        (11, "tab"),
        (0xFFFF, "delete"),
        (0xFFE1, "shift"),
        (0xFF51, "left"),
        (0x100000 | 0xFF53, "right"),
        (0x10000 | 0xFF52, "shift+up"),
        (0x250000, "left"),
        (0x280000, "down"),
        (0x2E0000, "delete"),
        (63232, "up"),
        (63235, "right"),
        (0x100000 | ord("x"), "x"),
        (0x10000 | ord("{"), "{"),
    ],
)
def test_keys_of_every_window_system_have_one_name(code: int, name: str) -> None:
    assert name_of(code) == name


def test_pace_keeps_the_speed_of_the_source() -> None:
    pace = Pace(fps=10)
    pace.begin(100.0)
    assert pace.wait(100.0) == 0, "as fast as possible"
    for _ in range(3):
        pace.change(-1)
    assert pace.speed == "1x"
    pace.begin(101.0)
    assert pace.wait(101.04) == pytest.approx(0.06)
    pace.begin(101.12)  # late: the next one makes up for it
    assert pace.wait(101.12) == pytest.approx(0.08)
    pace.begin(105.0)  # very late: no rush of frames afterwards
    assert pace.wait(105.0) == pytest.approx(0.1)
    pace.change(1)
    assert pace.wait(105.0) == pytest.approx(0.05), "a change is felt at once"
    for _ in range(9):
        pace.change(-1)
    assert pace.speed == "0.25x"


def test_pace_measures_the_rate_without_pauses() -> None:
    pace = Pace(fps=25)
    assert pace.rate == 0
    for i in range(100):
        pace.begin(i / 20)
    assert pace.rate == pytest.approx(20)
    pace.rest()
    assert pace.rate == 0
    pace.step()
    assert pace.paused and not pace.held
    pace.begin(60)
    assert pace.held
    live = Pace(fps=25, live=True)
    live.change(-1)
    assert live.interval == 0


class Screen:
    """Stands for the screen: it shows nothing, and keys come from a list."""

    limit = (1000, 800)
    closed = False
    size: tuple[int, int] | None = None

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.shown: list[np.ndarray] = []

    def hand_to(self, title: str, mouse: object) -> None:
        pass

    def show(self, picture: np.ndarray) -> None:
        self.shown.append(picture)

    def key(self, seconds: float) -> str:
        return self.keys.pop(0) if self.keys else ""

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def run(clip: Path, folder: Path, keys: str, boxes: tuple[Box, ...] = (START,)) -> Window:
    """The whole clip in a window, with these keys pressed one after the other."""
    with open_source(str(clip)) as source, Engine(source, Film(TemplateTracker())) as engine:
        window = Window(engine, folder, surface=Screen(keys.split()))  # type: ignore[arg-type]
        for box in boxes:
            engine.add(box)
        with window:
            for step in engine:
                window.show(step)
    return window


def test_keys_change_the_run(clip: Path, tmp_path: Path) -> None:
    window = run(clip, tmp_path, "space n t . m . x space", (START, Box(80, 60, 20, 20)))
    assert window.engine.summary.frames == FRAMES
    assert list(window.engine.targets) == [1] and window.scene.active == 1
    assert window.scene.trail and window.scene.map and not window.saved


def test_a_name_is_typed_while_the_frame_stays(clip: Path, tmp_path: Path) -> None:
    keys = "n e shift r e d space shift c q x backspace Q delete A R é 日 up shift+left enter q"
    window = run(clip, tmp_path, keys, (START, Box(80, 60, 20, 20)))
    assert window.engine.targets[2].name == "Red CqARé日" and window.engine.targets[1].name == ""
    assert window.engine.current.targets[2].name == "Red CqARé日", "also in the row of this frame"
    assert window.engine.current.index == 0 and window.engine.stop.reason == "the window"
    window.controls.key("e")
    assert window.controls.naming and window.controls.naming.text == "Red CqARé日", "it begins as it was"
    window.controls.mouse(cv2.EVENT_LBUTTONDOWN, (25, 45))
    for name in ("backspace", "x", "esc"):
        assert window.controls.holding
        window.controls.key(name)
    assert window.controls.naming is None and window.scene.active == 2
    assert window.engine.targets[2].name == "Red CqARé日", "Esc leaves it"
    for name in ("e", *["backspace"] * 30, "space", "enter"):
        window.controls.key(name)
    assert window.engine.targets[2].label == "target 2"


def test_any_name_is_drawn_and_kept_short(clip: Path, tmp_path: Path) -> None:
    with open_source(str(clip)) as source, Engine(source, Copies(TemplateTracker())) as engine:
        engine.add(START, "half of \ud800 a character")
        window = Window(engine, tmp_path)
        window.controls.key("e")
        before = window.canvas()
        for character in "é日я🙂" * 30:
            window.controls.key(character)
        assert window.controls.naming and len(window.controls.naming.text) == 60
        assert (window.canvas() != before).any()
        window.controls.key("enter")
        assert (window.canvas() != before).any() and engine.current.drawn.any()


def test_where_outputs_are_for_one_target_it_can_only_be_drawn_again(clip: Path, tmp_path: Path) -> None:
    with open_source(str(clip)) as source, Engine(source, Copies(TemplateTracker())) as engine:
        engine.add(START)
        controls = Window(engine, tmp_path, several=False).controls
        controls.key("a")
        assert controls.editing is None and "one target" in controls.message
        controls.key("x")
        assert list(engine.targets) == [1] and "r draws" in controls.message, "its successor would have no place"
        controls.key("r")
        assert controls.editing is not None and controls.target == 1


def test_all_targets_may_go_and_the_run_goes_on(clip: Path, tmp_path: Path) -> None:
    window = run(clip, tmp_path, "x x r n s")
    assert window.engine.summary.frames == FRAMES and not window.engine.targets
    assert window.scene.active is None and len(window.saved) == 1


def test_trail_and_map_are_drawn_where_they_belong(clip: Path, tmp_path: Path) -> None:
    plain, trail, heat = (run(clip, tmp_path / name, keys).scene for name, keys in [("a", ""), ("b", "t"), ("c", "m")])
    step = plain.engine.current
    changed = (trail.picture(step) != plain.picture(step)).any(axis=2)
    x, y = (round(v) for v in true_box(30).centre)
    assert changed[y - 5 : y + 6, x - 3 : x + 4].any() and not changed[100:].any()
    changed = (heat.picture(step) != plain.picture(step)).any(axis=2)
    if hasattr(plain.engine, "score_map"):
        assert changed[45:95, 45:95].mean() > 0.9 and not changed[:, :38].any()


def test_a_trail_breaks_where_a_target_is_drawn_again(clip: Path) -> None:
    with open_source(str(clip)) as source, Engine(source, Copies(TemplateTracker())) as engine:
        engine.add(START)
        scene = Scene(engine)
        for step in engine:
            if step.index == 5:
                engine.redraw(1, Box(100, 90, 20, 20))
            scene.follow(engine.current)
            if step.index == 8:
                break
    points = list(scene._trails[1])
    assert points[6] is None and points[7] == (110, 100) and len(points) >= 10


def test_a_click_makes_the_smallest_target_active(clip: Path, tmp_path: Path) -> None:
    window = run(clip, tmp_path, "q", (START, Box(0, 20, 120, 80)))
    assert window.engine.stop.reason == "the window"
    for point, active in [((100, 90), 2), ((30, 50), 1), ((150, 110), 1)]:
        window.controls.mouse(cv2.EVENT_LBUTTONDOWN, point)
        assert window.scene.active == active


def test_a_box_that_cannot_be_tracked_is_said_and_the_run_goes_on(clip: Path, tmp_path: Path) -> None:
    window = run(clip, tmp_path, "q")
    window.controls.key("a")
    assert window.controls.editing is not None
    window.engine._current = dataclasses.replace(window.engine.current, readable=False)
    for event, point in [(cv2.EVENT_LBUTTONDOWN, (10, 10)), (cv2.EVENT_LBUTTONUP, (40, 40))]:
        window.controls.mouse(event, point)
    window.controls.key("enter")
    assert "could not be read" in window.controls.message and window.controls.wrong
    assert window.controls.editing is not None and list(window.engine.targets) == [1]


@pytest.mark.parametrize("key", ["q", "m", "h", "."])
def test_keys_of_the_run_say_that_a_box_is_being_adjusted(clip: Path, tmp_path: Path, key: str) -> None:
    window = run(clip, tmp_path, "q")
    controls = window.controls
    for press, told in ("a", "drag to draw the box, Esc leaves"), ("r", "Enter accepts the box, Esc leaves it"):
        controls.key(press)
        controls.key("shift")
        assert controls.editing is not None and controls.message == ""
        controls.key(key)
        assert controls.editing is not None and controls.message == told and not controls.help
        controls.key("esc")
        assert controls.editing is None
        controls.say("")


def test_a_window_that_was_resized_is_filled_and_dark_around(clip: Path, tmp_path: Path) -> None:
    with open_source(str(clip)) as source, Engine(source, Film(TemplateTracker())) as engine:
        screen = Screen([])
        window = Window(engine, tmp_path, surface=screen)  # type: ignore[arg-type]
        window.scene.map = True
        engine.add(START)
        assert window.canvas().shape[1] == 640
        for width, height in ((400, 300), (900, 500), (400, 700), (640, 300)):
            screen.size = (width, height)
            canvas, view = window.canvas(), window._view
            assert view is not None and canvas.shape == (height, width, 3)
            ys, xs = np.nonzero((canvas != BACK).any(axis=2)[: view.picture[1]])
            seen = np.ptp(xs) + 1, np.ptp(ys) + 1
            assert seen[0] == width or seen[1] == view.picture[1], "the frame goes from edge to edge"
            assert abs(seen[0] / seen[1] - 160 / 120) < 0.02, "in its own shape"
            left, top, right, bottom = (round(value) for value in view.scaled(Box(40, 40, 60, 60)).xyxy)
            white = (view.frame_of(canvas) == 255).all(axis=2)
            assert min(white[y, left:right].mean() for y in (top, bottom - 1)) > 0.8, "the outline of the map"
        screen.size = (100, 80)
        assert window.canvas().shape[1::-1] == (400, 320), "the window system makes it smaller"


def test_a_window_that_fails_is_said_once_and_the_run_goes_on(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(Screen):
        def show(self, picture: np.ndarray) -> None:
            cv2.imshow("", picture[:0])

    with open_source(str(clip)) as source, Engine(source, Copies(TemplateTracker())) as engine:
        window = Window(engine, tmp_path, surface=Failing([]))  # type: ignore[arg-type]
        engine.add(START)
        with window:
            for step in engine:
                window.show(step)
    assert engine.summary.frames == FRAMES
    assert capsys.readouterr().err.count("the window failed") == 1


def test_the_folder_that_cannot_be_written_is_said(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    window = run(clip, tmp_path / "file", "s v")
    assert "not saved" in window.controls.message and not window.saved and not window.recorder.recording
    assert window.engine.summary.frames == FRAMES


def test_recordings_never_write_over_one_another(clip: Path, tmp_path: Path) -> None:
    window = run(clip, tmp_path, "v space v v . v s s space")
    names = [path.name for path in window.saved]
    assert len(set(names)) == len(names) and sorted(names) == sorted(p.name for p in tmp_path.iterdir())
    recorder = Recorder(tmp_path, 25)
    recorder.start()
    assert recorder.end() is None, "no frame has come"
    assert sorted(names) == sorted(p.name for p in tmp_path.iterdir()), "and nothing is left of it"


def test_a_recording_shows_what_the_window_shows(clip: Path, tmp_path: Path) -> None:
    window = run(clip, tmp_path, "t v")
    frames = read_video(window.saved[0])
    assert index_of(frames[-1][:, :80].repeat(2, axis=1)) >= 0 and len(frames) > FRAMES // 2
    assert frames[0].shape == draw_frame(0).shape
