"""`siamsa data check --layout`: every kind of damage is named by its file, and the contact sheet shows the targets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.data.layouts import LAYOUTS, image, place, rows
from tracker.cli.main import main


def check(layout: str, root: Path, *words: str) -> int:
    return main(["data", "check", "--layout", layout, "--root", str(root), *words])


def first(root: Path, pattern: str) -> Path:
    return sorted(p for p in root.rglob(pattern) if not {".siamsa", "TEST"} & {*p.parts})[0]


def cut(path: Path) -> Path:
    """Leave half of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def gone(path: Path) -> Path:
    path.unlink()
    return path


def put(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


TABLES = {
    "got10k": "groundtruth.txt",
    "lasot": "groundtruth.txt",
    "trackingnet": "aaa_0.txt",
    "folder": "groundtruth.txt",
    "imagenet_vid": "*.xml",
    "imagenet_det": "*.xml",
    "coco": "*.json",
    "pysot": "train.json",
    "youtubebb": "*.csv",
    "video": "*.csv",
}
IMAGES = {"lasot": "00000002.jpg", "imagenet_vid": "*.JPEG", "imagenet_det": "*.JPEG", "folder": "*.png"}
FRAMES = sorted(set(LAYOUTS) - {"video"})
CLIPS = ["got10k", "lasot", "trackingnet", "folder"]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_good_data_set(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    LAYOUTS[layout](tmp_path)
    assert check(layout, tmp_path, "--images") == 0
    assert "; 0 damaged" in capsys.readouterr().out


@pytest.mark.parametrize("layout", FRAMES)
@pytest.mark.parametrize("damage", [gone, cut, lambda p: put(p, ""), lambda p: put(p, "no image")])
def test_damaged_images(
    layout: str, damage: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = damage(first(LAYOUTS[layout](tmp_path), IMAGES.get(layout, "*.jpg")))
    if layout == "youtubebb" and not path.exists():
        assert check(layout, tmp_path) == 0
        assert "2 image not downloaded" in capsys.readouterr().out, "many of its videos are gone: counted, not damage"
        return
    assert check(layout, tmp_path, "--images") == 2
    out = capsys.readouterr().out
    named = path.name in out or (layout in CLIPS and path.parent.name in out and "frames but" in out)
    assert named, out


@pytest.mark.parametrize("layout", CLIPS)
def test_a_gap_names_the_missing_frame(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS[layout](tmp_path)
    frames = sorted(first(root, IMAGES.get(layout, "*.jpg")).parent.glob("*.*g"), key=lambda p: (len(p.name), p.name))
    frames[1].unlink()
    assert check(layout, root) == 2
    number = int("".join(c for c in frames[1].stem if c.isdigit()))
    out = capsys.readouterr().out
    assert str(frames[1].parent) in out and f"frame {number} is missing" in out


@pytest.mark.parametrize("layout", sorted(TABLES))
@pytest.mark.parametrize("text", ["{ <nonsense", "1,2,3\n"])
def test_broken_annotations(layout: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(first(LAYOUTS[layout](tmp_path), TABLES[layout]), text)
    assert check(layout, tmp_path) == 2
    assert path.name in capsys.readouterr().out


@pytest.mark.parametrize("layout", [*CLIPS, "lasot flags", "got10k flags"])
def test_wrong_number_of_rows(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout, _, flags = layout.partition(" ")
    root = LAYOUTS[layout](tmp_path)
    name = {"lasot": "full_occlusion.txt", "got10k": "absence.label"}[layout] if flags else TABLES[layout]
    path = first(root, name)
    path.write_text("0,0,0" if flags else path.read_text() + rows([place(0)] * 3))
    assert check(layout, root) == 2
    out = capsys.readouterr().out
    assert path.name in out and path.parent.name in out


@pytest.mark.parametrize("layout", ["got10k", "lasot", "trackingnet", "video"])
def test_missing_annotations(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS[layout](tmp_path)
    if layout == "lasot":
        (root / "training_set.txt").write_text("cat-2\ncat-10\ndog-2\n")
    path = gone(first(root, TABLES[layout]))
    assert check(layout, root) == 2
    out = capsys.readouterr().out
    assert path.name in out and "missing" in out


@pytest.mark.parametrize("layout", CLIPS)
def test_absurd_boxes_are_named(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS[layout](tmp_path)
    path = first(root, TABLES[layout])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "500,500,20,20", "10,10,-4,9", *lines[3:]]) + "\n")
    assert check(layout, root) == 2
    out = capsys.readouterr().out
    assert f"{path}: box 2 (centre outside the image), box 3 (empty)" in out and "left out: " in out


@pytest.mark.parametrize(
    ("layout", "old", "new"),
    [
        ("imagenet_vid", "<xmax>43</xmax>", "<xmax>3</xmax>"),
        ("imagenet_det", "<xmax>43</xmax>", "<xmax>3</xmax>"),
        ("coco", "[20, 30, 24, 24]", "[20, 30, 0, 24]"),
        ("pysot", "[10.0, 20.0, 50.0, 50.0]", "[10.0, 20.0, 10.0, 50.0]"),
        ("youtubebb", "present,0.125", "present,0.9"),
        ("video", "0,20,30,24,24", "0,20,30,24,nan"),
    ],
)
def test_absurd_boxes_in_other_tables(
    layout: str, old: str, new: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = first(LAYOUTS[layout](tmp_path), TABLES[layout])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert check(layout, tmp_path) == 2
    out = capsys.readouterr().out
    assert path.name in out or (layout == "youtubebb" and "AA_b-1_238000_3_0.jpg: the box" in out)
    assert "1 damaged" in out and ("1 empty" in out or layout == "video"), "a box file is refused as a whole"


def test_damaged_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["video"](tmp_path)
    table = root / "clip.csv"
    table.write_text(table.read_text() + "40,1,1,20,20,1,0\n")
    assert check("video", root) == 2
    assert "clip.avi: 1 frames that have boxes cannot be decoded: 40" in capsys.readouterr().out
    (root / "clip.avi").write_bytes(b"no video")
    assert check("video", root) == 2
    assert "clip.avi: cannot be read as video" in capsys.readouterr().out


def test_a_still_smaller_than_its_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["coco"](tmp_path)
    path = image(first(root, "*.jpg"), size=(60, 50))
    assert check("coco", root) == 2
    assert f"{path}: the box 100,80,30,30 lies outside this image of 60x50" in capsys.readouterr().out


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_contact_sheet_shows_targets_in_their_boxes(layout: str, tmp_path: Path) -> None:
    root, file = LAYOUTS[layout](tmp_path / "set"), tmp_path / "sheet.png"
    assert check(layout, root, "--sheet", str(file)) == 0
    picture = cv2.imread(str(file)).astype(int)
    red = (picture[..., 2] > 180) & (picture[..., 1] < 80)
    sky = (np.abs(picture - (233, 180, 86)) < 25).all(axis=2)
    _, _, stats, _ = cv2.connectedComponentsWithStats(sky.astype(np.uint8))
    frames = [(x, y, w, h) for x, y, w, h, area in stats[1:] if w > 20 and h > 20 and area > 100]
    assert frames
    for x, y, w, h in frames:
        assert red[y + 6 : y + h - 6, x + 6 : x + w - 6].mean() > 0.95


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*words: str) -> str:
        assert main(["data", "check", *words, "--root", str(tmp_path)]) == 2
        return capsys.readouterr().err

    assert "write --layout coco" in refused("coco")
    assert "did you mean 'got10k'" in refused("--layout", "got10")
    assert "is this the TrackingNet layout" in refused("--layout", "trackingnet")
    assert "one of the arguments" in refused()
    assert "--sheet is for data sets" in refused("otb100", "--sheet", "x.png")
    assert main(["data", "check", "--layout", "coco", "--root", str(tmp_path / "gone")]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert check("folder", LAYOUTS["folder"](tmp_path / "f"), "--sheet", str(tmp_path / "x.bmp")) == 2
    assert not list(tmp_path.glob("*.bmp"))
