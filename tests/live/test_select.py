from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.helpers import draw_frame
from tracker.box import Box
from tracker.live.select import BAR, HINTS, Picker


def drag(picker: Picker, *points: tuple[int, int]) -> None:
    picker.mouse(cv2.EVENT_LBUTTONDOWN, *points[0])
    for point in points[1:]:
        picker.mouse(cv2.EVENT_MOUSEMOVE, *point)
    picker.mouse(cv2.EVENT_LBUTTONUP, *points[-1])


def test_a_drag_in_any_direction_is_a_box_and_another_replaces_it() -> None:
    picker = Picker(draw_frame(0), (1000, 800))
    assert picker.box is None
    drag(picker, (20, 40), (30, 50), (44, 64))
    assert picker.box == Box(20, 40, 24, 24)
    drag(picker, (100, 90), (60, 50))
    assert picker.box == Box(60, 50, 40, 40)
    drag(picker, (10, 10), (11, 11))
    assert picker.box is None, "a slip of the mouse is no box"


def test_moving_without_the_button_changes_nothing() -> None:
    picker = Picker(draw_frame(0), (1000, 800))
    picker.mouse(cv2.EVENT_MOUSEMOVE, 5, 5)
    assert picker.box is None
    drag(picker, (20, 40), (44, 64))
    picker.mouse(cv2.EVENT_MOUSEMOVE, 100, 100)
    assert picker.box == Box(20, 40, 24, 24)


def test_a_drag_beyond_the_edge_ends_at_the_edge() -> None:
    picker = Picker(draw_frame(0), (1000, 800))
    drag(picker, (100, 80), (500, 500))
    assert picker.box == Box(100, 80, 60, 40)
    drag(picker, (50, 50), (-20, -3))
    assert picker.box == Box(0, 0, 50, 50)


def test_a_large_frame_is_shown_smaller_and_the_box_is_in_its_pixels() -> None:
    picker = Picker(np.zeros((2160, 3840, 3), np.uint16), (960, 10_000))
    assert picker.scale == 0.25
    assert picker.canvas().shape == (540 + BAR, 960, 3)
    drag(picker, (100, 50), (200, 150))
    assert picker.box == Box(400, 200, 400, 400)
    tall = Picker(np.zeros((4000, 500), np.uint8), (1000, 530))
    assert tall.canvas().shape[0] == 530


@pytest.mark.parametrize("dragged", [False, True])
def test_the_frame_stays_in_place_and_the_hint_is_below_it(dragged: bool) -> None:
    frame = draw_frame(0)
    picker = Picker(frame, (1000, 800))
    if dragged:
        drag(picker, (60, 50), (100, 90))
    canvas = picker.canvas()
    changed = (canvas[:120, :160] != frame).any(axis=2)
    assert changed.any() == dragged
    assert not changed[:45].any() and not changed[55:85, 65:95].any()
    assert (canvas[120:].max(axis=2) > 200).any() and len(HINTS) == 2
