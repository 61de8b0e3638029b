"""One-pass metrics: cases worked by hand, the three conventions, and the published figures."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.helpers import oracles
from tracker.evaluation.measures.metrics import INVALID, OVERLAPS, mean, one_pass
from tracker.evaluation.text import read_boxes

BOX = (10.0, 10.0, 10.0, 10.0)


def test_itself_scores_20_of_21_because_the_comparison_is_strict() -> None:
    score = one_pass([BOX] * 3, [BOX] * 3)
    assert score.success == pytest.approx(20 / 21)
    assert score.success_curve[-1] == 0
    assert (score.precision, score.norm_precision, score.ao, score.sr50, score.sr75) == (1, 1, 1, 1, 1)


def test_half_overlap_by_hand() -> None:
    # Shifted by a third of the width: intersection 2/3, union 4/3, so IoU 1/2; thresholds 0 .. 0.45 are exceeded.
    score = one_pass([(0, 0, 30, 30)], [(10, 0, 30, 30)])
    assert score.success == pytest.approx(10 / 21)
    assert score.ao == pytest.approx(0.5)
    assert (score.sr50, score.sr75) == (0, 0)
    assert score.precision == 1  # the centre is 10 pixels off
    # 10/30 = 0.333 of the width: thresholds 0.34 .. 0.50 of 0, 0.01, .. 0.50.
    assert score.norm_precision == pytest.approx(17 / 51)


def test_precision_includes_20_pixels() -> None:
    truth = [(0, 0, 10, 10)] * 3
    assert one_pass(truth, [(20, 0, 10, 10), (12, 16, 10, 10), (20.01, 0, 10, 10)]).precision == pytest.approx(2 / 3)


@pytest.mark.parametrize("bad", [(np.nan,) * 4, (0, 0, 0, 0), (5, 5, 10, 0), (5, 5, -3, 4)])
@pytest.mark.parametrize(
    ("invalid", "success", "precision"), [("pysot", 20 / 42, 1), ("got10k", 20 / 42, 0.5), ("drop", 20 / 21, 1)]
)
def test_invalid_ground_truth(bad: tuple[float, ...], invalid: str, success: float, precision: float) -> None:
    score = one_pass([BOX, bad], [BOX, BOX], invalid)
    assert score.success == pytest.approx(success)
    assert score.precision == pytest.approx(precision)


def test_first_frame_left_out() -> None:
    score = one_pass([BOX, BOX, BOX], [BOX, (100, 100, 5, 5), BOX], skip_first=True)
    assert (score.ao, score.sr50) == (0.5, 0.5)


def test_mean_counts_sequences_or_frames() -> None:
    good, bad = one_pass([BOX], [BOX]), one_pass([BOX] * 3, [(90, 90, 1, 1)] * 3)
    assert mean([good, bad]).ao == 0.5
    assert mean([good, bad], [1, 3]).ao == 0.25


@pytest.mark.parametrize(
    ("truth", "boxes", "invalid", "words"),
    [
        ([BOX], [BOX, BOX], "pysot", "both must be"),
        ([BOX], [BOX], "otb", "expected one of"),
        ([(np.nan,) * 4], [BOX], "drop", "no frame"),
    ],
)
def test_refusals(truth: list, boxes: list, invalid: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        one_pass(truth, boxes, invalid)


@given(st.lists(st.tuples(*[st.floats(1, 50)] * 8), min_size=1, max_size=20), st.sampled_from(INVALID))
def test_same_as_the_definition(rows: list[tuple[float, ...]], invalid: str) -> None:
    table = np.array(rows)
    score = one_pass(table[:, :4], table[:, 4:], invalid)
    overlaps = []
    for x, y, w, h, px, py, pw, ph in rows:
        common = max(0, min(x + w, px + pw) - max(x, px)) * max(0, min(y + h, py + ph) - max(y, py))
        overlaps.append(common / (w * h + pw * ph - common))
    curve = [sum(o > t for o in overlaps) / len(rows) for t in OVERLAPS]
    assert score.success_curve == pytest.approx(curve)
    assert 0 <= score.success <= score.ao + 1 / 21
    assert np.all(np.diff(score.success_curve) <= 0) and np.all(np.diff(score.precision_curve) >= 0)


@pytest.mark.parametrize("which", ["OTB100/ECO", "OTB100/SiamFC", "OTB100/DaSiamRPN", "UAV123/ECO"])
def test_published_results(which: str) -> None:
    """Every figure of published trackers, by each convention and for each sequence."""
    folder = oracles()
    wanted = json.loads((folder / "expected.json").read_text())[which]
    benchmark, tracker = which.split("/")
    pairs = {
        p.stem: (read_boxes(p), read_boxes(folder / which / p.name)) for p in (folder / benchmark / "gt").glob("*.txt")
    }
    assert len(pairs) == wanted["n_seq"] and sum(len(truth) for truth, _ in pairs.values()) == wanted["n_frames"]
    scores = {i: {name: one_pass(*pair, i) for name, pair in pairs.items()} for i in INVALID}
    totals = {i: mean(list(parts.values())) for i, parts in scores.items()}
    assert totals["pysot"].success == pytest.approx(wanted["auc"], abs=1e-9)
    assert totals["pysot"].precision == pytest.approx(wanted["p20_pysot"], abs=1e-9)
    assert totals["got10k"].precision == pytest.approx(wanted["p20_nan_is_miss_got10k"], abs=1e-9)
    assert totals["drop"].precision == pytest.approx(wanted["p20_nan_dropped"], abs=1e-4)
    for name, (success, precision) in wanted["per_seq"].items():
        part = scores["pysot"][name]
        assert (part.success, part.precision) == pytest.approx((success, precision), abs=1e-6), name
