"""VOT's supervised protocol: accuracy, robustness, expected average overlap (Kristan et al., TPAMI 2016).

A result has one row a frame: one number is a code (1 initialised, 2 failed, 0 skipped), anything else a region.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.evaluation.measures.overlap import rasterised_overlap

Floats = NDArray[np.float64]
INITIALISED, FAILED = 1.0, 2.0
BURN_IN = 10  # frames from each initialisation on that accuracy leaves out
SKIP = 5  # frames from a failure to the next initialisation


@dataclass(frozen=True)
class Run:
    """One repetition over one sequence: overlaps (n,), NaN where there is no region, and the codes (n,), NaN else."""

    overlaps: Floats
    codes: Floats

    @property
    def failures(self) -> NDArray[np.intp]:
        """Frames where the target was lost."""
        return np.flatnonzero(self.codes == FAILED)


@dataclass(frozen=True)
class Supervised:
    """Metrics of one sequence, over its repetitions."""

    overlaps: Floats
    failures: float
    runs: tuple[Run, ...]

    @property
    def accuracy(self) -> float:
        """Mean overlap of the frames that count; NaN where none does."""
        return float(np.nanmean(self.overlaps)) if np.isfinite(self.overlaps).any() else float("nan")


def compare(rows: Many[Many[float]], truth: Floats, bounds: tuple[float, float] | None = None) -> Run:
    """Overlaps of one result with ground truth (n, 4) or (n, 2k).

    `bounds`: width and height of the image, outside which nothing counts; None counts everything. Raises ValueError if
    the rows are not as many as the frames, or a row is neither a code nor a region.
    """
    if len(rows) != len(truth):
        raise ValueError(f"{len(rows)} rows for {len(truth)} frames")
    sizes = np.array([len(row) for row in rows])
    if odd := set(sizes.tolist()) - {1, 4, *range(6, 100, 2)}:
        line = int(np.flatnonzero(sizes == min(odd))[0]) + 1
        raise ValueError(f"line {line}: expected a code, x,y,w,h or a polygon, got {min(odd)} numbers")
    codes, overlaps = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for size in np.unique(sizes):
        at = np.flatnonzero(sizes == size)
        values = np.array([rows[i] for i in at.tolist()], dtype=np.float64)
        if size == 1:
            codes[at] = values[:, 0]
        else:
            overlaps[at] = rasterised_overlap(truth[at], values, bounds)
    return Run(overlaps, codes)


def supervised(runs: Many[Run], burn_in: int = BURN_IN) -> Supervised:
    """Metrics of one sequence: overlap of each frame, averaged over the repetitions in which it counts."""
    counted = [_after_burn_in(run, burn_in) for run in runs]
    table = np.array(counted)
    seen = np.isfinite(table)
    total, times = np.where(seen, table, 0).sum(axis=0), seen.sum(axis=0)
    overlaps = np.divide(total, times, out=np.full(table.shape[1], np.nan), where=times > 0)
    return Supervised(overlaps, float(np.mean([len(run.failures) for run in runs])), tuple(runs))


def _after_burn_in(run: Run, burn_in: int) -> Floats:
    out = run.overlaps.copy()
    for start in np.flatnonzero(run.codes == INITIALISED):
        out[start : start + burn_in] = np.nan
    return out


def accuracy(parts: Many[Supervised]) -> float | None:
    """Mean overlap over all frames of all sequences, pooled; None where no frame counts."""
    overlaps = np.concatenate([part.overlaps for part in parts])
    return float(np.nanmean(overlaps)) if np.isfinite(overlaps).any() else None


def robustness(parts: Many[Supervised]) -> float:
    """Failures in a hundred frames."""
    return 100 * sum(part.failures for part in parts) / sum(len(part.overlaps) for part in parts)


def on_frames(parts: Many[tuple[Supervised, NDArray[np.bool_]]]) -> dict[str, float | None]:
    """Accuracy, robustness and failures over the marked frames (n,) of each sequence: those of an attribute.

    A failure belongs to the frame that it happens in.
    """
    overlaps = np.concatenate([part.overlaps[marked] for part, marked in parts])
    failures = sum(float(np.mean([marked[run.failures].sum() for run in part.runs])) for part, marked in parts)
    seen = bool(np.isfinite(overlaps).any())
    return {
        "accuracy": float(np.nanmean(overlaps)) if seen else None,
        "robustness": 100 * failures / len(overlaps) if len(overlaps) else None,
        "failures": failures,
        "frames": len(overlaps),
    }


def expected_overlap(parts: Many[Supervised]) -> Floats:
    """Expected average overlap of runs of each length: index i is for i + 1 frames, NaN where there are none so long.

    Fragments begin at the first frame and five frames after each failure. One that ends in a failure goes on as zeros
    for ever; the last of a sequence ends where the sequence does. The first frame of a fragment does not count.
    """
    fragments = [piece for part in parts for run in part.runs for piece in _fragments(run, 1 / len(part.runs))]
    longest = max(len(run.overlaps) for part in parts for run in part.runs)
    sums, weights = np.zeros(longest), np.zeros(longest)
    for values, endless, weight in fragments:
        length = longest if endless else len(values)
        padded = np.zeros(length)
        padded[: len(values)] = values
        padded[:1] = 0
        sums[:length] += weight * np.cumsum(padded)
        weights[:length] += weight
    lengths = np.maximum(np.arange(longest), 1)
    curve = np.divide(sums, weights * lengths, out=np.full(longest, np.nan), where=weights > 0)
    curve[0] = 1.0
    return curve


def _fragments(run: Run, weight: float) -> list[tuple[Floats, bool, float]]:
    """Overlaps of each fragment, whether it goes on as zeros, and its weight."""
    overlaps = np.nan_to_num(run.overlaps)
    starts = [0, *(int(f) + SKIP for f in run.failures if f + SKIP <= len(overlaps))]
    pieces = []
    for start, after in zip(starts, [*starts[1:], None], strict=True):
        end = len(overlaps) if after is None else after + 1
        values = overlaps[start:end]
        if len(values):
            # One whose new start would be just behind the last frame lacks that frame, and weighs less for it.
            pieces.append((values, after is not None, weight * len(values) / (end - start)))
    return pieces


def eao(curve: Floats, window: tuple[int, int]) -> float:
    """Mean of the curve over lengths `low..high` in frames, both included. NaN where no run is so long."""
    low, high = window
    part = curve[low - 1 : high]
    return float(np.nanmean(part)) if np.isfinite(part).any() else float("nan")
