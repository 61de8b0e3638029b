"""ImageNet DET layout: stills, `Annotations/DET/train/.../<image>.xml` beside `Data/DET/train/.../<image>.JPEG`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracker.data.datasets.base import DATASETS
from tracker.data.imagenet import annotation_folder, image_of, read_xml, xml_folders
from tracker.data.report import Report
from tracker.data.tracks import Track
from tracker.errors import InputError


def read_still(name: str, file: str, present: set[str], report: Report) -> list[Track]:
    """The objects of one image."""
    image = image_of(file)
    sheet = read_xml(file)
    report.states(image, sheet.size)
    if not sheet.things:
        return []  # some files of DET say that there is nothing
    if os.path.basename(image) not in present:
        report.uses(image)
        raise InputError(f"{image}: missing")
    boxes = np.array([thing.box for thing in sheet.things], np.float64).reshape(-1, 4)
    shown = np.array([not thing.occluded for thing in sheet.things], bool)
    report.hide("occluded", ~shown)
    keep = report.usable(file, boxes, sheet.size, shown)
    b = boxes.astype(np.float32)
    kinds, at = [thing.category for thing in sheet.things], np.zeros(1, np.int64)
    return [Track(f"{name}#{i}", (image,), b[i : i + 1], at, kinds[i]) for i in keep]


@DATASETS.register("imagenet_det")
def scan(folder: Path, report: Report) -> Iterator[Track]:
    """Stills of a folder in ImageNet DET layout. Raises InputError naming what is missing or damaged."""
    top = annotation_folder(folder, "DET")
    for _, files in xml_folders(top, report):
        beside = os.path.dirname(image_of(files[0]))
        present = set(os.listdir(beside)) if os.path.isdir(beside) else set()
        for file in files:
            name = os.path.splitext(os.path.relpath(file, top))[0].replace(os.sep, "/")
            yield from report.part(name, read_still, name, file, present, report) or []
