from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.helpers import draw_frame
from tracker.box import Box
from tracker.live.select import ROWS, Picker
from tracker.live.window.selection import Selection
from tracker.live.window.view import LEAST, View, bar_height, unit_for

FRAME = cv2.resize(draw_frame(0), (640, 480))  # shown as it is
LIMIT = (1000, 800)


def drag(picker: Picker, *points: tuple[int, int]) -> None:
    picker.mouse(cv2.EVENT_LBUTTONDOWN, *points[0])
    for point in points[1:]:
        picker.mouse(cv2.EVENT_MOUSEMOVE, *point)
    picker.mouse(cv2.EVENT_LBUTTONUP, *points[-1])


def drawn(*points: tuple[int, int], several: bool = False) -> Picker:
    picker = Picker(FRAME, LIMIT, several)
    drag(picker, *points)
    return picker


def test_a_drag_in_any_direction_is_a_box_and_another_elsewhere_replaces_it() -> None:
    picker = drawn((20, 40), (30, 50), (44, 64))
    assert picker.box == Box(20, 40, 24, 24)
    drag(picker, (300, 290), (260, 250))
    assert picker.box == Box(260, 250, 40, 40)
    drag(picker, (10, 10), (11, 11))
    assert picker.box == Box(260, 250, 40, 40), "a slip of the mouse changes nothing"
    assert drawn((10, 10), (11, 11)).box is None


def test_moving_without_the_button_changes_nothing() -> None:
    picker = Picker(FRAME, LIMIT)
    picker.mouse(cv2.EVENT_MOUSEMOVE, 5, 5)
    assert picker.box is None
    drag(picker, (20, 40), (44, 64))
    picker.mouse(cv2.EVENT_MOUSEMOVE, 100, 100)
    assert picker.box == Box(20, 40, 24, 24)


def test_a_window_that_is_resized_keeps_the_box_where_it_is_in_the_frame() -> None:
    picker = drawn((100, 100), (200, 200))
    picker.fit((1280, 480 + 2 * 480))
    assert picker.view.scale == 2 and picker.box == Box(100, 100, 100, 100)
    assert picker.canvas().shape == (1440, 1280, 3)
    x, y = picker.view.origin
    drag(picker, (x + 400, y + 400), (x + 420, y + 440))
    assert picker.box == Box(100, 100, 110, 120), "its corner"


def test_a_drag_beyond_the_edge_ends_at_the_edge() -> None:
    assert drawn((600, 400), (900, 900)).box == Box(600, 400, 40, 80)
    assert drawn((50, 50), (-20, -3)).box == Box(0, 0, 50, 50)


@pytest.mark.parametrize(
    ("start", "box"),
    [
        ((100, 100), Box(110, 105, 90, 95)),
        ((200, 200), Box(100, 100, 110, 105)),
        ((200, 100), Box(100, 105, 110, 95)),
        ((100, 150), Box(110, 100, 90, 100)),
        ((150, 203), Box(100, 100, 100, 105)),
        ((150, 150), Box(110, 105, 100, 100)),
        ((230, 150), None),
    ],
)
def test_corners_edges_and_the_inside_can_be_dragged(start: tuple[int, int], box: Box | None) -> None:
    picker = drawn((100, 100), (200, 200))
    drag(picker, start, (start[0] + 4, start[1] + 2), (start[0] + 10, start[1] + 5))
    assert picker.box == (box or Box(230, 150, 10, 5))


def test_a_corner_dragged_across_the_other_one_turns_the_box_over() -> None:
    picker = drawn((100, 100), (200, 200))
    drag(picker, (100, 100), (250, 260))
    assert picker.box == Box(200, 200, 50, 60)
    drag(picker, (249, 259), (200, 200))
    assert picker.box == Box(200, 200, 50, 60), "nothing would be left: as before"


def test_the_inside_stops_at_the_edge_of_the_frame() -> None:
    picker = drawn((100, 100), (200, 200))
    drag(picker, (150, 150), (-300, 700))
    assert picker.box == Box(0, 380, 100, 100)


def test_a_small_box_can_still_be_moved() -> None:
    picker = drawn((100, 100), (108, 108))
    drag(picker, (104, 104), (154, 124))
    assert picker.box == Box(150, 120, 8, 8)


@pytest.mark.parametrize(
    ("keys", "box"),
    [
        ("right right down", Box(102, 101, 50, 40)),
        ("left up", Box(99, 99, 50, 40)),
        ("] ] }", Box(100, 100, 52, 41)),
        ("[ {", Box(100, 100, 49, 39)),
        ("+", Box(100, 100, 51, 41)),
        ("shift+right shift+up", Box(100, 100, 51, 39)),
        ("[ " * 80, Box(100, 100, 3, 40)),
        ("left " * 120, Box(0, 100, 50, 40)),
        ("] " * 700, Box(100, 100, 540, 40)),
    ],
)
def test_keys_move_and_size_by_a_pixel(keys: str, box: Box) -> None:
    picker = drawn((100, 100), (150, 140))
    for key in keys.split():
        assert picker.key(key) is None
    assert picker.box == box


def test_one_box_is_accepted_and_nothing_else_is() -> None:
    picker = Picker(FRAME, LIMIT)
    assert picker.key("enter") is None and picker.key("space") is None, "nothing is drawn"
    drag(picker, (100, 100), (150, 140))
    assert picker.key("tab") is None and picker.done == [], "one is asked for"
    picker.mouse(cv2.EVENT_LBUTTONDOWN, 300, 300)
    picker.mouse(cv2.EVENT_MOUSEMOVE, 350, 350)
    assert picker.key("enter") is None, "the button is still down"
    picker.mouse(cv2.EVENT_LBUTTONUP, 350, 350)
    assert picker.key("enter") == [Box(300, 300, 50, 50)]
    assert picker.key("esc") == [] and picker.key("q") == []


def test_several_boxes_in_one_go() -> None:
    picker = drawn((100, 100), (150, 140), several=True)
    assert picker.key("tab") is None and picker.box is None
    drag(picker, (110, 110), (140, 130))
    assert picker.box == Box(110, 110, 30, 20), "a new one may lie on an accepted one"
    picker.key("n")
    drag(picker, (300, 300), (330, 330))
    picker.key("backspace")
    assert picker.box is None and len(picker.done) == 2
    picker.key("x")
    assert picker.key("enter") == [Box(100, 100, 50, 40)]


def test_a_large_frame_is_shown_smaller_and_the_box_is_in_its_pixels() -> None:
    picker = Picker(np.zeros((2160, 3840, 3), np.uint16), (960, 10_000))
    assert picker.view.scale == 0.25
    assert picker.canvas().shape == (540 + picker.view.bar, 960, 3)
    drag(picker, (100, 50), (200, 150))
    assert picker.box == Box(400, 200, 400, 400)
    tall = Picker(np.zeros((4000, 500), np.uint8), (1000, 530))
    assert tall.canvas().shape[0] <= 530


def test_a_small_frame_is_shown_larger_by_a_whole_factor() -> None:
    picker = Picker(draw_frame(0), LIMIT)
    assert picker.view.scale == 4
    drag(picker, (80, 160), (176, 256))
    assert picker.box == Box(20, 40, 24, 24)
    drag(picker, (500, 100), (523, 121))
    assert picker.box == Box(125, 25, 6, 5), "whole pixels"


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (500, 10), (7680, 4320)])
def test_any_frame_has_a_canvas_with_room_for_text(size: tuple[int, int]) -> None:
    view = View(size, (972, 653))
    canvas = view.canvas(np.zeros((size[1], size[0]), np.uint8))
    assert canvas.shape[1] >= LEAST[0] and canvas.shape[0] >= LEAST[1]
    assert canvas.shape[1] <= 972 and canvas.shape[0] <= 653
    x, y = view.to_frame(*view.origin)
    assert (x, y) == (0, 0) and view.to_frame(10_000, 10_000) == size


def test_the_frame_stays_in_place_and_the_hints_are_below_it() -> None:
    picker = Picker(FRAME, LIMIT)
    plain = picker.canvas()
    assert (plain[:480, :640] == FRAME).all()
    assert plain.shape[0] == 480 + bar_height(unit_for(640), ROWS)
    assert (plain[480:].max(axis=2) > 200).any()
    drag(picker, (100, 100), (200, 200))
    inside, outside = picker.canvas()[110:190, 110:190], picker.canvas()[300:400, 300:400]
    assert (inside[20:30, 20:30] == FRAME[130:140, 130:140]).all()
    assert outside.mean() < 0.7 * FRAME[300:400, 300:400].mean(), "all else is dimmed"


def test_a_box_that_is_partly_outside_is_adjusted_where_it_is_seen() -> None:
    assert Selection((100, 80), 5, Box(-10, 70, 30, 30)).box == Box(0, 70, 20, 10)
    assert Selection((100, 80), 5, Box(200, 70, 30, 30)).box is None
