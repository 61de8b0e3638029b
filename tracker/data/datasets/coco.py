"""COCO layout, as published and as labelling tools export it: JSON files beside their images. Every box is a still."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import read_text
from tracker.data.masks import box_of
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

Entry = dict[str, Any]
NOTHING = "neither box nor mask"


def annotation_files(folder: Path, report: Report) -> list[Path]:
    """The files that hold boxes: `instances.json`, else `annotations/instances*.json` (of COCO's splits only that for
    training), else `annotations/*.json`, else any JSON file in the folder or, as Roboflow has it, in those below."""
    if (folder / "instances.json").is_file():
        return [folder / "instances.json"]
    for pattern in ("annotations/instances*.json", "annotations/*.json", "*.json", "*/*.json"):
        found = sorted(folder.glob(pattern))
        if found:
            report.uses(*dict.fromkeys(path.parent for path in found))
            return [path for path in found if path.stem.startswith("instances_train")] or found
    not_here(folder, "no instances.json, annotations/*.json or other JSON file", "COCO")


class Images:
    """Where the images of an annotation file are: names are tried in the usual places, the last good one first."""

    def __init__(self, folder: Path, table: Path, report: Report) -> None:
        self._report = report
        split = table.stem.split("_")[-1]
        places = [folder / "images", folder, folder / split, folder / "images" / split, table.parent]
        self._places = [os.fspath(p) for p in dict.fromkeys(places)]

    def find(self, name: str, search: bool) -> str:
        """Path of an image; with `search` it exists, or an InputError says that it does not."""
        usual = name.replace("\\", "/")
        if not search:
            return os.path.join(self._places[0], usual)
        for choice in dict.fromkeys((usual, PureWindowsPath(name).name)):
            for place in list(self._places):
                path = os.path.join(place, choice)
                if os.path.isfile(path):
                    self._places.remove(place)
                    self._places.insert(0, place)
                    return path
        self._report.uses(*(os.path.join(place, usual) for place in self._places))
        raise InputError(f"{os.path.join(self._places[0], usual)}: missing; put the images there")


def read_json(path: Path) -> tuple[list[Entry], dict[Any, list[Entry]], dict[Any, str]]:
    """Images, annotations by image and category names of one file. Raises InputError where it is not COCO."""
    try:
        data = json.loads(read_text(path))
        names = {c["id"]: str(c.get("name", c["id"])) for c in data.get("categories", [])}
        by_image: dict[Any, list[Entry]] = defaultdict(list)
        for annotation in data["annotations"]:
            by_image[annotation["image_id"]].append(annotation)
        return list(data["images"]), by_image, names
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a COCO annotation file ({type(error).__name__}: {error})") from None


def read_image(
    table: Path, image: Entry, entries: list[Entry], names: dict[Any, str], images: Images, report: Report, search: bool
) -> list[Track]:
    """The objects of one image; crowds are left out, absurd boxes are counted."""
    try:
        crowds = np.array([bool(e.get("iscrowd", 0)) for e in entries], bool)
        entries = [e for e, crowd in zip(entries, crowds, strict=True) if not crowd]
        found = [box_of(e) for e in entries]
        name, size = str(image["file_name"]), (image.get("width"), image.get("height"))
        kinds = [names.get(e.get("category_id"), "") for e in entries]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(f"{table}: an entry is damaged ({type(error).__name__}: {error})") from None
    path = images.find(name, search or not (size[0] and size[1]))
    width, height = (float(size[0]), float(size[1])) if size[0] and size[1] else report.size_of(path)
    report.hide("crowd", crowds)
    there = np.array([box is not None for box in found], bool)
    report.hide(NOTHING, ~there)
    boxes = np.array([box or (0, 0, 0, 0) for box in found], np.float64).reshape(-1, 4)
    return [
        Track(f"{name}#{i}", (path,), boxes[i : i + 1].astype(np.float32), np.zeros(1, np.int64), kinds[i])
        for i in report.usable(f"{table}, {name}", boxes, (width, height), there)
    ]


def read_file(folder: Path, table: Path, report: Report) -> Iterator[Track]:
    """Objects of one annotation file. The first images that have any are looked for until one is there; a check looks
    for each of them."""
    report.uses(table)
    parts = report.attempt(read_json, table)
    if parts is None:
        return
    images, by_image, names = parts
    places, first = Images(folder, table, report), True
    scattered = any("/" in str(i.get("file_name", "")).replace("\\", "/") for i in images[:100] if isinstance(i, dict))
    for image in images:
        entries = by_image.get(image.get("id"), []) if isinstance(image, dict) else []
        if entries or not isinstance(image, dict) or "file_name" not in image:
            name = str(image.get("file_name", "")) if isinstance(image, dict) else ""
            search = first or scattered or report.checks
            found = report.part(name, read_image, table, image, entries, names, places, report, search)
            first = first and found is None
            yield from found or []
        report.step()


@DATASETS.register("coco")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Stills of a folder in COCO layout. Raises InputError naming what is missing or damaged."""
    for table in annotation_files(folder, report):
        yield from read_file(folder, table, report)
