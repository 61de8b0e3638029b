"""Boxes of COCO annotations that have a mask only: polygons, and run lengths, plain or packed."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracker.box import Box

BoxValues = tuple[float, float, float, float]


def box_of(annotation: dict[str, Any]) -> BoxValues | None:
    """x, y, w, h of an annotation: its `bbox`, or that of its `segmentation`; None where it has neither.

    Raises ValueError, TypeError or KeyError where they are damaged.
    """
    box = annotation.get("bbox")
    if box:
        x, y, w, h = (float("nan") if v is None else float(v) for v in box)
        return x, y, w, h
    mask = annotation.get("segmentation")
    if not mask:
        return None
    if isinstance(mask, dict):
        height, width = mask["size"]
        counts = mask["counts"]
        runs = unpack(counts) if isinstance(counts, str) else [int(c) for c in counts]
        return box_of_runs(runs, int(height), int(width))
    return Box.from_polygon([value for polygon in mask for value in polygon]).xywh


def box_of_runs(runs: list[int], height: int, width: int) -> BoxValues | None:
    """Box around a mask of alternating run lengths, background first, down the columns; None if it is empty."""
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise ValueError(f"run lengths of a mask do not add up to {height}x{width}")
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T
    ys, xs = np.flatnonzero(values.any(1)), np.flatnonzero(values.any(0))
    if not len(xs):
        return None
    return float(xs[0]), float(ys[0]), float(xs[-1] - xs[0] + 1), float(ys[-1] - ys[0] + 1)


def unpack(text: str) -> list[int]:
    """Run lengths from COCO's packed text: groups of five bits, low ones first, 48 added; from the fourth on each is
    the difference to the last but one."""
    runs: list[int] = []
    value = shift = 0
    for byte in text.encode("ascii"):
        part = byte - 48
        value |= (part & 31) << shift
        shift += 5
        if not part & 32:
            if part & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs
