"""Every reader on a small data set in its native layout: boxes on their targets, flags, what is left out and why."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.data import layouts
from tests.data.layouts import LAYOUTS, SECOND, image, place, rows, write
from tracker.data.datasets import DATASETS, Track, read
from tracker.data.pairs import PairSampler
from tracker.data.sources import open_source
from tracker.errors import InputError
from tracker.settings import DataConfig, SourceConfig, TrackingConfig


def named(layout: str, root: Path) -> dict[str, Track]:
    return {track.name: track for track in read(layout, root).tracks}


def test_every_layout_is_tried_here() -> None:
    assert set(LAYOUTS) == set(DATASETS)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_boxes_lie_on_their_targets(layout: str, tmp_path: Path) -> None:
    tracks = read(layout, LAYOUTS[layout](tmp_path / "set")).tracks
    assert len(tracks) > 0
    for track in tracks:
        assert len(track.paths) == len(track.boxes) == len(track.numbers) and (np.diff(track.numbers) > 0).all()
        for path, box in zip(track.paths, track.boxes.round().astype(int), strict=True):
            picture = cv2.imread(path).astype(int)
            x, y, w, h = box
            red = picture[..., 2] - picture[..., 1] > 80
            inside = red[y + 2 : y + h - 2, x + 2 : x + w - 2]
            assert inside.mean() > 0.99, "the target fills its box"
            assert red[y + 4 : y + h - 4, [x - 4, x + w + 3]].mean() < 0.1, "and ends where it ends"
            assert red[[y - 4, y + h + 3], x + 4 : x + w - 4].mean() < 0.1


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_training_draws_pairs_from_it(layout: str, tmp_path: Path) -> None:
    LAYOUTS[layout](tmp_path / "set")
    config = DataConfig(root=str(tmp_path), sources=(SourceConfig(path="set", layout=layout),))
    assert PairSampler(config, TrackingConfig(), 1).sample(0)["search"].shape == (3, 255, 255)


def test_got10k_flags_and_category(tmp_path: Path) -> None:
    loaded = read("got10k", layouts.got10k(tmp_path))
    assert loaded.left_out == {"absent": 2} and [len(t) for t in loaded.tracks] == [4, 4]
    assert loaded.tracks[0].category == "bear"


@pytest.mark.parametrize("place", ["train", "full_data/train"])
def test_got10k_as_it_is_unpacked(tmp_path: Path, place: str) -> None:
    layouts.got10k(tmp_path / place)
    (tmp_path / place / "list.txt").write_text("GOT-10k_Train_000002\n")
    assert [t.name for t in read("got10k", tmp_path).tracks] == ["GOT-10k_Train_000002"]


@pytest.mark.parametrize("flat", [False, True])
def test_lasot_flags_order_and_list(tmp_path: Path, flat: bool) -> None:
    layouts.lasot(tmp_path, flat=flat)
    loaded = read("lasot", tmp_path)
    assert [t.name for t in loaded.tracks] == ["cat-2", "cat-10", "dog-2"]
    assert loaded.left_out == {"occluded": 3, "out of view": 3}
    assert loaded.tracks[2].category == "dog" and loaded.tracks[0].boxes[0].tolist() == list(place(1))
    write(tmp_path / "training_set.txt", "cat-10\ndog-2\n")
    assert [t.name for t in read("lasot", tmp_path).tracks] == ["cat-10", "dog-2"]


def test_trackingnet_reads_the_training_parts(tmp_path: Path) -> None:
    layouts.trackingnet(tmp_path)
    assert list(named("trackingnet", tmp_path)) == ["aaa_0", "ccc_0", "bbb_1"], "2 before 10, and no TEST"
    (track,) = read("trackingnet", tmp_path / "TRAIN_10").tracks
    assert track.numbers.tolist() == [0, 1, 2, 3]


def test_imagenet_vid_tracks(tmp_path: Path) -> None:
    loaded = read("imagenet_vid", layouts.imagenet_vid(tmp_path))
    first, second = loaded.tracks
    assert first.name.endswith("00000001#0") and first.category == "n02062744" and len(first) == 5
    assert second.numbers.tolist() == [0, 1, 3] and second.boxes[0].tolist() == list(SECOND)
    assert loaded.left_out == {"occluded": 1} and len(first.others) == 0
    inner = read("imagenet_vid", tmp_path / "ILSVRC2015/Annotations/VID/train/ILSVRC2015_VID_train_0000")
    assert [len(t) for t in inner.tracks] == [5, 3]


def test_imagenet_det_is_stills_with_neighbours(tmp_path: Path) -> None:
    tracks = read("imagenet_det", layouts.imagenet_det(tmp_path)).tracks
    assert [len(t) for t in tracks] == [1] * 4 and tracks[0].others.tolist() == [list(SECOND)]
    assert tracks[1].category == "n02084071"


@pytest.mark.parametrize("packed", [False, True])
def test_youtubebb_in_seconds_with_missing_videos(tmp_path: Path, packed: bool) -> None:
    layouts.youtubebb(tmp_path)
    if packed:
        table = tmp_path / "yt_bb_detection_train.csv"
        with gzip.open(f"{table}.gz", "wb") as file:
            file.write(table.read_bytes())
        table.unlink()
    loaded = read("youtubebb", tmp_path)
    assert [t.name for t in loaded.tracks] == ["AA_b-1#3_0", "AA_b-1#3_1", "zzz#3_0"]
    assert loaded.tracks[2].numbers.tolist() == [238, 240] and loaded.tracks[0].category == "cat"
    assert loaded.left_out == {"absent": 1, "image not downloaded": 1}


def test_pysot_crops_of_other_forms(tmp_path: Path) -> None:
    layouts.crop511(tmp_path)
    table = {
        "v": {
            "00": {"000003": [30.0, 40.0], "000004": [5, 5, 5, 40], "meta": {"category": "dog"}},
            "01": {"000003": [0.25, 0.25, 0.5, 0.5]},
        }
    }
    write(tmp_path / "train.json", json.dumps(table))
    loaded = read("pysot", tmp_path)
    assert loaded.left_out == {"empty": 1}
    first, second = loaded.tracks
    assert first.category == "dog" and first.paths[0].endswith("crop511/v/000003.00.x.jpg")
    w, h = first.boxes[0][2:]
    assert w / h == pytest.approx(30 / 40) and first.boxes[0][:2] + (first.boxes[0][2:] - 1) / 2 == pytest.approx(255)
    assert np.sqrt((w + (w + h) / 2) * (h + (w + h) / 2)) == pytest.approx(127 * 510 / 511)
    assert second.boxes[0][2] == pytest.approx(second.boxes[0][3]), "fractions of the frame have a shape only"


def test_coco_from_labelling_tools(tmp_path: Path) -> None:
    image(tmp_path / "images/day 1/a.png", place(0))
    image(tmp_path / "images/b.png", place(1))
    x, y, w, h = place(0)
    polygon = [x, y, x + w, y, x + w, y + h, x, y + h]
    mask = np.zeros((120, 160), int)
    mask[y : y + h, x : x + w] = 1
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.T.ravel(), [0]])))
    runs = np.diff(np.concatenate([[0], edges, [mask.size]])).tolist()
    annotations = [
        {"image_id": "p", "category_id": 3, "segmentation": [polygon]},
        {"image_id": "p", "category_id": 3, "segmentation": {"size": [120, 160], "counts": runs}},
        {"image_id": "q", "category_id": 9, "bbox": [], "segmentation": []},
        {"image_id": "q", "bbox": list(place(1))},
        {"image_id": "q", "bbox": list(place(1)), "iscrowd": 1},
    ]
    images = [{"id": "p", "file_name": "day 1\\a.png"}, {"id": "q", "file_name": "C:\\label\\b.png"}]
    data = {"images": images, "annotations": annotations, "categories": [{"id": 3, "name": "red thing"}]}
    write(tmp_path / "result.json", json.dumps(data))
    loaded = read("coco", tmp_path)
    assert loaded.left_out == {"neither box nor mask": 1, "crowd": 1}
    assert [t.boxes[0].tolist() for t in loaded.tracks] == [list(place(0))] * 2 + [list(place(1))]
    assert loaded.tracks[0].category == "red thing" and loaded.tracks[2].category == ""


def test_coco_reads_the_training_split(tmp_path: Path) -> None:
    layouts.coco(tmp_path)
    layouts.coco(tmp_path, "annotations/instances_val2017.json", "val2017")
    assert {Path(t.paths[0]).parent.name for t in read("coco", tmp_path).tracks} == {"train2017"}


def test_coco_of_roboflow_lies_beside_its_images(tmp_path: Path) -> None:
    layouts.coco(tmp_path, "train/_annotations.coco.json", "train")
    layouts.coco(tmp_path, "valid/_annotations.coco.json", "valid")
    paths = [t.paths[0] for t in read("coco", tmp_path).tracks]
    assert len(paths) == 12 and paths[0].split("/")[-2] == "train" and paths[-1].split("/")[-2] == "valid"


def test_packed_masks() -> None:
    from tracker.data.masks import box_of

    # 6 rows, 5 columns, set at rows 2..3 of columns 1..2: runs 8 2 4 2 14, packed by COCO's rule as 8 2 4 0 :
    packed = "824" + chr(48) + chr(48 + 10)
    assert box_of({"segmentation": {"size": [6, 5], "counts": packed}}) == (1, 2, 2, 2)
    with pytest.raises(ValueError, match="add up"):
        box_of({"segmentation": {"size": [6, 6], "counts": packed}})


def test_own_folders_with_box_files_and_polygons(tmp_path: Path) -> None:
    for name in ("csv", "jsonl", "mot", "polygon", "otb"):
        for i in range(3):
            image(tmp_path / name / f"{i + 5}.png", place(i))
    write(tmp_path / "csv/boxes.csv", "frame,x,y,w,h,score,lost\n0,20,30,24,24,1,0\n2,32,36,24,24,0.1,1\n")
    line = {"frame": 1, "x": 26, "y": 33, "w": 24, "h": 24, "score": 0.5, "lost": 0}
    write(tmp_path / "jsonl/boxes.jsonl", json.dumps(line) + "\n")
    write(tmp_path / "mot/boxes.mot", "1,1,20,30,24,24,0.9,-1,-1,-1\n2,7,26,33,24,24,0.9,-1,-1,-1\n")
    corners = [f"{x},{y},{x + w},{y},{x + w},{y + h},{x},{y + h}" for x, y, w, h in map(place, range(3))]
    write(tmp_path / "polygon/groundtruth.txt", "\n".join([*corners[:2], "nan," * 7 + "nan"]))
    write(tmp_path / "otb/boxes.txt", rows([place(i) for i in range(3)], 1))
    tracks = named("folder", tmp_path)
    assert sorted(tracks) == ["csv", "jsonl", "mot#1", "mot#7", "otb", "polygon"]
    assert tracks["csv"].numbers.tolist() == [5] and tracks["jsonl"].numbers.tolist() == [6]
    assert tracks["mot#7"].boxes.tolist() == [list(place(1))] and len(tracks["otb"]) == 3
    assert tracks["polygon"].boxes.tolist() == [list(place(0)), list(place(1))]
    assert read("folder", tmp_path).left_out == {"lost": 1, "absent": 1}
    for excluded, left in (("mot", 4), ("mot#7", 5)):  # a clip with all its objects, or one of them
        source = SourceConfig(tmp_path.name, "folder", exclude=(excluded,))
        assert len(open_source(source, tmp_path, "own").tracks) == left


def test_video_frames_are_unpacked_once(tmp_path: Path) -> None:
    layouts.video(tmp_path)
    loaded = read("video", tmp_path)
    (track,) = loaded.tracks
    assert track.name == "clip" and track.numbers.tolist() == [0, 1, 2, 4, 5] and loaded.left_out == {"lost": 1}
    times = [Path(p).stat().st_mtime_ns for p in track.paths]
    Path(track.paths[1]).unlink()
    again = read("video", tmp_path).tracks[0].paths
    assert list(again) == list(track.paths)
    later = [Path(p).stat().st_mtime_ns for p in again]
    assert later[1] > times[1] and later[0] == times[0] and later[2:] == times[2:], "only what is missing is decoded"


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_another_folder_is_refused_in_one_line(layout: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=str(tmp_path)) as error:
        read(layout, tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("layout", ["got10k", "lasot", "trackingnet", "folder"])
def test_absurd_boxes_are_counted_by_reason(layout: str, tmp_path: Path) -> None:
    LAYOUTS[layout](tmp_path)
    table = next(p for p in sorted(tmp_path.rglob("*.txt")) if p.stem in ("groundtruth", "aaa_0"))
    origin = 1 if layout == "lasot" else 0
    bad = [(10, 10, 0, 20), (10, 10, 3, 3), (300, 10, 20, 20), (5, 5, 140, 5)]
    for name in ("full_occlusion.txt", "out_of_view.txt", "absence.label", "cover.label"):
        (table.parent / name).unlink(missing_ok=True)
    frames = table.read_text().count("\n")
    table.write_text(rows([*bad, place(4)][:frames], origin))
    left_out = read(layout, tmp_path).left_out
    reasons = ("empty", "smaller than 4 pixels", "centre outside the image", "longer than 20:1")
    assert [left_out.get(reason) for reason in reasons] == [1, 1, 1, 1]
