"""Readers of the COCO and GOT-10k layouts on small folders that the test writes."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from tracker.data.datasets import DATASETS, read
from tracker.errors import InputError


def write_image(path, width=100, height=80):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))


def write_coco(folder, boxes, file="instances.json", images="images"):
    write_image(folder / images / "a.jpg")
    data = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}],
        "annotations": [
            {"id": i, "image_id": 7, "category_id": 1 + i % 2, "bbox": box, "iscrowd": crowd}
            for i, (box, crowd) in enumerate(boxes)
        ],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}],
    }
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(json.dumps(data))


def write_clip(clip, rows, numbers=None, **labels):
    for number in numbers or range(1, len(rows) + 1):
        write_image(clip / f"{number}.jpg")
    (clip / "groundtruth.txt").write_text("\n".join(rows) + "\n")
    for name, values in labels.items():
        (clip / f"{name}.label").write_text("\n".join(map(str, values)) + "\n")


def test_coco_boxes_neighbours_and_categories(tmp_path):
    write_coco(tmp_path, [([10, 10, 20, 30], 0), ([50, 20, 20, 20], 0), ([0, 0, 90, 70], 1)])
    loaded = read("coco", tmp_path)
    assert loaded.dropped == 0 and [len(t) for t in loaded.tracks] == [1, 1]
    first, second = loaded.tracks
    assert first.boxes.tolist() == [[10, 10, 20, 30]] and first.others.tolist() == [[50, 20, 20, 20]]
    assert (first.category, second.category) == ("dog", "cat")
    assert first.paths[0].endswith("images/a.jpg")


def test_coco_drops_and_counts_absurd_boxes(tmp_path):
    bad = [[10, 10, 3, 30], [10, 10, 90, 4], [200, 10, 20, 20], [10, 10, float("nan"), 20], [-30, 5, 20, 20]]
    write_coco(tmp_path, [(b, 0) for b in bad] + [([10, 10, 20, 30], 0)])
    loaded = read("coco", tmp_path)
    assert loaded.dropped == 5 and len(loaded.tracks) == 1 and len(loaded.tracks[0].others) == 0


def test_coco_split_layout(tmp_path):
    write_coco(tmp_path, [([10, 10, 20, 30], 0)], "annotations/instances_train.json", "train")
    (tmp_path / "annotations" / "captions_train.json").write_text("{}")
    assert read("coco", tmp_path).tracks[0].paths[0].endswith("train/a.jpg")


@pytest.mark.parametrize("text", ["", "[]", '{"images": []}', '{"images": [{}], "annotations": [{}]}'])
def test_coco_damaged(tmp_path, text):
    (tmp_path / "instances.json").write_text(text)
    with pytest.raises(InputError, match=r"instances\.json"):
        read("coco", tmp_path)


def test_coco_missing_parts(tmp_path):
    with pytest.raises(InputError, match="COCO"):
        read("coco", tmp_path)
    write_coco(tmp_path, [([10, 10, 20, 30], 0)])
    (tmp_path / "images" / "a.jpg").unlink()
    with pytest.raises(InputError, match=r"a\.jpg"):
        read("coco", tmp_path)


def test_got10k_order_separators_and_gaps(tmp_path):
    write_clip(tmp_path / "b", ["10,10,20,20", "11\t10\t20\t20", "12 10 20 20"], numbers=[2, 9, 10])
    write_clip(tmp_path / "a", ["10,10,20,20"])
    (tmp_path / "list.txt").write_text("b\n")
    (track,) = read("got10k", tmp_path).tracks
    assert track.name == "b" and track.numbers.tolist() == [2, 9, 10] and track.boxes[:, 0].tolist() == [10, 11, 12]
    assert track.paths[2].endswith("10.jpg")
    (tmp_path / "list.txt").unlink()
    assert [t.name for t in read("got10k", tmp_path).tracks] == ["a", "b"]
    assert len(read("got10k", tmp_path / "b").tracks[0]) == 3


def test_got10k_absent_frames_are_skipped_and_absurd_counted(tmp_path):
    rows = ["10,10,20,20", "nan,nan,nan,nan", "", "10,10,20,2", "10,10,20,20", "10,10,20,20"]
    write_clip(tmp_path, rows, absence=[0, 0, 0, 0, 1, 0], cover=[8, 8, 8, 8, 8, 0])
    loaded = read("got10k", tmp_path)
    assert loaded.dropped == 1 and loaded.tracks[0].numbers.tolist() == [1]


def test_got10k_bad_input(tmp_path):
    with pytest.raises(InputError, match="GOT-10k"):
        read("got10k", tmp_path)
    write_clip(tmp_path / "a", ["1,2,3"])
    with pytest.raises(InputError, match="line 1"):
        read("got10k", tmp_path)
    write_clip(tmp_path / "a", ["10,10,20,20", "10,10,20,20"], numbers=[1])
    with pytest.raises(InputError, match="1 frames but 2 rows"):
        read("got10k", tmp_path)
    (tmp_path / "list.txt").write_text("gone")
    with pytest.raises(InputError, match="gone"):
        read("got10k", tmp_path)


def test_unknown_layout_lists_the_known():
    with pytest.raises(ValueError, match="coco, folder, got10k"):
        DATASETS["cocoa"]
