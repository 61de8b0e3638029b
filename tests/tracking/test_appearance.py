"""What a target looks like: features and colours, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tracker.tracking.appearance import BINS, Appearance, Look, beside, summary
from tracker.tracking.appearance import colours as all_colours

ONE = np.ones(1, np.float32)


def features(*values: float) -> Look:
    """A look of these features, all of one colour."""
    return Look(np.array(values, np.float32), ONE)


def test_summary_is_the_mean_of_the_inner_cells() -> None:
    level = torch.zeros(1, 2, 7, 7, dtype=torch.bfloat16)
    level[0, 0, 1:6, 1:6], level[0, 1, 0] = 3.0, 8.0  # the second level has something in its margin only
    assert summary([level, torch.tensor([5.0])]).tolist() == [3.0, 0.0, 5.0]


def test_likeness_by_hand() -> None:
    seen = Appearance(features(4, 1), [features(0, 1), features(2, 1)])
    # the mean of what is around, (1, 1), is taken off: the first look becomes (3, 0)
    assert seen.similarity(features(9, 1)) == pytest.approx(1)
    assert seen.similarity(features(1, 7)) == pytest.approx(0)
    assert seen.similarity(features(4, 5)) == pytest.approx(0.6)
    # what is nearly as the surroundings is nothing, though its direction fits: 0.3 against 0.25 * 3
    assert seen.similarity(features(1.3, 1)) == pytest.approx(0.4)


def colours(pixels: np.ndarray, box_wh: tuple[float, float]) -> np.ndarray:
    """Those of the whole."""
    return all_colours(pixels, box_wh)[0]


def plain(*bgr: int) -> np.ndarray:
    """A crop of one colour."""
    return np.full((127, 127, 3), bgr, np.uint8)


def test_colours_are_those_in_the_box_whatever_the_light() -> None:
    crop = plain(0, 0, 200)
    crop[40:87, 30:97] = 10, 120, 60
    inside = colours(crop, (60, 40))
    assert inside.shape == (BINS * BINS,) and np.linalg.norm(inside) == pytest.approx(1)
    assert inside @ colours(plain(10, 120, 60), (60, 40)) > 0.99
    assert inside @ colours(plain(0, 0, 200), (60, 40)) < 0.01
    brighter, gray = colours(plain(25, 190, 100), (60, 40)), colours(plain(120, 120, 120), (60, 40))
    assert inside @ brighter > 0.99 and gray @ colours(plain(40, 40, 40), (60, 40)) == pytest.approx(1)
    assert inside @ gray < 0.1


def test_a_tint_of_grey_is_hardly_another_colour() -> None:
    grey = colours(plain(180, 180, 180), (60, 40))
    for tint in ((179, 179, 181), (178, 180, 181), (183, 180, 180)):
        assert grey @ colours(plain(*tint), (60, 40)) > 0.98


def test_colours_of_boxes_without_a_middle() -> None:
    for box in ((0.0, 0.0), (1000.0, 1000.0)):
        assert np.linalg.norm(colours(plain(1, 2, 3), box)) == pytest.approx(1)


def test_half_of_a_target_has_its_colours_where_the_other_half_is_hidden() -> None:
    crop = plain(10, 120, 60)
    crop[:, 64:] = 200, 30, 20  # the target has two colours, left and right
    hidden, other = crop.copy(), plain(200, 30, 20)
    hidden[:, :63] = 240, 240, 240  # something white lies over its left half
    seen = Appearance(Look(ONE, *all_colours(crop, (60, 40))), [])
    covered, one = (Look(ONE, *all_colours(each, (60, 40))) for each in (hidden, other))
    assert seen.same_colours(covered) == pytest.approx(0.5, abs=0.03) and seen.same_half(covered) > 0.95
    assert seen.same_half(one) > 0.95, "which half of it looks so is not asked"
    assert seen.same_half(Look(ONE, *all_colours(plain(90, 10, 90), (60, 40)))) < 0.1


def test_looks_are_alike_by_features_and_colours() -> None:
    green, red = np.array([1, 0], np.float32), np.array([0.6, 0.8], np.float32)
    first = Look(np.array([2.0, 0.0], np.float32), green)
    seen = Appearance(first, [])
    other = Look(np.array([0.6, 0.8], np.float32), red)
    assert seen.similarity(other) == pytest.approx(0.6) and seen.same_colours(other) == pytest.approx(0.6)
    assert seen.alike(other) == pytest.approx(0.6 * 0.36)
    seen.learn(other)
    assert seen.alike(other) == pytest.approx(1) and seen.alike(first) == pytest.approx(1)
    assert seen.same_colours(other) == pytest.approx(1)


def test_places_beside_the_target_are_in_the_frame() -> None:
    assert beside((50, 20), 40, (100, 100)) == [(10, 20), (90, 20), (50, 60)]
