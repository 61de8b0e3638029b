"""`data check`: annotations that are missing or unfit, and images of other sizes, are named by their file."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.data.layouts import LAYOUTS, image, place, xml
from tests.data.test_checking import check, first
from tracker.data import index
from tracker.data.checking import sheet_place
from tracker.data.datasets import read
from tracker.errors import InputError

BOXES = {
    "folder": "groundtruth.txt",
    "lasot": "groundtruth.txt",
    "got10k": "groundtruth.txt",
    "imagenet_vid": "000002.xml",
    "imagenet_det": "ILSVRC2014_train_00000005.xml",
    "trackingnet": "aaa_0.txt",
}


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def said(layout: str, root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Lines of a check that finds damage."""
    assert check(layout, root, *words) == 2
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("layout", sorted(BOXES))
@pytest.mark.parametrize("damage", [Path.unlink, to_folder])
def test_frames_without_their_boxes(
    layout: str, damage: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = LAYOUTS[layout](tmp_path)
    if layout == "got10k":
        (root / "list.txt").unlink()
    path = first(root, BOXES[layout])
    damage(path)
    assert any(line.startswith(f"{path}: ") for line in said(layout, root, capsys))


def test_a_box_file_that_is_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["folder"](tmp_path)
    (root / "garden/one/groundtruth.txt").unlink()
    (root / "garden/one/boxes.csv").mkdir()
    assert said("folder", root, capsys)[0].startswith(f"{root}/garden/one/boxes.csv: is not a file")


def test_frames_in_a_folder_of_their_own_without_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["folder"](tmp_path)
    (root / "garden/two/groundtruth.txt").unlink()
    wanted = f"{root}/garden/two/groundtruth.txt: missing, the boxes of the frames in {root}/garden/two/img"
    assert said("folder", root, capsys)[0] == wanted


def test_a_part_of_trackingnet_without_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["trackingnet"](tmp_path)
    shutil.rmtree(root / "TRAIN_2/anno")
    assert said("trackingnet", root, capsys)[0].startswith(f"{root}/TRAIN_2/anno: missing")


def test_a_video_of_imagenet_without_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["imagenet_vid"](tmp_path)
    clip = first(root / "ILSVRC2015/Data", "*.JPEG").parent
    shutil.copytree(clip, clip.parent / "other")
    (line, *_) = said("imagenet_vid", root, capsys)
    assert line.startswith(str(clip.parent).replace("Data", "Annotations") + "/other/000000.xml: missing")
    assert "5 images" in line


def test_what_may_be_without_boxes(tmp_path: Path) -> None:
    """Negatives and test images of ImageNet, folders without frames, frames of a clip in a folder of their own."""
    det, folder, lasot = (LAYOUTS[n](tmp_path / n) for n in ("imagenet_det", "folder", "lasot"))
    jpeg = first(det / "Data", "*.JPEG")
    for name in ("train/ILSVRC2013_train_extra0", "test"):
        (det / "Data/DET" / name).mkdir()
        shutil.copy(jpeg, det / "Data/DET" / name / "1.JPEG")
    (folder / "notes").mkdir()
    (lasot / "cat/zip/img").mkdir(parents=True)
    assert check("imagenet_det", det) == check("folder", folder) == check("lasot", lasot) == 0


def set_image(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda data: data["images"][1].update(values)


def set_box(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda data: data["annotations"][2].update(values)


def text_ids(data: dict[str, Any]) -> None:
    for entry in data["annotations"]:
        entry["image_id"] = str(entry["image_id"])


COCO: list[tuple[Callable[[dict[str, Any]], object], list[str], int]] = [
    (set_box(image_id=999), ["not in the file: 10 (image_id 999)"], 5),
    (text_ids, ["one is a number and the other is text", "0 (image_id '0')", "and 3 more"], 0),
    (lambda data: data["images"][1].pop("id"), ["image without id: '000000000001.jpg'", "10 (image_id 1)"], 4),
    (set_image(id=0), ["id given more than once: 0 ('000000000000.jpg' and '000000000001.jpg')"], 2),
    (lambda data: data["images"].append(data["images"][1]), ["more than once: 1 ('000000000001.jpg')"], 6),
    (set_image(id=[1]), ["neither number nor text: '000000000001.jpg' (id [1])"], 4),
    (set_box(image_id={}), ["neither number nor text: 10 (image_id {})"], 5),
    (set_image(width="wide"), ["image 1 is damaged", "'wide'"], 4),
    (set_image(height=-3), ["image 1 is damaged", "160x-3"], 4),
    (set_image(width=10**400), ["image 1 is damaged", "OverflowError"], 4),
    (set_image(file_name="a\0.jpg"), ["image 1 is damaged", "file_name"], 4),
    (set_box(bbox=[10**400, 1, 20, 20]), ["annotation 10 of image 1 is damaged", "OverflowError"], 4),
    (set_box(bbox=[1, 2, 3]), ["annotation 10 of image 1 is damaged"], 4),
    (set_box(category_id=[1]), ["image 1 is damaged"], 4),
    (lambda data: data["images"].__setitem__(1, None), ["no JSON object: number 2"], 4),
    (lambda data: data["annotations"].__setitem__(2, 7), ["no JSON object: number 3"], 5),
    (lambda data: data["categories"].append({"id": [3], "name": "x"}), ["category whose id is neither"], 6),
]


@pytest.mark.parametrize("number", range(len(COCO)))
def test_a_bad_entry_of_coco_costs_its_image_only(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, wanted, left = COCO[number]
    root = LAYOUTS["coco"](tmp_path)
    path = first(root, "*.json")
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    lines = said("coco", root, capsys)
    assert all(any(line.startswith(f"{path}: ") and text in line for line in lines) for text in wanted), lines
    assert f"{root} (coco): {left} tracks" in lines[-1]
    with pytest.raises(InputError, match=r"instances_train2017\.json: "):
        read("coco", root)
    if left:
        assert len(index.build("coco", root)[0].tracks) == left


@pytest.mark.parametrize(("layout", "name"), [("coco", "instances.json"), ("pysot", "train.json")])
def test_json_that_is_too_deep(layout: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS[layout](tmp_path)
    (root / name).write_text("[" * 100000)
    assert said(layout, root, capsys)[0].startswith(f"{root / name}: not ")


def test_a_huge_number_in_pysots_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["pysot"](tmp_path)
    path = root / "train.json"
    path.write_text(path.read_text().replace("10.0", "1" + "0" * 400, 1))
    assert "a/ILSVRC2015_train_1" in said("pysot", root, capsys)[0]


def csv_of(root: Path) -> Path:
    return root / "yt_bb_detection_train.csv"


def test_youtubebb_words_copies_and_separators(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["youtubebb"](tmp_path)
    path, plain = csv_of(root), read("youtubebb", root)
    text = path.read_text()
    path.write_text("\ufeff" + text + text, encoding="utf-8")
    again = read("youtubebb", root)
    assert [len(t) for t in again.tracks] == [len(t) for t in plain.tracks] and again.left_out == plain.left_out
    assert again.tracks.names == plain.tracks.names, "the first line is not lost to a byte order mark"
    path.write_text(text.replace("absent", "gone"))
    assert said("youtubebb", root, capsys)[0].startswith(f"{path}, line 10: object_presence must be one of present")
    path.write_text(text.replace(",", ";"))
    lines = said("youtubebb", root, capsys)
    assert len(lines) == 7 and lines[5] == f"{path}: 7 more lines are not as expected"


def test_youtubebb_names_what_is_not_downloaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["youtubebb"](tmp_path)
    assert check("youtubebb", root) == 0
    assert f"image not downloaded: {root}/yt_bb_detection_train/3/zzz_241000_3_0.jpg\n" in capsys.readouterr().out
    for path in root.rglob("*.jpg"):
        path.unlink()
    lines = said("youtubebb", root, capsys)
    assert lines[0] == f"{csv_of(root)}: none of its images is in {root}/yt_bb_detection_train"
    assert "and 6 more" in lines[2]


def test_flags_of_got10k_and_a_name_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["got10k"](tmp_path)
    with (root / "list.txt").open("a") as file:
        file.write("GOT-10k_Train_000001/\n")
    to_folder(root / "GOT-10k_Train_000001/absence.label")
    cover = root / "GOT-10k_Train_000002/cover.label"
    cover.write_text("8\nnan\n8\n8\n8\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lines = said("got10k", root, capsys)
    assert lines[0] == f"{root}/list.txt, line 3: GOT-10k_Train_000001 is in line 1 already"
    assert lines[1].startswith(f"{root}/GOT-10k_Train_000001/absence.label: ")
    assert lines[2] == f"{cover}: expected one whole number a frame, got nan for frame 2"
    cover.write_text("8\n" * 5)
    assert read_names(root) == ["GOT-10k_Train_000002"]


def read_names(root: Path) -> list[str]:
    return index.build("got10k", root)[0].tracks.names


def test_an_object_without_its_track(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["imagenet_vid"](tmp_path)
    path = first(root, "000003.xml")
    path.write_text(xml([("", place(3), "n02062744", 0)]))
    lines = said("imagenet_vid", root, capsys)
    assert lines[0] == f"{path}: not an ImageNet annotation (no <trackid> in <object>)" and "2 tracks" in lines[1]


@pytest.mark.parametrize("layout", ["coco", "imagenet_det", "imagenet_vid", "pysot", "got10k", "lasot", "trackingnet"])
def test_images_of_another_size(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS[layout](tmp_path)
    images = sorted(p for p in root.rglob("*") if p.suffix in (".jpg", ".JPEG") and "TEST" not in p.parts)
    path = images[1]
    large = (600, 600) if layout == "pysot" else (200, 180)
    image(path.with_suffix(".jpg"), size=large).replace(path)
    lines = said(layout, root, capsys, *([] if layout in ("coco", "imagenet_det") else ["--images"]))
    size = "511x511" if layout == "pysot" else "160x120"
    (line,) = [line for line in lines if line.startswith(f"{path}: ")]
    assert f"has {large[0]}x{large[1]} pixels, but " in line and size in line


def test_a_video_whose_boxes_end_in_capitals(tmp_path: Path) -> None:
    root = LAYOUTS["video"](tmp_path)
    (root / "clip.csv").rename(root / "clip.CSV")
    assert check("video", root) == 0
    assert len(read("video", root).tracks[0]) == 5


@pytest.mark.parametrize("name", ["x.gif", "gone/x.png"])
def test_where_a_contact_sheet_cannot_be(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=str(tmp_path)):
        sheet_place(tmp_path / name)
