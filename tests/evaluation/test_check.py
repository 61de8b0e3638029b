"""`siamsa data check` on whole, partial and damaged folders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.evaluation.helpers import images, moving, otb, table
from tracker.cli.main import main


def check(root: Path, *words: str) -> int:
    return main(["data", "check", "otb100", "--root", str(root), *words])


def test_a_part_of_a_benchmark_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    otb(tmp_path, "Couple")
    assert check(tmp_path, "--images") == 0
    text = capsys.readouterr().out
    assert "OTB100: 1 of 100 sequences, 0 damaged, 99 missing" in text and "missing: Basketball, Biker" in text


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("rows", "groundtruth_rect.txt"),
        ("image", "0008.jpg: cannot be read as an image"),
        ("middle", "0004.jpg: cannot be read as an image"),
        ("gap", "0003.jpg is missing"),
        ("size", "images of 2 sizes"),
        ("first", "the first box cannot be tracked"),
        ("far", "7 boxes lie far outside the 64x48 images"),
    ],
)
def test_damage_is_named(tmp_path: Path, damage: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = otb(tmp_path, "Couple")
    if damage == "rows":
        (folder / "groundtruth_rect.txt").write_text("1,2,3\n")
    elif damage in ("image", "middle"):
        (folder / "img" / ("0008.jpg" if damage == "image" else "0004.jpg")).write_bytes(b"no image")
    elif damage == "gap":
        (folder / "img/0003.jpg").unlink()
    elif damage == "size":
        cv2.imwrite(str(folder / "img/0008.jpg"), np.zeros((10, 12, 3), np.uint8))
    elif damage == "first":
        table(folder / "groundtruth_rect.txt", [(0, 0, 0, 0), *moving(7)])
    else:
        table(folder / "groundtruth_rect.txt", [*moving(1), *moving(7, (500, 400, 5, 5))])
    assert check(tmp_path, *(["--images"] if damage == "middle" else [])) == 2
    text = capsys.readouterr().out
    assert words in text and "1 damaged" in text


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path / "absent") == 2
    assert "no such folder" in capsys.readouterr().err


def test_another_years_benchmark_and_one_without_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("bag", "ball1", "tunnel"):  # the last is not in VOT2018
        images(tmp_path / "vot" / name, range(1, 4), 8)
        table(tmp_path / "vot" / name / "groundtruth.txt", moving(3))
    assert main(["data", "check", "vot2018", "--root", str(tmp_path / "vot")]) == 0
    assert "VOT2018: 2 of 60 sequences, 0 damaged, 58 missing" in capsys.readouterr().out
    images(tmp_path / "net/TEST/frames/a", range(3), 1)
    table(tmp_path / "net/TEST/anno/a.txt", moving(1))
    assert main(["data", "check", "trackingnet_test", "--root", str(tmp_path / "net")]) == 0
    assert "1 of 511 sequences, 0 damaged, missing: unknown (its YAML has no list" in capsys.readouterr().out
