from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tracker.settings import TrackingConfig
from tracker.tracking.decode import change, cosine_window, decode, padded_size, penalties, points

PLAIN = TrackingConfig(penalty_k=0.0, window_influence=0.0)


def maps(size: int = 25, side: float = 20.0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Even scores of 0.01 and boxes of 2 * side around every point."""
    cls = np.zeros((2, size, size), np.float32)
    cls[0] = math.log(99)
    return cls, np.full((4, size, size), side, np.float32)


def test_points_are_relative_to_the_centre() -> None:
    x, y = points(25, 8)
    assert (x[0], y[0]) == (-96, -96) and (x[1], y[1]) == (-88, -96) and (x[25], y[25]) == (-96, -88)
    assert (x[312], y[312]) == (0, 0) and (x[624], y[624]) == (96, 96)


def test_window_by_hand() -> None:
    # Hann of 5: 0, 0.5, 1, 0.5, 0.
    expected = np.outer([0, 0.5, 1, 0.5, 0], [0, 0.5, 1, 0.5, 0]).ravel()
    assert np.allclose(cosine_window(5), expected)


def test_change_and_padded_size_by_hand() -> None:
    assert change(np.array([0.5, 2.0, 1.0])).tolist() == [2, 2, 1]
    assert padded_size(40.0, 60.0) == pytest.approx(math.sqrt(90 * 110))


def test_penalty_by_hand() -> None:
    w, h = np.array([20.0, 40.0, 40.0]), np.array([20.0, 40.0, 10.0])
    got = penalties(w, h, (20.0, 20.0), k=0.1)
    assert got[0] == 1
    assert got[1] == pytest.approx(math.exp(-(2 * 1 - 1) * 0.1))  # twice the size, same shape
    size = math.sqrt((40 + 25) * (10 + 25)) / 40  # 47.7 against 40
    assert got[2] == pytest.approx(math.exp(-(size * 4 - 1) * 0.1))  # and four times the ratio


def test_best_point_gives_the_box_in_frame_pixels() -> None:
    cls, loc = maps()
    cls[1, 10, 15] = 10.0
    loc[:, 10, 15] = (10, 20, 30, 24)  # l, t, r, b
    found = decode(cls, loc, (50.0, 50.0), scale=0.5, config=PLAIN)
    assert found is not None
    # Point (15-12)*8 = 24, (10-12)*8 = -16; box x 14..54, y -36..8: centre (34, -14), size 40 x 44; halved scale.
    assert (found.dx, found.dy, found.w, found.h) == (68, -28, 80, 88)
    assert found.score == pytest.approx(1 / (1 + 99 * math.exp(-10)))
    assert found.penalty == 1


def test_window_prefers_the_middle() -> None:
    cls, loc = maps()
    cls[1, 12, 12], cls[1, 2, 2] = 5.0, 5.5
    near = decode(cls, loc, (40.0, 40.0), 1.0, TrackingConfig(penalty_k=0.0, window_influence=0.4))
    far = decode(cls, loc, (40.0, 40.0), 1.0, PLAIN)
    assert near is not None and far is not None
    assert (near.dx, near.dy) == (0, 0) and (far.dx, far.dy) == (-80, -80)


def test_after_a_lost_frame_another_window_may_count() -> None:
    cls, loc = maps()
    cls[1, 12, 12], cls[1, 3, 3] = 2.0, 3.0
    held = TrackingConfig(penalty_k=0.0, window_influence=0.4, lost_window_influence=0.0)
    near = decode(cls, loc, (40.0, 40.0), 1.0, held, lost=False)
    far = decode(cls, loc, (40.0, 40.0), 1.0, held, lost=True)
    same = decode(cls, loc, (40.0, 40.0), 1.0, TrackingConfig(penalty_k=0.0, window_influence=0.4), lost=True)
    assert near is not None and far is not None and same == near
    assert abs(near.dx) < 1 and far.dx == pytest.approx(-72)


def test_ranking_is_penalty_score_and_window() -> None:
    cls, loc = maps()
    cls[1, 12, 12] = cls[1, 12, 13] = math.log(99)  # score 0.5 both
    loc[:, 12, 12] = 40.0  # twice the size: penalty exp(-0.5)
    config = TrackingConfig(penalty_k=0.5, window_influence=0.1)
    at_middle = math.exp(-0.5) * 0.5 * 0.9 + 0.1
    beside = 0.5 * 0.9 + 0.1 * cosine_window(25)[12 * 25 + 13]
    assert beside > at_middle
    found = decode(cls, loc, (40.0, 40.0), 1.0, config)
    assert found is not None and found.dx == 8 and found.penalty == pytest.approx(1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_not_finite_are_passed_over(bad: float) -> None:
    cls, loc = maps()
    cls[1, 5, 5], loc[:, 5, 5] = 20.0, bad
    cls[1, 6, 6] = 10.0
    found = decode(cls, loc, (40.0, 40.0), 1.0, PLAIN)
    assert found is not None and found.dx == -48
    assert decode(np.full_like(cls, np.nan), loc, (40.0, 40.0), 1.0, PLAIN) is None
    assert decode(cls, np.full_like(loc, bad), (40.0, 40.0), 1.0, PLAIN) is None


def test_boxes_of_no_size_are_passed_over() -> None:
    cls, loc = maps()
    cls[1, 5, 5], loc[:, 5, 5] = 20.0, 0.0
    cls[1, 6, 6] = 10.0
    found = decode(cls, loc, (40.0, 40.0), 1.0, TrackingConfig())
    assert found is not None and found.w == 40
