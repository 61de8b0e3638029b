"""`siamsa data crops`: PySOT's layout, read back with the targets in their boxes; stopped, damaged, run again."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.data.layouts import LAYOUTS, image, place
from tracker.cli.main import main
from tracker.data import crop511
from tracker.data.crops import map_box
from tracker.data.datasets import read
from tracker.data.precut import jobs
from tracker.errors import InputError


def crops(layout: str, root: Path, output: Path, *words: str) -> int:
    return main(["data", "crops", "--layout", layout, "--root", str(root), "--output", str(output), *words])


def test_geometry_is_that_of_par_crop() -> None:
    box = (30.0, 40.0, 50.0, 20.0)
    matrix = crop511.crop_matrix(box)
    w, h = 50.0, 20.0
    side = np.sqrt((w + 35) * (h + 35)) * 511 / 127
    centre = np.array([30 + 49 / 2, 40 + 19 / 2])
    for corner, at in ((-side / 2, 0.0), (side / 2, 510.0)):
        np.testing.assert_allclose(matrix @ [*(centre + corner), 1], [at, at], atol=1e-9)
    x, y, cw, ch = crop511.boxes_in_crops(box)[0]
    # map_box gives edges around pixel centres, a box's x is its first pixel
    np.testing.assert_allclose(map_box(box, matrix), [x - 0.5, y - 0.5, x + cw - 0.5, y + ch - 0.5], atol=1e-9)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_round_trip(layout: str, tmp_path: Path) -> None:
    root, out = LAYOUTS[layout](tmp_path / "set"), tmp_path / "out"
    assert crops(layout, root, out) == 0
    before, after = read(layout, root), read("pysot", out)
    assert [len(t) for t in after.tracks] == [len(t) for t in before.tracks]
    for old, new in zip(before.tracks, after.tracks, strict=True):
        assert new.category == old.category and np.array_equal(new.numbers, old.numbers)
        picture = cv2.imread(new.paths[0]).astype(int)
        assert picture.shape == (511, 511, 3)
        x, y, w, h = new.boxes[0].round().astype(int)
        red = picture[..., 2] - picture[..., 1] > 80
        assert red[y + 3 : y + h - 3, x + 3 : x + w - 3].mean() > 0.99
        assert red[y + 9 : y + h - 9, [x - 8, x + w + 7]].mean() < 0.1


def test_the_table_is_what_pysot_reads(tmp_path: Path) -> None:
    """Its filter takes 4 numbers or skips a dict; frames are the keys that are digits; files are {:06d}.{}.x.jpg."""
    assert crops("got10k", LAYOUTS["got10k"](tmp_path / "set"), tmp_path / "out") == 0
    table = json.loads((tmp_path / "out/train.json").read_text())
    assert list(table) == ["GOT-10k_Train_000001", "GOT-10k_Train_000002"]
    for video, tracks in table.items():
        for key, frames in tracks.items():
            assert all(len(box) == 4 for box in frames.values() if not isinstance(box, dict))
            for frame in (int(f) for f in frames if f.isdigit()):
                assert (tmp_path / "out/crop511" / video / f"{frame:06d}.{key}.x.jpg").is_file()
    x, y, w, h = place(0)
    assert table["GOT-10k_Train_000001"]["00"]["000001"] == [x, y, x + w, y + h]


@pytest.mark.slow
def test_more_workers_and_a_run_that_goes_on(tmp_path: Path) -> None:
    root = LAYOUTS["imagenet_vid"](tmp_path / "set")
    assert crops("imagenet_vid", root, tmp_path / "one") == 0
    assert crops("imagenet_vid", root, tmp_path / "two", "--workers", "2") == 0
    names = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert names == sorted(p.relative_to(tmp_path / "two") for p in (tmp_path / "two").rglob("*.*"))
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in names)


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = LAYOUTS["coco"](tmp_path / "set"), tmp_path / "out"
    assert crops("coco", root, out) == 0
    whole = (out / "train.json").read_bytes()
    paths = sorted(out.rglob("*.x.jpg"))
    (out / "train.json").unlink()
    with pytest.raises(InputError, match="no train.json"):
        read("pysot", out)
    paths[0].unlink()
    paths[1].write_bytes(b"")
    times = [p.stat().st_mtime_ns for p in paths[2:]]
    assert crops("coco", root, out) == 0
    assert (out / "train.json").read_bytes() == whole and cv2.imread(str(paths[1])).shape == (511, 511, 3)
    assert times == [p.stat().st_mtime_ns for p in paths[2:]]
    capsys.readouterr()
    assert crops("coco", root, out, "--quality", "50") == 2
    assert "another quality" in capsys.readouterr().err
    assert crops("coco", root, root) == 2 and "is not empty" in capsys.readouterr().err
    assert crops("coco", root, out, "--workers", "0") == 2


def test_damaged_images_are_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = LAYOUTS["lasot"](tmp_path / "set"), tmp_path / "out"
    bad = root / "cat/cat-2/img/00000003.jpg"
    bad.write_bytes(b"no image")
    assert crops("lasot", root, out) == 1
    assert f"{bad}: cannot be read as an image" in capsys.readouterr().out
    assert [t.numbers.tolist() for t in read("pysot", out).tracks] == [[2, 4], [2, 3, 4], [2, 3, 4]]
    assert not list(out.rglob(".*"))
    image(bad, place(2))
    assert crops("lasot", root, out) == 0 and len(read("pysot", out).tracks[0]) == 3


def test_names_that_meet_are_kept_apart(tmp_path: Path) -> None:
    LAYOUTS["coco"](tmp_path, "train/a.json", "train")
    LAYOUTS["coco"](tmp_path, "valid/a.json", "valid")
    work = list(jobs(read("coco", tmp_path).tracks))
    assert [job.video for job in work[::3]] == ["000000000000.jpg", "000000000000.jpg~2"]
    assert work[0].keys == ("00", "01") and work[0].rows == (0, 1)
