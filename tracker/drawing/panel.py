"""Bars, key caps and panels: the parts of a window that are not the picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tracker.drawing.draw import INK, Colour, Image, put_text, text_width

BACK: Colour = (38, 32, 28)
CAP: Colour = (86, 76, 68)
TEXT: Colour = (242, 238, 234)
QUIET: Colour = (186, 178, 170)
ALERT: Colour = (0, 159, 230)
RED: Colour = (70, 70, 235)

Hint = tuple[str, str]  # keys, separated by blanks, and what they do


def elide(text: str, size: int, room: int) -> str:
    """A text that fits in `room` pixels: its middle left out where it is longer."""
    keep = len(text)
    short = text
    while keep > 2 and text_width(short, size) > room:
        keep -= 1
        short = text[: (keep + 1) // 2] + "..." + text[len(text) - keep // 2 :]
    return short


def shade(canvas: Image, rect: tuple[int, int, int, int], colour: Colour, opacity: float, radius: int) -> None:
    """A filled rectangle left, top, width, height with round corners in place, through which the picture shows."""
    x, y, w, h = rect
    x1, y1 = min(x + w, canvas.shape[1]), min(y + h, canvas.shape[0])
    x, y = max(x, 0), max(y, 0)
    if x1 <= x or y1 <= y:
        return
    region = canvas[y:y1, x:x1]
    filled = region.copy()
    _round(filled, (0, 0, x1 - x, y1 - y), colour, radius)
    region[:] = cv2.addWeighted(filled, opacity, region, 1 - opacity, 0)


def _round(canvas: Image, rect: tuple[int, int, int, int], colour: Colour, radius: int) -> None:
    x, y, w, h = rect
    r = min(radius, w // 2, h // 2)
    cv2.rectangle(canvas, (x + r, y), (x + w - 1 - r, y + h - 1), colour, -1)
    cv2.rectangle(canvas, (x, y + r), (x + w - 1, y + h - 1 - r), colour, -1)
    for cx in (x + r, x + w - 1 - r):
        for cy in (y + r, y + h - 1 - r):
            cv2.circle(canvas, (cx, cy), r, colour, -1, cv2.LINE_AA)


def draw_cap(canvas: Image, key: str, x: int, baseline: int, unit: int) -> int:
    """A key cap in place, left edge and baseline of its text given. Returns its width."""
    pad = round(unit * 0.6)
    width = cap_width(key, unit)
    top, height = baseline - unit - pad, unit + 2 * pad
    _round(canvas, (x, top, width, height), CAP, max(2, unit // 3))
    put_text(canvas, key, (x + (width - text_width(key, unit)) // 2, baseline), unit, TEXT)
    return width


def cap_width(key: str, unit: int) -> int:
    """Width of a key cap, never narrower than high."""
    pad = round(unit * 0.6)
    return max(text_width(key, unit), unit) + 2 * pad


def hint_width(hint: Hint, unit: int) -> int:
    """Width of key caps and what they do."""
    keys, text = hint
    caps = sum(cap_width(key, unit) + unit // 2 for key in keys.split())
    return caps + text_width(text, unit)


def draw_hint(canvas: Image, hint: Hint, x: int, baseline: int, unit: int) -> int:
    """Key caps and what they do, in place. Returns where it ends."""
    keys, text = hint
    for key in keys.split():
        x += draw_cap(canvas, key, x, baseline, unit) + unit // 2
    return x + put_text(canvas, text, (x, baseline), unit, QUIET)


def draw_hints(bar: Image, hints: Sequence[Hint], unit: int, rows: int = 1) -> None:
    """As many hints as fit into the rows of a bar, in place, the first ones first."""
    x, row = unit, 0
    for hint in hints:
        width = hint_width(hint, unit)
        if x + width > bar.shape[1] - unit and x > unit:
            x, row = unit, row + 1
        if row >= rows or x + width > bar.shape[1] - unit // 2:
            return
        x = draw_hint(bar, hint, x, row_baseline(bar, row, rows, unit), unit) + round(unit * 1.8)


def row_baseline(bar: Image, row: int, rows: int, unit: int) -> int:
    """Baseline of the text of one of the rows of a bar."""
    pitch = bar.shape[0] / rows
    return round(pitch * (row + 0.5) + unit / 2)


def draw_status(
    bar: Image, words: Sequence[str], unit: int, *, paused: bool = False, alert: str = "", recording: bool = False
) -> None:
    """The line below a running picture, in place: `words` as far as they fit, `alert`, and the help key."""
    baseline, gap = row_baseline(bar, 0, 1, unit), round(unit * 1.8)
    help_key: Hint = ("h", "keys")
    right = bar.shape[1] - unit - hint_width(help_key, unit)
    draw_hint(bar, help_key, right, baseline, unit)
    right -= gap
    for text, colour in ((alert, ALERT), ("REC" if recording else "", RED)):
        if text:
            width = text_width(text, unit) + 2 * unit
            right -= width
            _round(bar, (right, baseline - round(1.6 * unit), width, round(2.2 * unit)), colour, unit // 2)
            put_text(bar, text, (right + unit, baseline), unit, INK if colour == ALERT else TEXT)
            right -= unit
    _draw_running(bar, unit, baseline, paused)
    x = unit * 3
    for i, text in enumerate(words):
        if x + text_width(text, unit) > right:
            return
        x += put_text(bar, text, (x, baseline), unit, QUIET if i else TEXT) + gap


def _draw_running(bar: Image, unit: int, baseline: int, paused: bool) -> None:
    """A triangle, or two bars where it is paused."""
    top = baseline - unit
    if not paused:
        corners = np.array([(unit, top), (unit, baseline), (2 * unit, (top + baseline) // 2)], np.int32)
        cv2.fillPoly(bar, [corners], TEXT, cv2.LINE_AA)
        return
    third = max(2, unit // 3)
    for x in (unit, 2 * unit - third):
        cv2.rectangle(bar, (x, top), (x + third - 1, baseline), TEXT, -1)


def draw_toast(picture: Image, text: str, unit: int, colour: Colour = TEXT) -> None:
    """A message at the bottom of a picture, in place."""
    pad = unit
    text = elide(text, unit, picture.shape[1] - 4 * pad)
    width, height = text_width(text, unit) + 2 * pad, 3 * unit
    x, y = (picture.shape[1] - width) // 2, picture.shape[0] - height - unit
    shade(picture, (x, y, width, height), BACK, 0.88, unit)
    put_text(picture, text, (x + pad, y + 2 * unit), unit, colour)


def draw_field(picture: Image, title: str, text: str, unit: int, colour: Colour) -> None:
    """A line in which `text` is typed, at the bottom of a picture, in place; its end where it is longer."""
    pad = 2 * unit
    width = min(picture.shape[1] - pad, max(30 * unit, text_width(title, unit) + 2 * pad))
    height = round(7.2 * unit)
    x, y = (picture.shape[1] - width) // 2, picture.shape[0] - height - unit
    shade(picture, (x, y, width, height), BACK, 0.93, unit)
    put_text(picture, elide(title, unit, width - 2 * pad), (x + pad, y + round(2.4 * unit)), unit, QUIET)
    room = width - 2 * pad - unit
    while text and text_width(text, unit) > room:
        text = text[1:]
    left, baseline = x + pad, y + round(5 * unit)
    end = left + (put_text(picture, text, (left, baseline), unit, TEXT) if text else 0) + max(2, unit // 4)
    cv2.line(picture, (end, baseline - round(1.3 * unit)), (end, baseline + unit // 3), TEXT, max(1, unit // 8))
    underline = baseline + round(0.8 * unit)
    cv2.line(picture, (left, underline), (x + width - pad, underline), colour, max(2, unit // 5))


def draw_keys(picture: Image, groups: Sequence[tuple[str, Sequence[Hint]]], unit: int) -> None:
    """A panel of keys in the middle of a picture, in place: groups with their titles, in two columns."""
    pitch, gap = round(unit * 2.7), round(unit * 1.1)
    columns = _columns(groups)
    keys = max(sum(cap_width(k, unit) + unit // 2 for k in hint[0].split()) for _, hints in groups for hint in hints)
    texts = max(text_width(hint[1], unit) for _, hints in groups for hint in hints)
    width = keys + unit + texts
    heights = [sum(pitch * (1 + len(hints)) + gap for _, hints in column) - gap for column in columns]
    total_w = len(columns) * width + (len(columns) + 1) * 2 * unit
    total_h = max(heights) + 3 * unit
    left, top = max(0, (picture.shape[1] - total_w) // 2), max(0, (picture.shape[0] - total_h) // 2)
    shade(picture, (left, top, total_w, total_h), BACK, 0.93, unit)
    for i, column in enumerate(columns):
        x, y = left + 2 * unit + i * (width + 2 * unit), top + round(1.5 * unit)
        for title, hints in column:
            put_text(picture, title, (x, y + round(1.6 * unit)), unit, ALERT)
            y += pitch
            for caps, text in hints:
                baseline = y + round(1.6 * unit)
                at = x
                for key in caps.split():
                    at += draw_cap(picture, key, at, baseline, unit) + unit // 2
                put_text(picture, text, (x + keys + unit, baseline), unit, TEXT)
                y += pitch
            y += gap


def _columns(groups: Sequence[tuple[str, Sequence[Hint]]]) -> list[list[tuple[str, Sequence[Hint]]]]:
    """Groups in two columns of about the same height, in their order."""
    lengths = np.cumsum([len(hints) + 1.5 for _, hints in groups])
    cut = int(np.argmin(np.abs(lengths - lengths[-1] / 2))) + 1
    return [column for column in (list(groups[:cut]), list(groups[cut:])) if column]
