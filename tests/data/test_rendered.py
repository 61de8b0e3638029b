"""Rendered clips on disk are what the GOT-10k reader reads, with the boxes that were drawn."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tracker.cli.main import main
from tracker.data.datasets import read
from tracker.data.render import Clip, Scene
from tracker.data.rendered import STRIDE


def test_clips_are_written_read_and_not_made_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["data", "render", "--output", str(tmp_path), "--clips", "1", "--frames", "3", "--seed", "6"]
    assert main(words) == 0
    (track,) = read("got10k", tmp_path).tracks
    assert len(track) == 3 and cv2.imread(track.paths[0]).shape == (480, 640, 3)
    scene = Scene(Clip(3 * STRIDE, (640, 480), 6, occluded=0, twin=True))
    expected = [scene.draw(i * STRIDE).box.xywh for i in range(3)]
    np.testing.assert_allclose(track.boxes, expected, atol=0.006)
    (tmp_path / "rendered_00006" / "00000001.jpg").write_bytes(b"kept")
    assert main(words) == 0
    assert (tmp_path / "rendered_00006" / "00000001.jpg").read_bytes() == b"kept"


def test_bad_numbers_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "render", "--output", str(tmp_path / "x"), "--clips", "0"]) == 2
    assert "--clips" in capsys.readouterr().err and not (tmp_path / "x").exists()
