"""Boxes and labels on frames: legible on any background, at any size, and to colour-blind eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.tracking import crop
from tracker.tracking.result import Result

Colour = tuple[int, int, int]
Image = NDArray[np.uint8]

# From the palette of Okabe and Ito, BGR. State is told by dashes as well as by colour.
SKY: Colour = (233, 180, 86)
ORANGE: Colour = (0, 159, 230)
WHITE: Colour = (255, 255, 255)
INK: Colour = (28, 24, 20)
FONT = cv2.FONT_HERSHEY_DUPLEX
FONT_HEIGHT = 21.0  # pixels of a capital of FONT at scale 1
FRACTION = 16  # OpenCV draws at 1/16 pixel with shift=4


@dataclass(frozen=True)
class Style:
    """Line widths and text heights in pixels."""

    line: int
    text: int

    @classmethod
    def for_frame(cls, width: int, height: int) -> Style:
        """In proportion to a frame of this size, never too small to read."""
        side = min(width, height)
        return cls(line=max(2, round(side / 200)), text=max(9, round(side / 42)))


def to_bgr8(image: NDArray[Any]) -> Image:
    """A new image `(H, W, 3)`, 8-bit BGR, of any frame that a tracker takes; ValueError for others."""
    crop.frame_size(image)
    return np.array(crop.to_bgr8(image), order="C")


def annotate(image: NDArray[Any], result: Result, label: str = "", note: str = "", style: Style | None = None) -> Image:
    """A copy of a frame as 8-bit BGR with the box, a plate with `label` and score, and the lost state.

    A lost target has a dashed box in another colour. `note` replaces the score, for frames without one.
    """
    canvas = to_bgr8(image)
    style = style or Style.for_frame(canvas.shape[1], canvas.shape[0])
    colour = ORANGE if result.lost else SKY
    draw_box(canvas, result.box, colour, style.line, dashed=result.lost)
    state = note or ("lost" if result.lost else f"{result.score:.2f}")
    draw_plate(canvas, f"{label} {state}".strip(), result.box, colour, style)
    return canvas


def annotate_all(
    image: NDArray[Any], marks: Sequence[tuple[str, Colour, Result]], corner: str = "", style: Style | None = None
) -> Image:
    """A copy of a frame as 8-bit BGR with the boxes of several targets: label, colour and result of each.

    A target that is tracked has a solid box, one that is uncertain a thin one, one that is lost a dashed one, and the
    plate says so. `corner` is written in the corner at the top left.
    """
    canvas = to_bgr8(image)
    style = style or Style.for_frame(canvas.shape[1], canvas.shape[0])
    for _, colour, result in marks:
        line = max(1, style.line // 2) if result.uncertain else style.line
        draw_box(canvas, result.box, colour, line, dashed=result.lost)
    for label, colour, result in marks:
        state = "" if result.state == "tracking" else f" {result.state}"
        score = "" if result.lost else f" {result.score:.2f}"
        draw_plate(canvas, f"{label}{state}{score}", result.box, colour, style)
    if corner:
        at = (style.text, 2 * style.text)
        for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            put_text(canvas, corner, (at[0] + x, at[1] + y), style.text, INK)
        put_text(canvas, corner, at, style.text, WHITE)
    return canvas


def draw_box(canvas: Image, box: Box, colour: Colour, line: int, dashed: bool = False) -> None:
    """Draw the outline of a box in place, at sub-pixel positions, with a dark edge that holds on bright ground."""
    height, width = canvas.shape[:2]
    limits = np.array([width, height, width, height], float)
    # A wild box must not overflow OpenCV's integers; one frame's size beyond the edge is out of sight.
    corners = np.clip(np.nan_to_num(np.array(box.xyxy) - [0, 0, 1, 1]), -limits, 2 * limits)
    x1, y1, x2, y2 = corners
    points = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    edges = list(zip(points, points[1:] + points[:1], strict=True))
    if dashed:
        edges = [dash for start, end in edges for dash in _dashes(start, end, 4.0 * line + 2)]
    halo = line + 2 * max(1, line // 3)
    for ink, thickness in ((INK, halo), (colour, line)):
        for start, end in edges:
            cv2.line(canvas, _fixed(start), _fixed(end), ink, thickness, cv2.LINE_AA, shift=4)


def _dashes(
    start: tuple[float, float], end: tuple[float, float], length: float
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """An odd number of equal pieces, every other one drawn, so that corners are always closed."""
    a, b = np.array(start), np.array(end)
    pieces = max(1, round(float(np.linalg.norm(b - a)) / length)) | 1
    cuts = [a + (b - a) * i / pieces for i in range(pieces + 1)]
    return [((p[0], p[1]), (q[0], q[1])) for p, q in zip(cuts[:-1:2], cuts[1::2], strict=True)]


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * FRACTION), round(point[1] * FRACTION)


def draw_plate(canvas: Image, text: str, box: Box, colour: Colour, style: Style) -> None:
    """Draw text on a filled plate above the box, below it where there is no room above, always inside the frame."""
    height, width = canvas.shape[:2]
    pad = max(3, round(style.text * 0.45))
    w, h = text_width(text, style.text) + 2 * pad, style.text + 2 * pad
    x1, y1, x2, y2 = np.nan_to_num(np.array(box.xyxy))
    left = round(min(max(x1 - style.line / 2, 0), max(0, width - w)))
    gap = style.line + 1
    top = y1 - h - gap if y1 - h - gap >= 0 else y2 + gap
    if not 0 <= top <= height - h:
        top = y1 + gap  # the box fills the frame: inside its top edge
    top = round(min(max(top, 0), max(0, height - h)))
    cv2.rectangle(canvas, (left, top), (left + w, top + h), INK, 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (left, top), (left + w, top + h), colour, -1, cv2.LINE_AA)
    put_text(canvas, text, (left + pad, top + pad + style.text), style.text, INK)


def put_text(canvas: Image, text: str, baseline: tuple[int, int], size: int, colour: Colour) -> int:
    """Write text in place with capitals of `size` pixels; `baseline` is its left end. Returns its width."""
    scale, thickness = size / FONT_HEIGHT, max(1, round(size / 20))
    cv2.putText(canvas, _whole(text), baseline, FONT, scale, colour, thickness, cv2.LINE_AA)
    return text_width(text, size)


def text_width(text: str, size: int) -> int:
    """Width in pixels of a text whose capitals are `size` pixels high."""
    return int(cv2.getTextSize(_whole(text), FONT, size / FONT_HEIGHT, max(1, round(size / 20)))[0][0])


def _whole(text: str) -> str:
    """A text without half characters, on which OpenCV crashes; names on the command line may have them."""
    return text.encode("utf-8", "replace").decode("utf-8")
