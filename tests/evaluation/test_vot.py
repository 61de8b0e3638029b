"""Accuracy, robustness and EAO: cases worked by hand, and the published figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.helpers import images, oracles, table
from tracker.cli.main import main
from tracker.evaluation.measures.vot import Run, accuracy, compare, eao, expected_overlap, robustness, supervised
from tracker.evaluation.text import read_boxes, read_rows

BOX = [0.0, 0.0, 9.0, 9.0]
NAN = np.nan


def run(overlaps: list[float], codes: dict[int, float]) -> Run:
    marks = np.full(len(overlaps), NAN)
    for at, code in codes.items():
        marks[at] = code
    return Run(np.array(overlaps), marks)


def test_codes_and_regions() -> None:
    rows = [[1.0], BOX, [2.0], [0.0], [0, 0, 9, 0, 9, 9, 0, 9.0]]
    compared = compare(rows, np.array([BOX] * 5))
    assert np.isnan(compared.overlaps[[0, 2, 3]]).all() and compared.overlaps[[1, 4]].tolist() == [1, 1]
    assert compared.failures.tolist() == [2]


def test_refuses_odd_rows() -> None:
    with pytest.raises(ValueError, match="line 2: .* got 3 numbers"):
        compare([[1.0], [1.0, 2.0, 3.0]], np.array([BOX] * 2))
    with pytest.raises(ValueError, match="1 rows for 2 frames"):
        compare([[1.0]], np.array([BOX] * 2))


def test_accuracy_leaves_out_ten_frames_from_each_start() -> None:
    overlaps = [NAN] + [0.1] * 9 + [0.5, 0.7]
    part = supervised([run(overlaps, {0: 1})])
    assert part.accuracy == pytest.approx(0.6) and accuracy([part]) == pytest.approx(0.6)
    assert supervised([run(overlaps, {0: 1})], burn_in=1).accuracy == pytest.approx((0.9 + 1.2) / 11)


def test_repetitions_are_averaged_frame_by_frame() -> None:
    first, second = run([NAN, 0.2, 0.4], {0: 1}), run([NAN, 0.6, NAN], {0: 1, 2: 2})
    part = supervised([first, second], burn_in=1)
    assert part.overlaps[1:].tolist() == pytest.approx([0.4, 0.4])
    assert part.failures == 0.5
    assert robustness([part]) == pytest.approx(100 * 0.5 / 3)


def test_expected_overlap_by_hand() -> None:
    # Fails in frame 2, starts anew in frame 7. First fragment: 0.6 in frame 1, then zeros for ever.
    # Second: frames 7, 8, 9 with 0.9 and 0.3 after its start; then the sequence ends.
    part = supervised([run([NAN, 0.6, NAN, NAN, NAN, NAN, NAN, NAN, 0.9, 0.3], {0: 1, 2: 2, 3: 0, 7: 1})])
    curve = expected_overlap([part])
    assert curve[0] == 1
    assert curve[1] == pytest.approx((0.6 + 0.9) / 2)
    assert curve[2] == pytest.approx((0.6 / 2 + 1.2 / 2) / 2)
    assert curve[3:] == pytest.approx([0.6 / length for length in range(3, 10)])  # only the failed one is so long
    assert eao(curve, (2, 3)) == pytest.approx((curve[1] + curve[2]) / 2)
    assert np.isnan(eao(curve, (50, 60)))


def test_failure_at_the_end_has_no_new_start() -> None:
    part = supervised([run([NAN, 0.5, NAN], {0: 1, 2: 2})])
    assert expected_overlap([part]).tolist() == pytest.approx([1, 0.5, 0.25])


def test_new_start_just_behind_the_last_frame() -> None:
    """As the PySOT toolkit weighs it: seven of the eight frames up to the new start are there."""
    failed = supervised([run([NAN, 0.5, NAN, NAN, NAN, NAN, NAN], {0: 1, 2: 2})])
    whole = supervised([run([NAN, 0.8, 0.8], {0: 1})])
    assert expected_overlap([failed, whole])[1] == pytest.approx((0.5 * 7 / 8 + 0.8) / (7 / 8 + 1))


@pytest.mark.parametrize("which", ["VOT2016/C-COT", "VOT2016/ECO"])
def test_published_results(which: str) -> None:
    folder = oracles()
    wanted = json.loads((folder / "expected.json").read_text())[which]
    parts = {}
    for path in sorted((folder / "VOT2016" / "gt").glob("*.txt")):
        rows = read_rows(folder / which / f"{path.stem}_001.txt")
        parts[path.stem] = supervised([compare(rows, read_boxes(path, (4, 8)))])
    every = list(parts.values())
    figures = wanted["unbounded"]
    assert accuracy(every) == pytest.approx(figures["A"], abs=1e-6)
    assert robustness(every) == pytest.approx(figures["R"], abs=1e-9)
    assert eao(expected_overlap(every), (108, 371)) == pytest.approx(figures["EAO"], abs=1e-8)
    assert {name: part.failures for name, part in parts.items()} == wanted["failures_per_seq"]


def test_attributes_score_their_frames(tmp_path: Path) -> None:
    """By hand: overlap 1 on frames 11..13, 1/3 on 14, 15; a failure in 16; nothing counts in the ten frames before."""
    box, off = (0.0, 0.0, 9.0, 9.0), (5.0, 0.0, 9.0, 9.0)  # 10 by 10 pixels, ends included; 50 of 150 in common
    rows: list[tuple[float, ...]] = [(1,), *[off] * 10, *[box] * 3, *[off] * 2, (2,), (0,), (0,)]
    images(tmp_path / "data/bag", range(1, len(rows) + 1), 8)
    table(tmp_path / "data/bag/groundtruth.txt", [box] * len(rows))
    (tmp_path / "data/bag/occlusion.tag").write_text("0\n" * 13 + "1\n" * 2)
    (tmp_path / "data/bag/size_change.tag").write_text("1\n" * 5 + "0\n" * 11 + "1\n")
    table(tmp_path / "results/mine/baseline/bag/bag_001.txt", rows)
    out = tmp_path / "s.json"
    assert main(["evaluate", "score", "--benchmark", "vot2018", "--root", str(tmp_path / "data"), "--results",
                 str(tmp_path / "results"), "--json", str(out), "--per-sequence"]) == 0  # fmt: skip
    held = json.loads(out.read_text())["mine"]["per_attribute"]
    assert held["occlusion"] == {
        "accuracy": pytest.approx((1 + 1 / 3) / 2), "robustness": 0, "failures": 0, "frames": 2, "sequences": 1,
    }  # fmt: skip
    assert held["size_change"] == {
        "accuracy": None, "robustness": pytest.approx(100 / 6), "failures": 1, "frames": 6, "sequences": 1,
    }  # fmt: skip
    assert held["empty"]["frames"] == len(rows) - 8 and "illum_change" not in held
