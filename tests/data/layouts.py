"""Small data sets in each native layout. In every frame the target is a red square on gray noise."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

SIZE = (160, 120)
SIDE = 24


def place(i: int) -> tuple[int, int, int, int]:
    """Where the target is in frame i: x, y, w, h, 0-based."""
    return 20 + 6 * i, 30 + 3 * i, SIDE, SIDE


def image(path: Path, *boxes: Sequence[int], size: tuple[int, int] = SIZE) -> Path:
    """Write a frame with red targets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas = np.random.default_rng(0).integers(90, 130, (size[1], size[0], 3)).astype(np.uint8)
    for x, y, w, h in boxes:
        canvas[y : y + h, x : x + w] = (20, 20, 230)
    assert cv2.imwrite(str(path), canvas)
    return path


def rows(boxes: Sequence[Sequence[float]], origin: int = 0) -> str:
    """Lines of x,y,w,h."""
    return "".join(f"{x + origin},{y + origin},{w},{h}\n" for x, y, w, h in boxes)


def write(path: Path, text: str) -> Path:
    """Write a text file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def got10k(root: Path, frames: int = 5) -> Path:
    for name in ("GOT-10k_Train_000001", "GOT-10k_Train_000002"):
        for i in range(frames):
            image(root / name / f"{i + 1:08d}.jpg", place(i))
        write(root / name / "groundtruth.txt", rows([place(i) for i in range(frames)]))
        write(root / name / "absence.label", "0\n" * frames)
        write(root / name / "cover.label", "8\n" * (frames - 1) + "0\n")
        write(root / name / "cut_by_image.label", "0\n" * frames)
        write(root / name / "meta_info.ini", "[METAINFO]\nobject_class: bear\nmotion_class: walking\n")
    write(root / "list.txt", "GOT-10k_Train_000001\nGOT-10k_Train_000002\n")
    return root


def lasot(root: Path, frames: int = 5, flat: bool = False) -> Path:
    for name in ("cat-2", "cat-10", "dog-2"):
        clip = root / name if flat else root / name.split("-")[0] / name
        for i in range(frames):
            image(clip / "img" / f"{i + 1:08d}.jpg", place(i))
        write(clip / "groundtruth.txt", rows([place(i) for i in range(frames)], 1))
        write(clip / "full_occlusion.txt", ",".join(["0"] * (frames - 1) + ["1"]))
        write(clip / "out_of_view.txt", ",".join(["1"] + ["0"] * (frames - 1)))
    return root


def trackingnet(root: Path, frames: int = 4) -> Path:
    for part, name in (("TRAIN_0", "aaa_0"), ("TRAIN_10", "bbb_1"), ("TRAIN_2", "ccc_0"), ("TEST", "ddd_0")):
        for i in range(frames):
            image(root / part / "frames" / name / f"{i}.jpg", place(i))
        count = 1 if part == "TEST" else frames
        write(root / part / "anno" / f"{name}.txt", rows([place(i) for i in range(count)]))
    return root


def xml(things: Sequence[tuple[str, Sequence[int], str, int]], name: str = "000000") -> str:
    """An ImageNet annotation: (track id or "", x, y, w, h, class, occluded)."""
    parts = []
    for track, (x, y, w, h), kind, occluded in things:
        ident = f"<trackid>{track}</trackid>" if track else ""
        flags = f"<occluded>{occluded}</occluded><generated>1</generated>" if track else ""
        box = f"<xmax>{x + w - 1}</xmax><xmin>{x}</xmin><ymax>{y + h - 1}</ymax><ymin>{y}</ymin>"
        parts.append(f"<object>{ident}<name>{kind}</name><bndbox>{box}</bndbox>{flags}</object>")
    size = f"<size><width>{SIZE[0]}</width><height>{SIZE[1]}</height></size>"
    return f"<annotation><filename>{name}</filename>{size}{''.join(parts)}</annotation>"


SECOND = (100, 80, 30, 30)


def imagenet_vid(root: Path, frames: int = 5) -> Path:
    clip = "VID/train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000001"
    for i in range(frames):
        image(root / "ILSVRC2015/Data" / clip / f"{i:06d}.JPEG".replace("JPEG", "jpg"), place(i), SECOND).rename(
            root / "ILSVRC2015/Data" / clip / f"{i:06d}.JPEG"
        )
        things = [("0", place(i), "n02062744", 0)]
        if i != 2:
            things.append(("1", SECOND, "n02084071", int(i == 4)))
        write(root / "ILSVRC2015/Annotations" / clip / f"{i:06d}.xml", xml(things, f"{i:06d}"))
    return root


def imagenet_det(root: Path) -> Path:
    for folder, name in (("n01440764", "n01440764_1"), ("ILSVRC2014_train_0000", "ILSVRC2014_train_00000005")):
        target = root / "Data/DET/train" / folder / f"{name}.jpg"
        image(target, place(0), SECOND).rename(target.with_suffix(".JPEG"))
        things = [("", place(0), "n01440764", 0), ("", SECOND, "n02084071", 0)]
        write(root / "Annotations/DET/train" / folder / f"{name}.xml", xml(things))
    write(root / "Annotations/DET/train/n01440764/nothing.xml", xml([]))
    return root


def youtubebb(root: Path, frames: int = 4) -> Path:
    lines = []
    for video, thing in (("AA_b-1", "0"), ("AA_b-1", "1"), ("zzz", "0")):
        for i in range(frames):
            ms = 238000 + 1000 * i
            x, y, w, h = place(i)
            corners = [x / SIZE[0], (x + w) / SIZE[0], y / SIZE[1], (y + h) / SIZE[1]]
            absent = video == "zzz" and i == 1
            line = [video, ms, 3, "cat", thing, "absent" if absent else "present", *([-1] * 4 if absent else corners)]
            lines.append(line)
            if not absent and not (video == "zzz" and i == 3):
                image(root / "yt_bb_detection_train/3" / f"{video}_{ms}_3_{thing}.jpg", place(i))
    with (root / "yt_bb_detection_train.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    return root


def crop511(root: Path, frames: int = 3) -> Path:
    table: dict[str, dict[str, dict[str, list[float]]]] = {}
    for video in ("a/ILSVRC2015_train_1", "b/ILSVRC2015_train_2"):
        table[video] = {"00": {}}
        for i in range(frames):
            x, y, w, h = 10.0, 20.0, 40.0, 30.0
            table[video]["00"][f"{i:06d}"] = [x, y, x + w, y + h]
            side = np.sqrt((w + 35) * (h + 35)) * 511 / 127
            cw, ch = round(w * 510 / side), round(h * 510 / side)
            target = (round(255 - (cw - 1) / 2), round(255 - (ch - 1) / 2), cw, ch)
            image(root / "crop511" / video / f"{i:06d}.00.x.jpg", target, size=(511, 511))
    write(root / "train.json", json.dumps(table))
    return root


def coco(root: Path, table: str = "annotations/instances_train2017.json", images: str = "train2017") -> Path:
    data = {
        "images": [{"id": i, "file_name": f"{i:012d}.jpg", "width": SIZE[0], "height": SIZE[1]} for i in range(3)],
        "annotations": [
            {"id": 10 * i + k, "image_id": i, "category_id": 1 + k, "bbox": list(box), "iscrowd": 0}
            for i in range(3)
            for k, box in enumerate((place(i), SECOND))
        ],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}],
    }
    for i in range(3):
        image(root / images / f"{i:012d}.jpg", place(i), SECOND)
    write(root / table, json.dumps(data))
    return root


def folder(root: Path, frames: int = 4) -> Path:
    for name, inner in (("garden/one", ""), ("garden/two", "img"), ("three", "frames")):
        for i in range(frames):
            image(root / name / inner / f"shot_{8 + i}.png", place(i))
        write(root / name / "groundtruth.txt", rows([place(i) for i in range(frames)]))
    return root


def video(root: Path, frames: int = 6) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(root / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, SIZE)
    assert writer.isOpened()
    for i in range(frames):
        scratch = image(root / "scratch.png", place(i))
        writer.write(cv2.imread(str(scratch)))
    writer.release()
    scratch.unlink()
    lines = [f"{i},{','.join(map(str, place(i)))},0.9,{int(i == 3)}" for i in range(frames)]
    write(root / "clip.csv", "frame,x,y,w,h,score,lost\n" + "\n".join(lines) + "\n")
    return root


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "coco": coco,
    "folder": folder,
    "got10k": got10k,
    "imagenet_det": imagenet_det,
    "imagenet_vid": imagenet_vid,
    "lasot": lasot,
    "pysot": crop511,
    "trackingnet": trackingnet,
    "video": video,
    "youtubebb": youtubebb,
}
