from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.errors import InputError
from tracker.tracking.crop import channel_mean, context_side, crop, crop_start, frame_size, to_bgr8

FILL = (10, 20, 30)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def by_padding(frame: np.ndarray[Any, Any], centre: tuple[float, float], side: int, size: int) -> np.ndarray[Any, Any]:
    """The slow way: a frame with a wide border all around, cut, resized."""
    pad = side + 700
    big = cv2.copyMakeBorder(frame, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=FILL)
    x, y = (math.floor(c - (side + 1) / 2 + 0.5) + pad for c in centre)
    patch = big[y : y + side, x : x + side]
    return patch if side == size else cv2.resize(patch, (size, size))


def test_context_by_hand() -> None:
    # w 40, h 60: margin 0.5 * 100 = 50, so sqrt(90 * 110).
    assert context_side(40, 60) == pytest.approx(math.sqrt(9900))
    assert context_side(10, 10, amount=0) == 10
    assert context_side(50, 50) == 100


@pytest.mark.parametrize(
    ("centre", "side", "start"),
    [
        (119.5, 99, 70),  # 119.5 - 50 + 0.5
        (119.5, 100, 69),  # 119.5 - 50.5 + 0.5 = 69.5
        (10.0, 4, 8),  # 10 - 2.5 + 0.5: pixels 8..11
        (0.0, 3, -2),  # 0 - 2 + 0.5 = -1.5
        (2.49, 3, 0),  # 0.99
        (2.5, 3, 1),  # 1.0
    ],
)
def test_crop_start_by_hand(centre: float, side: int, start: int) -> None:
    assert crop_start(centre, side) == start


def test_crop_takes_the_pixels_that_the_offsets_say() -> None:
    frame = picture(40, 50)
    assert np.array_equal(crop(frame, (20, 15), 5, 5, FILL), frame[12:17, 17:22])
    corner = crop(frame, (0, 0), 4, 4, FILL)  # starts at -2
    assert np.array_equal(corner[2:, 2:], frame[:2, :2])
    assert (corner[:2] == FILL).all() and (corner[:, :2] == FILL).all()


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-30, 110),
    st.floats(-30, 90),
    st.integers(1, 150),
    st.sampled_from([31, 127]),
    st.integers(20, 80),
)
def test_same_as_padding_the_whole_frame(cx: float, cy: float, side: int, size: int, width: int) -> None:
    frame = picture(60, width)
    assert np.array_equal(crop(frame, (cx, cy), side, size, FILL), by_padding(frame, (cx, cy), side, size))


def test_huge_squares_are_sampled_like_resized_ones() -> None:
    frame = cv2.GaussianBlur(picture(300, 400), (0, 0), 3)
    for centre in ((200.0, 150.0), (0.0, 299.0), (390.3, 20.7)):
        for side in (8 * 31 + 1, 500, 901):
            got, slow = crop(frame, centre, side, 31, FILL), by_padding(frame, centre, side, 31)
            assert np.abs(got.astype(int) - slow).max() <= 1


def test_fully_outside_is_all_fill() -> None:
    frame = picture(40, 50)
    for centre in ((500.0, 20.0), (20.0, -400.0)):
        assert (crop(frame, centre, 30, 31, FILL) == FILL).all()
        assert (crop(frame, centre, 300, 31, FILL) == FILL).all()  # picked pixel by pixel


def test_every_kind_of_frame_gives_the_same_crop() -> None:
    gray = picture(60, 80)[..., 0]
    bgr = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
    bgra = np.dstack([bgr, np.zeros_like(gray)])
    kinds = [gray, gray[..., None], bgr, bgra]
    kinds += [k.astype(np.uint16) * 257 for k in kinds]
    kinds += [np.asfortranarray(gray), bgr[:, :, ::-1]]
    for centre, side in (((40.0, 30.0), 33.0), ((2.0, 3.0), 20.0), ((40.0, 30.0), 2000.0)):
        crops = [crop(k, centre, side, 127, channel_mean(k)) for k in kinds]
        assert all(c.shape == (127, 127, 3) and c.dtype == np.uint8 for c in crops)
        assert all(np.array_equal(c, crops[0]) for c in crops)


def test_sixteen_bits_are_divided_by_257() -> None:
    pixels = np.array([[0, 257, 65535, 385, 386]], np.uint16)
    assert to_bgr8(pixels)[0, :, 0].tolist() == [0, 1, 255, 1, 2]


def test_channel_mean_is_cut_to_whole_numbers() -> None:
    frame = np.zeros((2, 2, 3), np.uint8)
    frame[0] = (10, 255, 3)
    frame[1, 0] = (11, 255, 0)
    assert channel_mean(frame) == (7, 191, 1)  # 31/4, 765/4, 6/4
    assert channel_mean(np.full((37, 53), 128, np.uint8)) == (128, 128, 128)
    assert channel_mean(np.full((37, 53, 4), 257 * 9, np.uint16)) == (9, 9, 9)


def test_only_the_cut_part_of_a_frame_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = np.zeros((4320, 7680), np.uint16)
    frame[2000:2100, 3000:3100] = 65535
    seen: list[int] = []
    convert = cv2.convertScaleAbs

    def counted(pixels: np.ndarray[Any, Any], **options: Any) -> Any:
        seen.append(pixels.size)
        return convert(pixels, **options)

    monkeypatch.setattr(cv2, "convertScaleAbs", counted)
    assert crop(frame, (3050.0, 2050.0), 100, 127, FILL).min() == 255
    assert crop(frame, (3049.5, 2049.5), 20000, 255, FILL).shape == (255, 255, 3)
    assert max(seen) <= 510 * 510


@pytest.mark.parametrize(
    "frame",
    [
        None,
        [[1, 2]],
        np.zeros((0, 5), np.uint8),
        np.zeros((5, 5), np.float32),
        np.zeros((5, 5, 2), np.uint8),
        np.zeros((1, 5, 5, 3), np.uint8),
        np.zeros(7, np.uint8),
    ],
)
def test_unusable_frames_are_named(frame: Any) -> None:
    with pytest.raises(InputError, match="^frame: "):
        frame_size(frame)
