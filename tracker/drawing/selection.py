"""A box in the making: handles to take it by, its size, and the rest of the picture dimmed."""

from __future__ import annotations

import cv2
import numpy as np

from tracker.box import Box
from tracker.drawing.draw import INK, WHITE, Colour, Image, draw_box, put_text, text_width
from tracker.drawing.panel import BACK, TEXT, shade

DIM = 0.55


def readout(box: Box) -> str:
    """Size and place of a box in words."""
    x, y, w, h = (round(value) for value in box.xywh)
    return f"{w} x {h}  at {x}, {y}"


def draw_selection(picture: Image, box: Box, colour: Colour, text: str, unit: int) -> None:
    """Draw a box with eight handles in place, all else dimmed; `text` is written at it. Pixels of the picture."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = (round(value) for value in box.xyxy)
    inside = picture[max(y1, 0) : y2, max(x1, 0) : x2].copy()
    np.copyto(picture, cv2.convertScaleAbs(picture, alpha=DIM))
    picture[max(y1, 0) : y2, max(x1, 0) : x2] = inside
    draw_box(picture, box, colour, 2)
    side = min(4, max(2, min(x2 - x1, y2 - y1) // 8))
    middle = min(x2 - x1, y2 - y1) >= 40
    xs, ys = (x1, (x1 + x2) // 2, x2 - 1), (y1, (y1 + y2) // 2, y2 - 1)
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            if (i, j) != (1, 1) and (middle or 1 not in (i, j)):
                cv2.rectangle(picture, (x - side - 1, y - side - 1), (x + side + 1, y + side + 1), INK, -1)
                cv2.rectangle(picture, (x - side, y - side), (x + side, y + side), WHITE, -1)
    pad = unit // 2
    w, h = text_width(text, unit) + 2 * pad, 2 * unit
    top = y2 + unit if y2 + unit + h <= height else y1 - unit - h
    top = top if top >= 0 else max(0, min(y1 + unit, height - h))
    left = max(0, min(x1, width - w))
    shade(picture, (left, top, w, h), BACK, 0.88, pad)
    put_text(picture, text, (left + pad, top + round(1.5 * unit)), unit, TEXT)


def draw_cross(picture: Image, x: int, y: int) -> None:
    """Thin lines through a place, over the whole picture, in place."""
    for ink, offset in ((INK, 1), (WHITE, 0)):
        cv2.line(picture, (x + offset, 0), (x + offset, picture.shape[0]), ink, 1)
        cv2.line(picture, (0, y + offset), (picture.shape[1], y + offset), ink, 1)
