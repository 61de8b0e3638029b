"""Files as other tools write them."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tracker.box import Box
from tracker.errors import InputError
from tracker.formats import Clip, Row, form_of, read_rows

NATIVE = Path(__file__).parent / "native"


@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_of_cvat(zipped: bool, tmp_path: Path) -> None:
    path = NATIVE / "cvat.xml"
    if zipped:
        path = tmp_path / "task.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(NATIVE / "cvat.xml", "annotations.xml")
    box = Box(100.5, 60, 80, 200.25)
    rows = read_rows(path, "cvat")
    turned = rows.pop(2)
    assert turned.frame == 1 and turned.box.xywh == pytest.approx((10, 0, 20, 40))  # a quarter about 20, 20
    assert rows == [
        Row(0, 1, box, name="person"),
        Row(1, 1, Box(102.5, 60, 80, 200.25), name="person"),
        Row(2, 1, Box(102.5, 60, 80, 200.25), lost=True, name="person"),
        Row(4, 2, Box(4, 10, 40, 20), name="Hund & Katz"),
    ]
    clip = form_of(path, "cvat").clip(path)
    assert clip == Clip(path.stem, (1280, 720), 25, 5)


def test_a_file_in_the_manner_of_tao() -> None:
    path = NATIVE / "tao.json"
    assert read_rows(path) == [
        Row(0, 41, Box(10, 20, 50, 100), name="person"),
        Row(30, 41, Box(15.5, 20, 50, 100), name="person"),
        Row(30, 42, Box(300, 400, 12, 12.25), name="ball"),
    ]
    assert form_of(path).clip(path) == Clip("val/HACS/scenes_7", (640, 480))


def test_plain_coco_and_youtube_vis(tmp_path: Path) -> None:
    plain, vis = tmp_path / "plain.json", tmp_path / "vis.json"
    plain.write_text(
        '{"images": [{"id": 9, "width": 64, "height": 48}, {"id": 5}], "annotations": ['
        '{"image_id": 5, "bbox": [1, 2, 3, 4], "instance_id": 0}, {"image_id": 9, "bbox": null, "instance_id": 0},'
        '{"image_id": 5, "bbox": [5, 6, 7, 8], "instance_id": 1}]}'
    )
    assert read_rows(plain) == [
        Row(0, 1, Box(0, 0, 0, 0), lost=True),
        Row(1, 1, Box(1, 2, 3, 4)),
        Row(1, 2, Box(5, 6, 7, 8)),
    ]
    assert form_of(plain).clip(plain) == Clip("plain", (64, 48))
    vis.write_text(
        '{"videos": [{"id": 1, "width": 64, "height": 48, "length": 3, "file_names": ["0.jpg", "1.jpg", "2.jpg"]}],'
        '"categories": [{"id": 3, "name": "ape"}], "annotations": [{"id": 4, "video_id": 1, "category_id": 3,'
        '"bboxes": [[1, 2, 3, 4], null, [5, 6, 7, 8]]}]}'
    )
    assert read_rows(vis) == [Row(0, 4, Box(1, 2, 3, 4), name="ape"), Row(2, 4, Box(5, 6, 7, 8), name="ape")]
    assert form_of(vis).clip(vis) == Clip("vis", (64, 48), frames=3)


def test_motchallenge_ground_truth() -> None:
    assert read_rows(NATIVE / "gt.mot.txt") == [
        Row(0, 1, Box(912, 484, 97, 109), 0, lost=True),  # 0: not to be considered
        Row(0, 2, Box(1338, 418, 167, 379)),
        Row(1, 1, Box(912, 484, 97, 109), 0, lost=True),
        Row(1, 2, Box(1342, 417, 168, 380)),
    ]


@pytest.mark.parametrize("zipped", [False, True])
def test_yolo_labels_with_track_ids(zipped: bool, tmp_path: Path) -> None:
    path = NATIVE / "yolo"
    if zipped:
        path = Path(shutil.make_archive(str(tmp_path / "labels"), "zip", path))
    rows = read_rows(path, clip=Clip("a", (200, 100)))
    assert [(row.frame, row.id, row.score, row.name) for row in rows] == [
        (0, 7, 1, "person"),
        (0, 9, 1, "car"),
        (2, 7, 0.8125, "person"),
    ]
    assert rows[0].box.xywh == pytest.approx((75, 30, 50, 40))
    with pytest.raises(InputError, match="the size of the video is needed"):
        read_rows(path)


def test_yolo_labels_without_ids_are_told_apart_by_their_class(tmp_path: Path) -> None:
    (tmp_path / "a_0.txt").write_text("0 0.5 0.5 0.5 0.5\n3 0.5 0.5 0.1 0.1\n")
    (tmp_path / "a_1.txt").write_text("3 0.5 0.5 0.1 0.1 0.75\n")
    rows = read_rows(tmp_path, clip=Clip("a", (100, 100)))
    assert [(row.frame, row.id, row.score) for row in rows] == [(0, 1, 1), (0, 2, 1), (1, 2, 0.75)]


def test_vot_results_have_codes_and_polygons() -> None:
    nowhere = Box(0, 0, 0, 0)
    assert read_rows(NATIVE / "bag_001.vot.txt") == [
        Row(1, 1, Box(22.5, 30, 40, 50)),
        *(Row(frame, 1, nowhere, 0, lost=True) for frame in (2, 3, 4)),
        Row(5, 1, Box(10, 20, 30, 40.5)),
    ]


def test_tables_of_other_programs(tmp_path: Path) -> None:
    table, lines, otb = tmp_path / "a.csv", tmp_path / "a.jsonl", tmp_path / "a.txt"
    table.write_bytes(b'\xef\xbb\xbfx,y,w,h,frame,object\r\n1,2,3,4,1,"a, b"\r\n5,6,7,8,0,c\r\nnan,nan,nan,nan,2,c\r\n')
    assert read_rows(table) == [
        Row(0, 2, Box(5, 6, 7, 8), name="c"),
        Row(1, 1, Box(1, 2, 3, 4), name="a, b"),
        Row(2, 2, Box(0, 0, 0, 0), lost=True, name="c"),
    ]
    table.write_text("frame,id,x,y,w,h\n0,0,1,2,3,4\n0,1,1,2,3,4\n")
    assert [row.id for row in read_rows(table)] == [1, 2], "ids that count from 0"
    lines.write_text('{"frame": 3, "x": 1, "y": null, "w": null, "h": 2}\n')
    with pytest.raises(InputError, match="line 1: y of the box must be a number"):
        read_rows(lines)
    lines.write_text('\n{"frame": 3, "x": null, "y": null, "w": null, "h": null}\n')
    assert read_rows(lines) == [Row(3, 1, Box(0, 0, 0, 0), lost=True)]
    otb.write_text("1\t2 3,4\n\nNaN,NaN,NaN,NaN\n5,6,7,8\n")
    assert read_rows(otb) == [
        Row(0, 1, Box(0, 1, 3, 4)),
        *(Row(frame, 1, Box(0, 0, 0, 0), lost=True) for frame in (1, 2)),
        Row(3, 1, Box(4, 5, 7, 8)),
    ]
