"""COCO layout, as published and as labelling tools export it: JSON files beside their images. Every box is a still."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import numpy as np

from tracker.data.cocofile import Entry, Sheet, read_json
from tracker.data.datasets.base import DATASETS, not_here
from tracker.data.files import folders_in
from tracker.data.masks import box_of
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError

NOTHING = "neither box nor mask"
WRONG = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, MemoryError)


def annotation_files(folder: Path, report: Report) -> list[Path]:
    """The files that hold boxes: `instances.json`, else `annotations/instances*.json` (of COCO's splits only that for
    training), else `annotations/*.json`, else any JSON file in the folder or, as Roboflow has it, in those below."""
    if (folder / "instances.json").is_file():
        return [folder / "instances.json"]
    report.uses(folder / "instances.json", folder / "annotations")
    for pattern in ("annotations/instances*.json", "annotations/*.json", "*.json", "*/*.json"):
        if not pattern.startswith("annotations"):
            report.uses(folder, *(folders_in(folder) if "/" in pattern else ()))
        found = sorted(folder.glob(pattern))
        if found:
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


def boxes_of(sheet: Sheet, entries: list[Entry]) -> list[tuple[float, float, float, float] | None]:
    """The box of each annotation, None where it has neither box nor mask. Raises InputError naming a damaged one."""
    found = []
    for entry in entries:
        try:
            found.append(box_of(entry))
        except WRONG as error:
            raise InputError(f"{sheet.about(entry)} is damaged ({type(error).__name__}: {error})") from None
    return found


def name_and_size(image: Entry) -> tuple[str, tuple[float, float] | None]:
    """File name, width and height of an image, None where they are not stated. Raises ValueError and others."""
    name, stated = str(image["file_name"]), (image.get("width"), image.get("height"))
    if not name or "\0" in name:
        raise ValueError(f"file_name {name!r}")
    if not (stated[0] and stated[1]):
        return name, None
    width, height = float(stated[0]), float(stated[1])
    if not (0 < width < float("inf") and 0 < height < float("inf")):
        raise ValueError(f"a size of {width:g}x{height:g} pixels")
    return name, (width, height)


def read_image(
    sheet: Sheet, image: Entry, entries: list[Entry], images: Images, report: Report, search: bool
) -> list[Track]:
    """The objects of one image; crowds are left out, absurd boxes are counted."""
    try:
        name, size = name_and_size(image)
        crowds = np.array([bool(e.get("iscrowd", 0)) for e in entries], bool)
        entries = [e for e, crowd in zip(entries, crowds, strict=True) if not crowd]
        kinds = [sheet.names.get(e.get("category_id"), "") for e in entries]
    except WRONG as error:
        raise InputError(
            f"{sheet.path}: image {image.get('id')!r} is damaged ({type(error).__name__}: {error})"
        ) from None
    found = boxes_of(sheet, entries)
    path = images.find(name, search or size is None)
    if size is not None:
        report.states(path, size)
    report.hide("crowd", crowds)
    there = np.array([box is not None for box in found], bool)
    report.hide(NOTHING, ~there)
    boxes = np.array([box or (0, 0, 0, 0) for box in found], np.float64).reshape(-1, 4)
    return [
        Track(f"{name}#{i}", (path,), boxes[i : i + 1].astype(np.float32), np.zeros(1, np.int64), kinds[i])
        for i in report.usable(f"{sheet.path}, {name}", boxes, size or report.size_of(path), there)
    ]


def read_file(folder: Path, table: Path, report: Report) -> Iterator[Track]:
    """Objects of one annotation file. The first images that have any are looked for until one is there; a check looks
    for each of them."""
    report.uses(table)
    sheet = report.attempt(read_json, table)
    if sheet is None:
        return
    for text in sheet.faults():
        report.fault(text)
    places, first = Images(folder, table, report), True
    scattered = any("/" in str(i.get("file_name", "")).replace("\\", "/") for i in sheet.images[:100])
    for image in sheet.images:
        entries = sheet.entries_of(image)
        if entries or "file_name" not in image:
            name = str(image.get("file_name", ""))
            search = first or scattered or report.checks
            found = report.part(name, read_image, sheet, image, entries, places, report, search)
            first = first and found is None
            yield from found or []
        report.step()


@DATASETS.register("coco")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Stills of a folder in COCO layout. Raises InputError naming what is missing or damaged."""
    for table in annotation_files(folder, report):
        yield from read_file(folder, table, report)
