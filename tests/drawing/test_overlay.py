from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.box import Box
from tracker.drawing.draw import ORANGE, SKY, Style
from tracker.drawing.overlay import Mark, draw_map, draw_marks, draw_trail, place_plates, plate_size
from tracker.drawing.panel import draw_hints, draw_keys, draw_status, draw_toast, elide, text_width
from tracker.drawing.selection import draw_cross, draw_selection

BOX = Box(60, 80, 120, 90)


def near(image: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(image.astype(int) - colour).max(axis=2) < 40


def side(state: str) -> np.ndarray:
    """Where the left edge of a box is drawn, from top to bottom."""
    canvas = np.full((240, 320, 3), 128, np.uint8)
    draw_marks(canvas, [Mark("a", SKY, BOX, 0.5, state)])
    return near(canvas[90:160, 59:62], SKY).any(axis=1)


def test_the_state_is_told_by_the_line() -> None:
    shares = [side(state).mean() for state in ("tracking", "lost", "uncertain")]
    assert shares[0] == 1 and 0.3 < shares[2] < 0.8 and 0.3 < shares[1] < 0.9
    runs = [int(np.abs(np.diff(side(state).astype(int))).sum()) for state in ("lost", "uncertain")]
    assert runs[1] > 1.5 * runs[0], "dots are shorter than dashes"


@pytest.mark.parametrize("state", ["tracking", "uncertain", "lost"])
def test_a_plate_says_the_state_and_fits(state: str) -> None:
    mark = Mark("a name that is much longer than a picture", SKY, BOX, 0.5, state)
    told = {"tracking": "  0.50", "uncertain": "  uncertain 0.50", "lost": "  lost"}[state]
    assert mark.text(9, 999) == mark.label + told
    short = mark.text(9, 140)
    assert short.endswith(told) and "..." in short and text_width(short, 9) <= 140


def test_the_active_target_has_white_corners() -> None:
    for active in (False, True):
        canvas = np.full((240, 320, 3), 128, np.uint8)
        draw_marks(canvas, [Mark("a", SKY, BOX, 0.5, active=active)])
        assert near(canvas[168:180, 178:190], (255, 255, 255)).any() == active


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-50, 700)] * 2, *[st.integers(1, 300)] * 2), min_size=1, max_size=8))
def test_plates_are_in_sight(values: list[tuple[int, int, int, int]]) -> None:
    places = place_plates([Box(*v) for v in values], [(90, 20)] * len(values), (640, 480), 6)
    assert all(0 <= x <= 550 and 0 <= y <= 460 and (w, h) == (90, 20) for x, y, w, h in places)


@pytest.mark.parametrize("step", [(30, 0), (0, 25), (60, 30), (10, 10), (0, 0)])
def test_plates_of_neighbours_do_not_overlap(step: tuple[int, int]) -> None:
    boxes = [Box(200 + step[0] * i, 200 + step[1] * i, 60, 60) for i in range(3)]
    places = place_plates(boxes, [plate_size("target 1  0.93", Style(2, 10))] * 3, (640, 480), 6)
    for i, a in enumerate(places):
        for b in places[i + 1 :]:
            assert a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]


@pytest.mark.parametrize(
    "box", [Box(-500, -500, 10, 10), Box(1e9, 1e9, 1e9, 1e9), Box(float("nan"), 0, 5, 5), Box(3.3, 2.2, 0, 0)]
)
@pytest.mark.parametrize("state", ["tracking", "uncertain", "lost"])
def test_no_box_is_too_wild_to_draw(box: Box, state: str) -> None:
    canvas = np.zeros((90, 120, 3), np.uint8)
    draw_marks(canvas, [Mark("a", ORANGE, box, 0.1, state, active=True)])
    draw_map(canvas, np.ones((5, 5), np.float32), box)
    assert canvas.any()


def test_a_map_is_brightest_where_the_score_is() -> None:
    canvas = np.zeros((100, 100, 3), np.uint8)
    scores = np.zeros((5, 5), np.float32)
    scores[1, 3] = 1
    draw_map(canvas, scores, Box(-50, 0, 150, 100))
    y, x = np.unravel_index(canvas[2:-2, 2:-2].sum(axis=2).argmax(), (96, 96))
    assert abs(x + 2 - (-50 + 3.5 * 30)) < 5 and abs(y + 2 - 30) < 5
    canvas[:] = 7
    draw_map(canvas, scores, Box(200, 0, 50, 50))
    assert (canvas == 7).all(), "out of sight"


def test_a_trail_has_its_gaps() -> None:
    canvas = np.zeros((50, 100, 3), np.uint8)
    draw_trail(canvas, [(10, 25), (40, 25), None, (60, 25), (90, 25)], SKY, 2)
    assert canvas[25, 12:39].any(axis=1).all() and canvas[25, 62:89].any(axis=1).all()
    assert not canvas[:, 43:57].any()


def test_long_texts_are_shortened_in_the_middle() -> None:
    short = elide("saved /a/very/long/path/to/some/folder/siamsa-20250102.png", 10, 200)
    assert text_width(short, 10) <= 200 and short.startswith("saved") and short.endswith(".png") and "..." in short
    assert elide("short", 10, 200) == "short"


@pytest.mark.parametrize("size", [(10, 10), (60, 480), (480, 60)])
def test_panels_fit_into_anything(size: tuple[int, int]) -> None:
    canvas = np.zeros((*size, 3), np.uint8)
    draw_hints(canvas, [("a", "add"), ("Esc", "a text that is much too long for a bar " * 3)], 10)
    draw_status(canvas, ["frame 1", "24 fps"], 10, paused=True, alert="reconnecting, 3 s", recording=True)
    draw_toast(canvas, "saved somewhere with a long name", 10)
    draw_keys(canvas, [("One", [("a b", "what")]), ("Two", [("c", "else")])], 10)
    draw_selection(canvas, Box(0, 0, 5, 5), SKY, "5 x 5", 10)
    draw_cross(canvas, 5, -5)
    assert canvas.shape == (*size, 3)
