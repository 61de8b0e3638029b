from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.box import Box, BoxLike, iou
from tracker.errors import InputError

coordinate = st.floats(-1e4, 1e4)
size = st.floats(0.01, 1e4)
boxes = st.builds(Box, coordinate, coordinate, size, size)


def test_conversions_by_hand() -> None:
    box = Box(10, 20, 30, 40)
    assert box.xyxy == (10, 20, 40, 60)
    assert box.centre == (25, 40)
    assert box.pixel_centre == (24.5, 39.5)  # pixels 10..39 and 20..59
    assert box.polygon == (10, 20, 40, 20, 40, 60, 10, 60)
    assert box.area == 1200


def test_from_polygon_is_the_box_around_it() -> None:
    assert Box.from_polygon([5, 0, 10, 5, 5, 10, 0, 5]) == Box(0, 0, 10, 10)
    with pytest.raises(InputError, match="at least 3 points"):
        Box.from_polygon([0, 0, 1, 1])


@pytest.mark.parametrize(
    "given", [Box(1, 2, 3, 4), (1, 2, 3, 4), [1.0, 2, 3, 4], np.arange(1, 5), np.float32([1, 2, 3, 4])]
)
def test_of_takes_what_is_meant_as_a_box(given: BoxLike) -> None:
    box = Box.of(given)
    assert box == Box(1, 2, 3, 4) and {type(value) for value in box.xywh} <= {int, float}


@pytest.mark.parametrize(
    "given",
    [None, 5, (1, 2, 3), (1, 2, 3, 4, 5), "1234", "1,2,3,4", ["1", "2", "3", "4"], [[1, 2], [3, 4]], np.eye(99)],
)
def test_of_says_in_one_line_what_is_no_box(given: Any) -> None:
    with pytest.raises(InputError, match="^box: expected x, y, w, h in pixels, got ") as caught:
        Box.of(given)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 120


@pytest.mark.parametrize("text", ["1,2,3,4", "1 2 3 4", " 1, 2,\t3,4 ", "1.0,2e0,3,4"])
def test_parse(text: str) -> None:
    assert Box.parse(text) == Box(1, 2, 3, 4)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1;2;3;4"])
def test_parse_says_what_it_read(text: str) -> None:
    with pytest.raises(InputError, match="expected x,y,w,h") as caught:
        Box.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("box", "field"),
    [
        (Box(math.nan, 0, 5, 5), "x"),
        (Box(0, math.inf, 5, 5), "y"),
        (Box(0, 0, 0, 5), "w"),
        (Box(0, 0, 5, -1), "h"),
        (Box(100, 0, 5, 5), "x"),
        (Box(-5, 0, 5, 5), "x"),
        (Box(0, 80, 5, 5), "y"),
    ],
)
def test_validate_names_the_field(box: Box, field: str) -> None:
    with pytest.raises(InputError, match=f"^box {field}: "):
        box.validate(100, 80)


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(-4, -4, 5, 5), Box(99, 79, 50, 50), Box(-10, -10, 500, 500)])
def test_validate_takes_a_box_that_touches_the_frame(box: Box) -> None:
    box.validate(100, 80)


def test_iou_by_hand() -> None:
    # 10x10 squares 5 apart: 50 shared of 150; apart: 0; inside: 25 of 100
    assert iou([0, 0, 10, 10], [5, 0, 10, 10]) == pytest.approx(50 / 150)
    assert iou([0, 0, 10, 10], [10, 0, 10, 10]) == 0
    assert iou([0, 0, 10, 10], [2, 2, 5, 5]) == pytest.approx(0.25)
    assert iou([0, 0, 0, 0], [0, 0, 0, 0]) == 0


def test_iou_broadcasts() -> None:
    one = np.array([0, 0, 10, 10])
    many = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 5, 5]])
    np.testing.assert_allclose(iou(one, many), [1, 1 / 3, 0])
    assert iou(many[:, None], many[None]).shape == (3, 3)


@given(boxes)
def test_conversions_return(box: Box) -> None:
    for again in (
        Box.from_xyxy(*box.xyxy),
        Box.from_centre(*box.centre, box.w, box.h),
        Box.from_polygon(box.polygon),
        Box.parse(",".join(map(repr, box.xywh))),
    ):
        assert again.xywh == pytest.approx(box.xywh, abs=1e-6)


@given(boxes, boxes)
def test_iou_is_symmetric_and_within_0_and_1(a: Box, b: Box) -> None:
    value = float(iou(a.xywh, b.xywh))
    assert 0 <= value <= 1 + 1e-9  # rounding of coordinates
    assert value == pytest.approx(float(iou(b.xywh, a.xywh)), abs=1e-12)


@given(boxes)
def test_iou_with_itself_is_1(box: Box) -> None:
    assert iou(box.xywh, box.xywh) == pytest.approx(1, rel=1e-6)


@given(boxes, coordinate, coordinate)
def test_iou_does_not_depend_on_where_both_lie(box: Box, dx: float, dy: float) -> None:
    other = Box(box.x + box.w / 3, box.y, box.w, box.h)
    moved = [(b.x + dx, b.y + dy, b.w, b.h) for b in (box, other)]
    assert iou(*moved) == pytest.approx(float(iou(box.xywh, other.xywh)), abs=1e-5 / min(box.w, box.h, 1))


@given(boxes, st.integers(1, 5000), st.integers(1, 5000))
def test_clipped_lies_in_the_frame_and_in_the_box(box: Box, width: int, height: int) -> None:
    x1, y1, x2, y2 = box.clipped(width, height).xyxy
    assert 0 <= x1 <= x2 <= width + 1e-6 and 0 <= y1 <= y2 <= height + 1e-6
    if x2 - x1 > 1e-6 and y2 - y1 > 1e-6:
        assert x1 >= box.x - 1e-6 and x2 <= box.x + box.w + 1e-6
        assert box.clipped(width, height).area <= box.area * (1 + 1e-6) + 1e-6
