from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.helpers import draw_frame
from tracker.box import Box
from tracker.drawing.draw import ORANGE, SKY, Style, annotate, to_bgr8
from tracker.drawing.sheet import MARGIN, PAPER, contact_sheet
from tracker.tracking.result import Result

BOX = Box(40, 50, 60, 30)


def near(image: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(image.astype(int) - colour).max(axis=2) < 40


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize(("lost", "colour"), [(False, SKY), (True, ORANGE)])
def test_the_outline_is_where_the_box_is(ground: int, lost: bool, colour: tuple[int, int, int]) -> None:
    image = np.full((120, 160, 3), ground, np.uint8)
    drawn = annotate(image, Result(BOX, 0.5, lost))
    assert (image == ground).all(), "the frame itself is untouched"
    outline = near(drawn, colour)
    xs = np.flatnonzero(outline[55:75].any(axis=0))
    assert abs(xs.min() - 40) <= 1 and abs(xs.max() - 99) <= 1
    left = outline[52:78, 39:42].any(axis=1)
    assert left.all() != lost, "solid when tracked, dashed when lost"
    assert (drawn[56:74, 46:94] == ground).all(), "nothing is drawn inside"
    dark = drawn[52:78, 37:44].max(axis=2) < 90
    assert dark.any(), "a dark edge holds it on bright ground"


@pytest.mark.parametrize(
    "box",
    [
        Box(-500, -500, 10, 10),
        Box(1e9, 1e9, 1e9, 1e9),
        Box(float("nan"), 0, 5, 5),
        Box(-10, -10, 5000, 5000),
        Box(3.3, 2.2, 0, 0),
    ],
)
def test_no_box_is_too_wild_to_draw(box: Box) -> None:
    drawn = annotate(np.zeros((90, 120, 3), np.uint8), Result(box, 0.1, True))
    assert near(drawn, ORANGE).sum() > 100, "the plate stays in sight"


@pytest.mark.parametrize("shape", [(8, 8), (1, 1, 3), (4320, 7680, 3)])
def test_frames_of_any_size(shape: tuple[int, ...]) -> None:
    assert annotate(np.zeros(shape, np.uint8), Result(Box(0, 0, 5, 5), 0.5, False)).shape == (*shape[:2], 3)


def test_lines_grow_with_the_frame() -> None:
    small, large = Style.for_frame(320, 240), Style.for_frame(3840, 2160)
    assert 2 <= small.line < large.line and 9 <= small.text < large.text


@pytest.mark.parametrize(
    ("image", "value"),
    [
        (np.full((4, 5), 200, np.uint8), 200),
        (np.full((4, 5, 1), 200, np.uint8), 200),
        (np.full((4, 5, 4), 200, np.uint8), 200),
        (np.full((4, 5), 200 * 257, np.uint16), 200),
        (np.full((4, 5, 3), 200 * 257, np.uint16), 200),
    ],
)
def test_every_kind_of_frame_becomes_8_bit_bgr(image: np.ndarray, value: int) -> None:
    got = to_bgr8(image)
    assert (got.shape, got.dtype) == ((4, 5, 3), np.uint8)
    assert (got == value).all()


def test_contact_sheet_is_a_grid_with_even_margins() -> None:
    frames = [draw_frame(i) for i in range(5)]
    sheet = contact_sheet(frames, [BOX] * 5, columns=3, cell_width=80)
    assert sheet.shape[1] == 3 * 80 + 4 * MARGIN
    assert (
        (sheet[:MARGIN] == PAPER).all() and (sheet[:, :MARGIN] == PAPER).all() and (sheet[:, -MARGIN:] == PAPER).all()
    )
    assert (sheet[-60:, -80 - MARGIN :] == PAPER).all(), "the place of the sixth is empty"
    small = cv2.resize(frames[0], (80, 60), interpolation=cv2.INTER_AREA)
    shown = sheet[MARGIN : MARGIN + 60, MARGIN : MARGIN + 80]
    assert (shown[:18] == small[:18]).all()


def test_contact_sheet_with_truth_and_refusals() -> None:
    frames = [draw_frame(0), draw_frame(1)[:60]]
    plain = contact_sheet(frames, [BOX, BOX])
    with_truth = contact_sheet(frames, [BOX, Result(BOX, 0.1, True)], [Box(42, 50, 60, 30)] * 2, captions=["a", "b"])
    assert with_truth.shape[0] > plain.shape[0], "a legend is below"
    assert near(with_truth, ORANGE).any() and not near(plain[:, : MARGIN + 320], ORANGE).any()
    with pytest.raises(ValueError, match="truth"):
        contact_sheet(frames, [BOX, BOX], [BOX])
    with pytest.raises(ValueError, match="at least one frame"):
        contact_sheet([], [])
