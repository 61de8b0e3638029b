"""COCO layout: `instances.json`, or `annotations/*.json`, beside `images/`. Every box is a still."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from tracker.data.datasets.base import DATASETS, Loaded, Track, sane
from tracker.errors import InputError


def annotation_files(folder: Path) -> list[Path]:
    """The files that hold boxes: `instances.json`, else `annotations/instances*.json`, else `annotations/*.json`."""
    if (folder / "instances.json").is_file():
        return [folder / "instances.json"]
    found = sorted((folder / "annotations").glob("instances*.json"))
    return found or sorted((folder / "annotations").glob("*.json"))


def image_folder(folder: Path, annotations: Path, example: str) -> Path:
    """Where the images of an annotation file are: `images/`, the folder, or the split's own (`train2017/`)."""
    split = annotations.stem.split("_")[-1]
    places = [folder / "images", folder, folder / split, folder / "images" / split]
    for place in places:
        if (place / example).is_file():
            return place
    raise InputError(f"{annotations}: image {example!r} is not in {places[0]}; put the images there")


def read_json(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[int, str]]:
    """Images, annotations and category names of one annotation file. Raises InputError where it is not COCO."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        names = {int(c["id"]): str(c.get("name", c["id"])) for c in data.get("categories", [])}
        images, annotations = list(data["images"]), list(data["annotations"])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a COCO annotation file ({type(error).__name__}: {error})") from error
    return images, annotations, names


def read_file(folder: Path, path: Path) -> Loaded:
    """Tracks of one annotation file; crowds are left out, absurd boxes are counted."""
    images, annotations, names = read_json(path)
    by_image: dict[Any, list[tuple[list[float], str]]] = defaultdict(list)
    tracks: list[Track] = []
    dropped = 0
    try:
        for a in annotations:
            if not a.get("iscrowd", 0):
                by_image[a["image_id"]].append((a["bbox"], names.get(a.get("category_id", 0), "")))
        if not images:
            return Loaded([], 0)
        base = image_folder(folder, path, images[0]["file_name"])
        for image in images:
            rows = by_image.get(image["id"], [])
            boxes = np.array([box for box, _ in rows], dtype=np.float32).reshape(len(rows), 4)
            keep = np.flatnonzero(sane(boxes, image["width"], image["height"]))
            dropped += len(boxes) - len(keep)
            file = str(base / image["file_name"])
            for i in keep:
                tracks.append(
                    Track(
                        name=f"{image['file_name']}#{i}",
                        paths=(file,),
                        boxes=boxes[i : i + 1],
                        numbers=np.zeros(1, np.int64),
                        category=rows[i][1],
                        others=boxes[keep[keep != i]],
                    )
                )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: an entry is damaged ({type(error).__name__}: {error})") from error
    return Loaded(tracks, dropped)


@DATASETS.register("coco")
def read(folder: Path) -> Loaded:
    """Tracks of a folder in COCO layout. Raises InputError naming what is missing or damaged."""
    files = annotation_files(folder)
    if not files:
        raise InputError(f"{folder}: no instances.json and no annotations/*.json; is this the COCO layout?")
    parts = [read_file(folder, path) for path in files]
    return Loaded([t for p in parts for t in p.tracks], sum(p.dropped for p in parts))
