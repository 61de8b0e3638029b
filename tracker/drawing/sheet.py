"""A contact sheet: chosen frames of a run with their boxes, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box, iou
from tracker.drawing.draw import INK, ORANGE, SKY, WHITE, Colour, Image, draw_box, put_text, to_bgr8
from tracker.tracking.result import Result

PAPER: Colour = (250, 250, 250)
GRAY: Colour = (110, 104, 98)
MARGIN = 16  # pixels around and between the pictures
TEXT = 11  # height of a capital in captions, pixels


def contact_sheet(
    frames: Sequence[NDArray[Any]],
    boxes: Sequence[Box | Result],
    truth: Sequence[Box] | None = None,
    columns: int = 4,
    captions: Sequence[str] | None = None,
    cell_width: int = 320,
) -> Image:
    """A grid of frames with tracked boxes, 8-bit BGR.

    `boxes` are those of the frames, in their pixels; a `Result` that is lost is drawn dashed. `truth`, if known, is
    drawn as a thin white box, each caption then ends with the overlap, and a legend explains both. `captions` default
    to the place in the sequence. Every picture is `cell_width` wide; a row is as high as its highest picture.
    Raises ValueError where the lengths differ or there is no frame.
    """
    for name, given in (("boxes", boxes), ("truth", truth), ("captions", captions)):
        if given is not None and len(given) != len(frames):
            raise ValueError(f"{name}: expected one for each of the {len(frames)} frames, got {len(given)}")
    if not frames or columns < 1:
        raise ValueError(f"contact sheet: needs at least one frame and one column, got {len(frames)} and {columns}")
    columns = min(columns, len(frames))
    cells = []
    for i, frame in enumerate(frames):
        actual = truth[i] if truth is not None else None
        picture = _picture(frame, boxes[i], actual, cell_width)
        caption = captions[i] if captions is not None else str(i)
        cells.append(_cell(picture, caption, None if actual is None else _overlap(boxes[i], actual)))
    rows = [_row(cells[i : i + columns], columns) for i in range(0, len(cells), columns)]
    footer = [_legend(rows[0].shape[1])] if truth is not None else []
    edge = np.full((MARGIN, rows[0].shape[1], 3), PAPER, np.uint8)
    return np.concatenate([edge, *rows, *footer])


def _box(box: Box | Result) -> Box:
    return box.box if isinstance(box, Result) else box


def _overlap(box: Box | Result, truth: Box) -> float:
    return float(iou(_box(box).xywh, truth.xywh))


def _picture(frame: NDArray[Any], box: Box | Result, truth: Box | None, width: int) -> Image:
    """The frame at its width in the sheet; boxes are drawn after scaling, so that lines are equally wide."""
    scale = width / frame.shape[1]
    size = (width, max(1, round(frame.shape[0] * scale)))
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(to_bgr8(frame), size, interpolation=shrink), np.uint8)
    if truth is not None:
        draw_box(picture, _scaled(truth, scale), WHITE, 1)
    lost = isinstance(box, Result) and box.lost
    draw_box(picture, _scaled(_box(box), scale), ORANGE if lost else SKY, 2, dashed=lost)
    return picture


def _scaled(box: Box, scale: float) -> Box:
    return Box(*(value * scale for value in box.xywh))


def _cell(picture: Image, caption: str, overlap: float | None) -> Image:
    """A picture with a line of text below it: the caption at the left, the overlap at the right."""
    strip = np.full((TEXT + 12, picture.shape[1], 3), PAPER, np.uint8)
    baseline = TEXT + 7
    put_text(strip, caption, (1, baseline), TEXT, INK)
    if overlap is not None:
        text = f"overlap {overlap:.2f}"
        width = put_text(strip.copy(), text, (0, baseline), TEXT, GRAY)
        put_text(strip, text, (max(0, strip.shape[1] - width - 1), baseline), TEXT, GRAY)
    return np.concatenate([picture, strip])


def _row(cells: Sequence[Image], columns: int) -> Image:
    height = max(cell.shape[0] for cell in cells)
    width = cells[0].shape[1]
    row = np.full((height + MARGIN // 2, MARGIN + columns * (width + MARGIN), 3), PAPER, np.uint8)
    for i, cell in enumerate(cells):
        left = MARGIN + i * (width + MARGIN)
        row[: cell.shape[0], left : left + width] = cell
    return row


def _legend(width: int) -> Image:
    strip = np.full((TEXT + 2 * MARGIN - 6, width, 3), PAPER, np.uint8)
    left, size = MARGIN, TEXT + 4
    for text, colour, line in (("tracked", SKY, 2), ("true box", WHITE, 1)):
        draw_box(strip, Box(left + 1, 4, 22, size), colour, line)
        left += 32 + put_text(strip, text, (left + 32, 5 + TEXT), TEXT, GRAY) + 24
    return strip
