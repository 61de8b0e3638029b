"""Overlap of regions as VOT measures it: polygons are drawn on the pixel grid, and pixels are counted.

Corners are rounded to whole pixels, and of every row the pixels from the leftmost to the rightmost crossing count, both
included. A rectangle `x, y, w, h` is the polygon with corners `x, y` and `x + w, y + h`. All frames at once: each row
of pixels of each frame is one line of an array, with at most `k` crossings for `k` corners.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CHUNK = 400_000  # rows of pixels handled at once: tens of megabytes


def polygons(regions: Floats) -> Floats:
    """Corners (n, k, 2) of regions (n, 4) `x, y, w, h` or (n, 2k)."""
    if regions.shape[1] != 4:
        return regions.reshape(len(regions), -1, 2)
    x, y, w, h = regions.T
    return np.stack([x, y, x + w, y, x + w, y + h, x, y + h], axis=1).reshape(-1, 4, 2)


def rasterised_overlap(a: Floats, b: Floats, bounds: tuple[float, float] | None = None) -> Floats:
    """Intersection over union (n,) of regions drawn on the pixel grid.

    Args:
        a, b: regions (n, 4) or (n, 2k), pixels; a row with NaN in either gives NaN.
        bounds: width and height of the image in pixels, outside which nothing counts; None counts everything.
    """
    corners_a, corners_b = polygons(np.asarray(a, np.float64)), polygons(np.asarray(b, np.float64))
    out = np.full(len(corners_a), np.nan)
    known = np.isfinite(corners_a).all(axis=(1, 2)) & np.isfinite(corners_b).all(axis=(1, 2))
    # The reference computes in single precision; it decides which way a corner on a half pixel is rounded.
    first, second = corners_a[known].astype(np.float32), corners_b[known].astype(np.float32)
    values = np.zeros(len(first))
    if len(first):
        window, shared = _window(first, second, bounds)
        drawn = np.flatnonzero(shared)
        heights = window[drawn, 3]
        for part in np.split(drawn, _cuts(heights)):
            values[part] = _count(first[part], second[part], window[part])
    out[known] = values
    return out


def _cuts(heights: Ints) -> Ints:
    """Where to split frames so that the rows of each part are about CHUNK."""
    return np.flatnonzero(np.diff(np.cumsum(heights) // CHUNK)) + 1


def _window(a: NDArray[np.float32], b: NDArray[np.float32], bounds: tuple[float, float] | None) -> tuple[Ints, NDArray]:
    """The pixels that each pair is drawn on, `left, top, width, height` (n, 4), and whether they can overlap (n,)."""
    edges = []
    for corners in (a, b):
        low, high = np.floor(corners.min(axis=1)), np.ceil(corners.max(axis=1))
        if bounds is not None:
            low, high = np.maximum(low, 0), np.minimum(high, np.array(bounds, np.float32) - 1)
        edges.append((low, high))
    (low_a, high_a), (low_b, high_b) = edges
    area_a, area_b = np.prod(high_a - low_a, axis=1), np.prod(high_b - low_b, axis=1)
    common = np.minimum(high_a, high_b) - np.maximum(low_a, low_b)
    corner = np.minimum(low_a, low_b)
    size = np.maximum(high_a, high_b) - corner + 1
    # Boxes that only touch share a row or column of pixels when drawn, but count as apart; so do sizes absurdly unlike.
    alike = (area_a >= 1e-10 * area_b) & (area_b >= 1e-10 * area_a) & (area_a > 0) & (area_b > 0)
    shared = alike & (common > 0).all(axis=1) & (size >= 1).all(axis=1) & (size < 1e5).all(axis=1)
    window = np.where(shared[:, None], np.concatenate([corner, size], axis=1), 0)
    return window.astype(np.int64), shared


def _count(a: NDArray[np.float32], b: NDArray[np.float32], window: Ints) -> Floats:
    """Overlap of each pair by counting pixels."""
    heights = window[:, 3]
    frame = np.repeat(np.arange(len(a)), heights)
    row = np.arange(len(frame)) - np.repeat(np.cumsum(heights) - heights, heights)
    offset = window[:, None, :2].astype(np.float32)
    spans = [_spans(corners - offset, frame, row, window[:, 2]) for corners in (a, b)]
    sizes = [np.bincount(frame, (end - start).sum(axis=1), len(a)) for start, end in spans]
    (start_a, end_a), (start_b, end_b) = spans
    common = np.minimum(end_a[:, :, None], end_b[:, None, :]) - np.maximum(start_a[:, :, None], start_b[:, None, :])
    both = np.bincount(frame, np.clip(common, 0, None).sum(axis=(1, 2)), len(a))
    union = sizes[0] + sizes[1] - both
    return np.divide(both, union, out=np.zeros(len(a)), where=union > 0)


def _spans(corners: NDArray[np.float32], frame: Ints, row: Ints, widths: Ints) -> tuple[Ints, Ints]:
    """Runs of drawn pixels, `start` and `end` (rows, runs) with the end left out; an unused run is empty.

    `corners` (n, k, 2) count from the window's corner; `frame` and `row` (rows,) say which line of pixels each is.
    """
    exact = corners.astype(np.float64)
    whole = np.trunc(exact + np.copysign(0.5, exact))
    simple = _convex(whole)
    if simple.all():
        return _one_run(whole, frame, row, widths)
    easy = simple[frame]
    start, end = (np.zeros((len(row), corners.shape[1] // 2), np.int64) for _ in range(2))
    for lines, draw in ((np.flatnonzero(easy), _one_run), (np.flatnonzero(~easy), _many_runs)):
        low, high = draw(whole, frame[lines], row[lines], widths)
        start[lines, : low.shape[1]], end[lines, : low.shape[1]] = low, high
    return start, end


def _convex(corners: Floats) -> NDArray[np.bool_]:
    """Which polygons (n, k, 2) surely are convex: four corners that all turn the same way."""
    if corners.shape[1] != 4:
        return np.zeros(len(corners), bool)
    edge = np.roll(corners, -1, axis=1) - corners
    after = np.roll(edge, -1, axis=1)
    turn = edge[..., 0] * after[..., 1] - edge[..., 1] * after[..., 0]
    return np.asarray((turn > 0).all(axis=1) | (turn < 0).all(axis=1))


def _one_run(corners: Floats, frame: Ints, row: Ints, widths: Ints) -> tuple[Ints, Ints]:
    """Runs (rows, 1) of convex polygons: from the first to the last crossing, nothing where these are one."""
    low, high = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for i in range(corners.shape[1]):
        (x, y), (x_before, y_before) = corners[:, i].T, corners[:, i - 1].T
        rise, run = y_before - y, x_before - x
        if not rise.any():
            continue
        top, bottom = np.minimum(y, y_before)[frame], np.maximum(y, y_before)[frame]
        nodes = x[frame]
        if run.any():
            with np.errstate(divide="ignore", invalid="ignore"):
                nodes = np.trunc(nodes + (row - y[frame]) / rise[frame] * run[frame])
        crossed = (top <= row) & (row <= bottom) & (top < bottom)
        np.minimum(low, nodes, out=low, where=crossed)
        np.maximum(high, nodes, out=high, where=crossed)
    drawn, limit = low < high, widths[frame]
    start = np.clip(np.where(drawn, low, 0), 0, limit).astype(np.int64)
    end = np.clip(np.where(drawn, high + 1, 0), start, limit).astype(np.int64)
    return start[:, None], end[:, None]


def _many_runs(corners: Floats, frame: Ints, row: Ints, widths: Ints) -> tuple[Ints, Ints]:
    """Runs (rows, k // 2) of any polygons: from one crossing to the next, in pairs."""
    nodes = _crossings(corners[frame], row[:, None])
    count = np.isfinite(nodes).sum(axis=1)
    limit = widths[frame]
    most = nodes.shape[1]
    start, end = (np.zeros((len(row), most // 2), np.int64) for _ in range(2))
    at, used, lines = np.zeros(len(row), np.int64), np.zeros(len(row), np.int64), np.arange(len(row))
    for _ in range(most - 1):
        here, there = nodes[lines, np.minimum(at, most - 1)], nodes[lines, np.minimum(at + 1, most - 1)]
        open_ = at < count - 1
        fill = open_ & (here != there)  # two equal crossings are one corner on this row
        low = np.clip(np.where(fill, here, 0), 0, limit).astype(np.int64)
        high = np.clip(np.where(fill, there, -1) + 1, 0, limit).astype(np.int64)
        chosen = np.flatnonzero(fill)
        slot = used[chosen]
        before = np.where(slot > 0, end[chosen, np.maximum(slot - 1, 0)], 0)
        start[chosen, slot] = np.maximum(low[chosen], before)  # runs that share a pixel count it once
        end[chosen, slot] = np.maximum(high[chosen], start[chosen, slot])
        used += fill
        at += np.where(fill, 2, 1)
    return start, end


def _crossings(corners: Floats, row: Ints) -> Floats:
    """Sorted columns (rows, k) where the edges of polygons (rows, k, 2) cross their row; NaN, last, where none."""
    x, y = corners[..., 0], corners[..., 1]
    x_before, y_before = np.roll(x, 1, axis=1), np.roll(y, 1, axis=1)
    rise = y_before - y
    crossed = (np.minimum(y, y_before) <= row) & (row <= np.maximum(y, y_before)) & (rise != 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        nodes = np.trunc(x + (row - y) / rise * (x_before - x))
    return np.sort(np.where(crossed, nodes, np.nan), axis=1)
