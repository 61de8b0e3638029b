"""Several targets on a picture: outlines that tell the state without colour, plates that keep clear of one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.drawing.draw import FRACTION, INK, WHITE, Colour, Image, Style, draw_box, put_text, text_width
from tracker.drawing.panel import elide

MAP_OPACITY = 0.75  # of the highest score

Rect = tuple[int, int, int, int]  # left, top, width, height


@dataclass(frozen=True)
class Mark:
    """A target as it is drawn: `box` in pixels of the picture, `state` tracking, uncertain or lost."""

    label: str
    colour: Colour
    box: Box
    score: float | None = None
    state: str = "tracking"
    active: bool = False

    def text(self, size: int, room: int) -> str:
        """What its plate says, with capitals of `size` pixels, in `room` pixels if the label can be made so short."""
        state = "" if self.state == "tracking" else f"{self.state} "
        score = "" if self.score is None or self.state == "lost" else f"{self.score:.2f}"
        told = f"  {state}{score}".rstrip()
        return (elide(self.label, size, room - text_width(told, size)) + told).strip()


def draw_marks(canvas: Image, marks: Sequence[Mark], style: Style | None = None) -> None:
    """Draw targets in place: solid where tracked, dotted where uncertain, dashed where lost; the active one last.

    Every target has a plate at its box, where it covers other boxes and plates least.
    """
    style = style or Style.for_frame(canvas.shape[1], canvas.shape[0])
    marks = sorted(marks, key=lambda mark: mark.active)
    for mark in marks:
        draw_outline(canvas, mark.box, mark.colour, style.line, mark.state)
        if mark.active:
            draw_corners(canvas, mark.box, style.line)
    size = (canvas.shape[1], canvas.shape[0])
    texts = [mark.text(style.text, size[0] - 2 * _pad(style)) for mark in marks]
    plates = place_plates([m.box for m in marks], [plate_size(t, style) for t in texts], size, 2 * style.line + 2)
    for mark, text, plate in zip(marks, texts, plates, strict=True):
        _draw_plate(canvas, mark, text, plate, style)


def draw_outline(canvas: Image, box: Box, colour: Colour, line: int, state: str) -> None:
    """The outline of a box in place, as its state asks for."""
    if state != "uncertain":
        draw_box(canvas, box, colour, line, dashed=state == "lost")
        return
    height, width = canvas.shape[:2]
    limits = np.array([width, height, width, height], float)
    x1, y1, x2, y2 = np.clip(np.nan_to_num(np.array(box.xyxy) - [0, 0, 1, 1]), -limits, 2 * limits)
    radius = 0.5 * line + 0.6
    dots = []
    for (ax, ay), (bx, by) in (((x1, y1), (x2, y1)), ((x2, y1), (x2, y2)), ((x2, y2), (x1, y2)), ((x1, y2), (x1, y1))):
        count = max(1, round(float(np.hypot(bx - ax, by - ay)) / (3.2 * line + 2)))
        dots += [(ax + (bx - ax) * i / count, ay + (by - ay) * i / count) for i in range(count)]
    for ink, r in ((INK, radius + 1), (colour, radius)):
        for x, y in dots:
            cv2.circle(canvas, _fixed(x, y), round(r * FRACTION), ink, -1, cv2.LINE_AA, shift=4)


def draw_corners(canvas: Image, box: Box, line: int) -> None:
    """White marks around the corners of a box, in place."""
    gap, length = 2 * line + 1, max(6.0, min(7.0 * line, 0.35 * min(box.w, box.h) + 2 * line))
    x1, y1, x2, y2 = np.clip(np.nan_to_num(np.array(box.xyxy) + [-gap, -gap, gap - 1, gap - 1]), -1e4, 1e5)
    for ink, thickness in ((INK, line + 2), (WHITE, line)):
        for x, dx in ((x1, length), (x2, -length)):
            for y, dy in ((y1, length), (y2, -length)):
                for end in ((x + dx, y), (x, y + dy)):
                    cv2.line(canvas, _fixed(x, y), _fixed(*end), ink, thickness, cv2.LINE_AA, shift=4)


def plate_size(text: str, style: Style) -> tuple[int, int]:
    """Width and height of a plate with this text, pixels."""
    pad = _pad(style)
    return text_width(text, style.text) + 2 * pad, style.text + 2 * pad


def place_plates(
    boxes: Sequence[Box], sizes: Sequence[tuple[int, int]], picture: tuple[int, int], gap: int
) -> list[Rect]:
    """Where the plates of boxes go in a picture of this width and height, `gap` pixels from their boxes.

    The last one chooses first; each takes the place that covers the least of earlier plates, then of other boxes, in
    the order above, below, to the right, to the left, inside, beginning with its left edge.
    """
    taken: list[Rect] = []
    places: list[Rect] = [(0, 0, 0, 0)] * len(boxes)
    rects = [_rect(box) for box in boxes]
    for i in reversed(range(len(boxes))):
        others = rects[:i] + rects[i + 1 :]
        candidates = list(_candidates(rects[i], sizes[i], picture, gap))
        # What comes later in the order must save a little, or plates would jump from side to side.
        cost = [
            sum(_shared(place, box) for box in others)
            + 8 * sum(_shared(place, plate) for plate in taken)
            + 0.03 * n * sizes[i][0] * sizes[i][1]
            for n, place in enumerate(candidates)
        ]
        places[i] = candidates[int(np.argmin(cost))]
        taken.append(places[i])
    return places


def draw_trail(canvas: Image, points: Sequence[tuple[float, float] | None], colour: Colour, line: int) -> None:
    """The way of a target in place, newest point last, fading backwards; None is a gap."""
    count = len(points)
    for i, (start, end) in enumerate(zip(points, points[1:], strict=False)):
        if start is None or end is None:
            continue
        share = (i + 1) / count
        faded = tuple(round(c * (0.35 + 0.65 * share)) for c in colour)
        thickness = max(1, round(line * (0.4 + 0.6 * share)))
        cv2.line(canvas, _fixed(*start), _fixed(*end), faded, thickness, cv2.LINE_AA, shift=4)


def draw_map(canvas: Image, scores: NDArray[Any], place: Box) -> None:
    """Blend a map of scores, 0..1, over its place in the picture; the higher a score, the less shows through."""
    height, width = canvas.shape[:2]
    x1, y1, x2, y2 = (round(value) for value in np.clip(np.nan_to_num(place.xyxy), -1e4, 1e5).tolist())
    left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    if right <= left or bottom <= top:
        return
    # Only the part in sight is sampled: the whole place may be many times as large as the picture.
    xs = (np.arange(left, right) + 0.5 - x1) / (x2 - x1) * scores.shape[1] - 0.5
    ys = (np.arange(top, bottom) + 0.5 - y1) / (y2 - y1) * scores.shape[0] - 0.5
    x, y = np.meshgrid(xs.astype(np.float32), ys.astype(np.float32))
    part = cv2.remap(scores.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    part = np.clip(np.nan_to_num(part), 0, 1)
    heat = cv2.applyColorMap((part * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    alpha = (MAP_OPACITY * (0.15 + 0.85 * part)).astype(np.float32)
    region = canvas[top:bottom, left:right]
    region[:] = cv2.blendLinear(np.ascontiguousarray(region), heat, 1 - alpha, alpha)
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), WHITE, 1)


def _draw_plate(canvas: Image, mark: Mark, text: str, plate: Rect, style: Style) -> None:
    """A filled plate with dark text; of a lost target a dark one with an edge in its colour."""
    x, y, w, h = plate
    lost = mark.state == "lost"
    cv2.rectangle(canvas, (x - 1, y - 1), (x + w, y + h), INK, -1)
    if not lost:
        cv2.rectangle(canvas, (x, y), (x + w - 1, y + h - 1), mark.colour, -1)
    else:
        cv2.rectangle(canvas, (x, y), (x + w - 1, y + h - 1), mark.colour, max(1, style.line // 2))
    pad = _pad(style)
    dark = lost or sum(c * k for c, k in zip(mark.colour, (0.11, 0.59, 0.30), strict=True)) < 100
    put_text(canvas, text, (x + pad, y + pad + style.text), style.text, WHITE if dark else INK)


def _candidates(box: Rect, size: tuple[int, int], picture: tuple[int, int], gap: int) -> Iterable[Rect]:
    x, y, bw, bh = box
    w, h = size
    right, above, below = x + bw - w, y - gap - h, y + bh + gap
    wishes = [(x, above), (right, above), (x, below), (right, below)]
    wishes += [(x + bw + gap, y), (x - gap - w, y), (x + bw + gap, y + bh - h), (x - gap - w, y + bh - h)]
    inside = [(x + gap, y + gap), (x + gap, y + bh - h - gap)]
    fitting = [(a, b) for a, b in wishes if 0 <= b <= picture[1] - h]
    for a, b in [*fitting, *inside]:
        yield max(0, min(a, picture[0] - w)), max(0, min(b, picture[1] - h)), w, h


def _shared(a: Rect, b: Rect) -> int:
    """Pixels that two rectangles share."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(w, 0) * max(h, 0)


def _rect(box: Box) -> Rect:
    x, y, w, h = np.clip(np.nan_to_num(box.xywh), -1e5, 1e5).round().astype(int).tolist()
    return x, y, w, h


def _pad(style: Style) -> int:
    return max(3, round(style.text * 0.45))


def _fixed(x: float, y: float) -> tuple[int, int]:
    return round(x * FRACTION), round(y * FRACTION)
