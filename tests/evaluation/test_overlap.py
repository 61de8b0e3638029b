"""Overlap on the pixel grid: cases worked by hand, and the same by drawing every pixel in a loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.evaluation.measures.overlap import rasterised_overlap

Points = list[tuple[float, float]]


def overlap(a: tuple[float, ...], b: tuple[float, ...], bounds: tuple[float, float] | None = None) -> float:
    return float(rasterised_overlap(np.array([a], float), np.array([b], float), bounds)[0])


def drawn(corners: Points, box: tuple[int, int, int, int]) -> set[tuple[int, int]]:
    """Pixels of a polygon, row by row, with the spans of the VOT toolkit's rasteriser."""
    left, top, right, bottom = box
    points = [(math.floor(x - left + 0.5), math.floor(y - top + 0.5)) for x, y in corners]
    pixels = set()
    for row in range(bottom - top + 1):
        nodes = []
        for (x, y), (px, py) in zip(points, [points[-1], *points[:-1]], strict=True):
            if y != py and min(y, py) <= row <= max(y, py):
                nodes.append(int(x + (row - y) / (py - y) * (px - x)))
        nodes.sort()
        at = 0
        while at < len(nodes) - 1:
            if nodes[at] == nodes[at + 1]:
                at += 1
                continue
            pixels |= {(column, row) for column in range(max(0, nodes[at]), min(right - left, nodes[at + 1]) + 1)}
            at += 2
    return pixels


def by_loop(a: Points, b: Points) -> float:
    edges = [(math.floor(min(p)), math.ceil(max(p))) for p in zip(*a, *[], strict=True)]
    other = [(math.floor(min(p)), math.ceil(max(p))) for p in zip(*b, *[], strict=True)]
    common = [min(m[1], n[1]) - max(m[0], n[0]) for m, n in zip(edges, other, strict=True)]
    if min(common) <= 0 or any(high == low for low, high in edges + other):
        return 0.0
    (left, right), (top, bottom) = ((min(m[0], n[0]), max(m[1], n[1])) for m, n in zip(edges, other, strict=True))
    first, second = (drawn(p, (left, top, right, bottom)) for p in (a, b))
    return len(first & second) / len(first | second) if first | second else 0.0


def test_rectangles_by_hand() -> None:
    # 0..4 by 0..4 are 25 pixels, 2..6 by 0..4 another 25, 15 in common.
    assert overlap((0, 0, 4, 4), (2, 0, 4, 4)) == pytest.approx(15 / 35)
    assert overlap((0, 0, 4, 4), (0, 0, 4, 4)) == 1
    assert overlap((0, 0, 4, 4), (10, 0, 4, 4)) == 0


def test_regions_that_only_touch_are_apart() -> None:
    assert overlap((0, 0, 4, 4), (4, 0, 4, 4)) == 0


def test_diamond_by_hand() -> None:
    # Corners (2,0) (4,2) (2,4) (0,2): rows 1, 2, 3 hold 3, 5, 3 pixels; a tip is one crossing, which draws nothing.
    diamond = (2, 0, 4, 2, 2, 4, 0, 2)
    assert overlap(diamond, (0, 0, 4, 4)) == pytest.approx(11 / 25)


def test_corners_are_rounded() -> None:
    assert overlap((0.4, 0.4, 4, 4), (-0.4, -0.4, 4, 4)) == 1


def test_bounds_cut_what_lies_outside() -> None:
    inside = overlap((-4, 0, 8, 4), (0, 0, 4, 4), (20, 20))
    assert inside == 1 and overlap((-4, 0, 8, 4), (0, 0, 4, 4)) == pytest.approx(25 / 45)


def test_nan_stays_nan() -> None:
    values = rasterised_overlap(np.array([[np.nan] * 4, [0, 0, 4, 4]]), np.array([[0, 0, 4, 4.0]] * 2))
    assert np.isnan(values[0]) and values[1] == 1


corner = st.tuples(st.floats(0, 30).map(lambda v: round(v, 2)), st.floats(0, 30).map(lambda v: round(v, 2)))


@settings(max_examples=200, deadline=None)
@given(st.lists(corner, min_size=4, max_size=4), st.lists(corner, min_size=4, max_size=4))
def test_any_polygons_as_drawn_in_a_loop(a: Points, b: Points) -> None:
    """Crossed and dented ones included."""
    flat = [tuple(v for point in points for v in point) for points in (a, b)]
    assert overlap(*flat) == pytest.approx(by_loop(a, b))


def test_many_frames_give_what_each_gives_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.evaluation.measures.overlap.CHUNK", 50)
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 40, (30, 8)), rng.uniform(0, 40, (30, 8))
    together = rasterised_overlap(a, b)
    assert together.tolist() == [overlap(tuple(x), tuple(y)) for x, y in zip(a, b, strict=True)]
