"""One-pass metrics: success, precision, normalised precision, SR, AO. Every frame of a sequence at once.

OTB (Wu et al., TPAMI 2015) defines success and precision, TrackingNet (Mueller et al., ECCV 2018) normalised precision,
GOT-10k (Huang et al., TPAMI 2021) AO and SR. The three treatments of frames whose ground truth is invalid (not finite,
or of no size) differ only in what such a frame counts as.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.box import iou

Floats = NDArray[np.float64]

# Sums of 0.05 (as arange makes them), because published tools compare with exactly these numbers: an overlap of
# precisely 0.15 exceeds 0.15 but not 0.15000000000000002.
OVERLAPS: Floats = np.arange(0, 1.05, 0.05)
PIXELS: Floats = np.arange(0, 51, dtype=np.float64)
NORMALISED: Floats = np.arange(0, 51, dtype=np.float64) / 100
INVALID = ("pysot", "got10k", "drop")
PRECISION_AT = 20
_SPLITS = np.cumsum([len(OVERLAPS), len(PIXELS), len(NORMALISED)])


@dataclass(frozen=True)
class OnePass:
    """Metrics of one sequence, or their means over sequences.

    `success_curve` over OVERLAPS, `precision_curve` over PIXELS, `norm_curve` over NORMALISED; all values are 0..1.
    `counted` is the number of frames that AO and SR are means over.
    """

    success_curve: Floats
    precision_curve: Floats
    norm_curve: Floats
    ao: float
    sr50: float
    sr75: float
    counted: int = 0

    @cached_property
    def row(self) -> Floats:
        """All values one behind the other, as means are taken of them."""
        return np.concatenate(
            [self.success_curve, self.precision_curve, self.norm_curve, [self.ao, self.sr50, self.sr75]]
        )

    @property
    def success(self) -> float:
        """Area under the success curve: its mean over the 21 thresholds."""
        return float(self.success_curve.mean())

    @property
    def precision(self) -> float:
        """Share of frames whose centre error is at most 20 pixels."""
        return float(self.precision_curve[PRECISION_AT])

    @property
    def norm_precision(self) -> float:
        """Area under the normalised precision curve, thresholds 0..0.5."""
        return float(self.norm_curve.mean())

    def figures(self) -> dict[str, float]:
        """The single numbers by name."""
        names = ("success", "precision", "norm_precision", "ao", "sr50", "sr75")
        return {name: float(getattr(self, name)) for name in names}


def valid(truth: Floats) -> NDArray[np.bool_]:
    """Rows (n,) of boxes (n, 4) that are finite and of positive size."""
    with np.errstate(invalid="ignore"):
        sized = (truth[:, 2] > 0) & (truth[:, 3] > 0)
    return np.asarray(sized if np.isfinite(truth).all() else sized & np.isfinite(truth).all(axis=1))


def centre_errors(truth: Floats, boxes: Floats) -> Floats:
    """Distances (n,) in pixels between the centres of boxes `x, y, w, h` (n, 4)."""
    away = _away(truth, boxes)
    return np.asarray(np.hypot(away[:, 0], away[:, 1]))


def _away(truth: Floats, boxes: Floats) -> Floats:
    """From the centres of the boxes to those of the ground truth, x and y (n, 2) in pixels."""
    return np.asarray(truth[:, :2] + truth[:, 2:] / 2 - boxes[:, :2] - boxes[:, 2:] / 2)


def normalised_errors(truth: Floats, boxes: Floats) -> Floats:
    """Distances (n,) between centres, x in widths and y in heights of the ground truth."""
    away = _away(truth, boxes) / truth[:, 2:]
    return np.asarray(np.hypot(away[:, 0], away[:, 1]))


def one_pass(truth: ArrayLike, boxes: ArrayLike, invalid: str = "pysot", *, skip_first: bool = False) -> OnePass:
    """Metrics of one sequence.

    Args:
        truth, boxes: `x, y, w, h` (n, 4) in the same frame of coordinates.
        invalid: what a frame with invalid ground truth is. `pysot`: a miss for success and, through the distance -1
            of that toolkit, a hit for precision; `got10k`: a miss for both; `drop`: no frame.
        skip_first: leave the first frame out of AO and SR, as GOT-10k does (it is given, not tracked).
    Raises:
        ValueError: different numbers of rows, nothing to score, or an unknown convention.
    """
    truth, boxes = np.asarray(truth, dtype=np.float64), np.asarray(boxes, dtype=np.float64)
    if truth.shape != boxes.shape or truth.ndim != 2 or truth.shape[1] != 4:
        raise ValueError(f"ground truth is {truth.shape}, results are {boxes.shape}; both must be (n, 4)")
    if invalid not in INVALID:
        raise ValueError(f"invalid ground truth {invalid!r}: expected one of {', '.join(INVALID)}")
    good = valid(truth)
    frames = int(good.sum()) if invalid == "drop" else len(truth)
    if not frames:
        raise ValueError("no frame has valid ground truth")
    seen, found = (truth, boxes) if good.all() else (truth[good], boxes[good])
    overlaps = np.nan_to_num(iou(seen, found), nan=0.0)
    free_hits = len(truth) - len(seen) if invalid == "pysot" else 0
    tracked = overlaps[1:] if skip_first and good[0] and len(overlaps) > 1 else overlaps
    rest = max(1, frames - (len(overlaps) - len(tracked)))
    return OnePass(
        success_curve=above(overlaps, OVERLAPS) / frames,
        precision_curve=(within(centre_errors(seen, found), PIXELS) + free_hits) / frames,
        norm_curve=(within(normalised_errors(seen, found), NORMALISED) + free_hits) / frames,
        ao=float(tracked.sum() / rest),
        sr50=float((tracked > 0.5).sum() / rest),
        sr75=float((tracked > 0.75).sum() / rest),
        counted=rest,
    )


def above(values: Floats, thresholds: Floats) -> Floats:
    """How many values are greater than each threshold (strictly)."""
    return len(values) - np.searchsorted(np.sort(values), thresholds, side="right").astype(np.float64)


def within(values: Floats, thresholds: Floats) -> Floats:
    """How many values are at most each threshold; NaN never is."""
    return np.searchsorted(np.sort(values), thresholds, side="right").astype(np.float64)


def mean(parts: Many[OnePass], frames: Many[int] | None = None) -> OnePass:
    """Mean over sequences, each counting the same whatever its length, or by its number of frames.

    Raises ValueError without any sequence.
    """
    if not parts:
        raise ValueError("no sequence to average")

    rows = np.array([part.row for part in parts])
    over = np.average(rows, axis=0, weights=frames)
    success, precision, norm, (ao, sr50, sr75) = np.split(over, _SPLITS)
    return OnePass(success, precision, norm, float(ao), float(sr50), float(sr75), sum(part.counted for part in parts))
