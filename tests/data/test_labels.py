"""Ellipse labels worked by hand (METHOD 7)."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.data.labels import grid, point_distances, point_labels


def test_grid_points():
    x, y = grid()
    assert x.shape == y.shape == (25, 25)
    assert x[0, 0] == 127 - 96 and x[3, 12] == 127 and y[24, 0] == 127 + 96


def test_labels_of_a_centred_box_by_hand():
    # 64 x 32 at the centre: inner ellipse 16 x 8, outer 32 x 16, both open
    labels = point_labels((95, 111, 159, 143))
    assert np.argwhere(labels == 1).tolist() == [[12, 11], [12, 12], [12, 13]]
    row = labels[12, 7:18].tolist()
    assert row == [0, -1, -1, -1, 1, 1, 1, -1, -1, -1, 0]  # at 4 steps (32 px) the outer edge itself is ignored
    assert labels[10, 12] == -1 and labels[9, 12] == 0
    assert labels[0].tolist() == [0] * 25


def test_negative_pair_has_negatives_only_inside():
    box = (95, 111, 159, 143)
    labels, positive = point_labels(box, negative=True), point_labels(box)
    assert set(np.unique(labels)) == {-1, 0}
    np.testing.assert_array_equal(labels == 0, positive == 1)


def test_distances_by_hand():
    d = point_distances((100, 110, 150, 170))
    assert d[:, 12, 12].tolist() == [27, 17, 23, 43]
    assert d[:, 12, 13].tolist() == [35, 17, 15, 43]


@given(st.floats(-20, 200), st.floats(-20, 200), st.floats(2, 200), st.floats(2, 200))
def test_distances_give_the_box_back_at_every_point(x, y, w, h):
    px, py = grid()
    left, top, right, bottom = point_distances((x, y, x + w, y + h))
    np.testing.assert_allclose(px - left, x, atol=1e-3)
    np.testing.assert_allclose(py + bottom, y + h, atol=1e-3)
    positive = point_labels((x, y, x + w, y + h)) == 1
    assert (np.stack([left, top, right, bottom])[:, positive] > 0).all()
