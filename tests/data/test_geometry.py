"""Crops of METHOD 1 and boxes that follow the pixels under augmentation."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.data.crops import (
    Motion,
    context_side,
    coverage,
    crop_matrix,
    map_box,
    search_matrix,
    template_matrix,
    warp,
)
from tracker.data.frames import Frame


def test_context_side_by_hand():
    # w = 40, h = 20, p = 0.5: pad 30, sqrt(70 * 50)
    assert context_side(40, 20, 0.5) == pytest.approx(math.sqrt(3500))


def test_plain_search_crop_puts_the_target_in_the_middle():
    # w = h = 50: s_z = 100, s_x = round(100 * 255/127) = 201, so 50 px become 50 * 255/201
    matrix = search_matrix((30, 70, 50, 50), 127, 255, 0.5)
    half = 50 * 255 / 201 / 2
    np.testing.assert_allclose(map_box((30, 70, 50, 50), matrix), [127 - half, 127 - half, 127 + half, 127 + half])


def test_plain_template_crop_is_cut_and_resize():
    # s_z = 100 around pixel centre 54.5 + 0.0: pixels 5..104, so the crop is a plain cut and cv2.resize of it
    image = np.random.default_rng(0).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 2)
    crop = warp(Frame.of(image), template_matrix((30, 30, 50, 50), 127, 0.5), 127)
    plain = cv2.resize(image[5:105, 5:105], (127, 127), interpolation=cv2.INTER_LINEAR)
    inner = (slice(2, -2), slice(2, -2))  # at the rim a resize repeats pixels where the frame goes on
    assert np.abs(crop[inner].astype(int) - plain[inner]).max() <= 2


def test_outside_the_frame_is_its_mean():
    image = np.full((40, 40, 3), (10, 20, 30), np.uint8)
    image[:20] = (30, 60, 90)
    matrix = search_matrix((10, 10, 20, 20), 127, 255, 0.5)
    crop = warp(Frame.of(image), matrix, 255)
    assert crop[0, 0].tolist() == [20, 40, 60]
    assert coverage(Frame.of(image), matrix, 255) == pytest.approx((40 * 255 / 80 / 255) ** 2, rel=0.03)


def seen_box(crop):
    ys, xs = np.nonzero(crop[..., 0] > 127)
    return np.array([xs.min() - 0.5, ys.min() - 0.5, xs.max() + 0.5, ys.max() + 0.5])


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.floats(-40, 40), st.floats(-40, 40)),
    st.floats(0.8, 1.25),
    st.floats(0.85, 1.2),
    st.booleans(),
    st.integers(30, 70),
    st.integers(30, 70),
)
def test_box_follows_a_drawn_rectangle(shift, scale, aspect, flip, w, h):
    image = np.zeros((240, 320, 3), np.uint8)
    image[80 : 80 + h, 110 : 110 + w] = 255
    motion = Motion(shift, scale, aspect, flip=flip)
    matrix = search_matrix((110, 80, w, h), 127, 255, 0.5, motion)
    np.testing.assert_allclose(map_box((110, 80, w, h), matrix), seen_box(warp(Frame.of(image), matrix, 255)), atol=1.1)


@settings(max_examples=25, deadline=None)
@given(st.floats(-90, 90), st.floats(-0.15, 0.15), st.booleans())
def test_box_follows_a_drawn_ellipse_under_rotation(rotation, shear, flip):
    image = np.zeros((240, 320, 3), np.uint8)
    cv2.ellipse(image, (160, 120), (40, 20), 0, 0, 360, (255, 255, 255), -1)
    motion = Motion((10, -20), rotation=rotation, shear=shear, flip=flip)
    matrix = search_matrix((120, 100, 81, 41), 127, 255, 0.5, motion)
    np.testing.assert_allclose(
        map_box((120, 100, 81, 41), matrix), seen_box(warp(Frame.of(image), matrix, 255)), atol=2
    )


def test_quarter_turn_swaps_width_and_height():
    x1, y1, x2, y2 = map_box((10, 10, 40, 20), crop_matrix((10, 10, 40, 20), 100, 100, Motion(rotation=90)))
    assert (x2 - x1, y2 - y1) == pytest.approx((20, 40))


def test_flip_mirrors_the_view():
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :50] = 200
    box, plain = (30, 30, 40, 40), crop_matrix((30, 30, 40, 40), 80, 127)
    a = warp(Frame.of(image), plain, 127)
    b = warp(Frame.of(image), crop_matrix(box, 80, 127, Motion(flip=True)), 127)
    np.testing.assert_array_equal(a[:, ::-1], b)
