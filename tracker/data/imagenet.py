"""ImageNet's XML files (VID and DET): `Annotations/<set>/...xml` beside `Data/<set>/...JPEG`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tracker.data.files import walk
from tracker.data.report import Report
from tracker.errors import InputError

ANNOTATIONS, DATA, IMAGE = "Annotations", "Data", ".JPEG"
NEGATIVES = "_train_extra"  # part of the names of DET's folders of images in which there is nothing to find


@dataclass(frozen=True)
class Thing:
    """One object of an XML file: its box x, y, w, h in pixels, 0-based, and its flags."""

    box: tuple[float, float, float, float]
    category: str
    track: str
    occluded: bool


@dataclass(frozen=True)
class Sheet:
    """One XML file: the image's width and height as stated, and the objects in it."""

    size: tuple[int, int]
    things: list[Thing]


def read_xml(path: str | Path) -> Sheet:
    """One annotation file. Raises InputError where it is missing, broken or lacks something.

    Corners are 0-based and inclusive, so the width is xmax - xmin + 1. `generated` (the box was interpolated between
    drawn ones) is no reason to leave a box out.
    """
    try:
        top = ElementTree.parse(path).getroot()
        size = int(_text(top, "size/width")), int(_text(top, "size/height"))
        return Sheet(size, [_thing(node) for node in top.iter("object")])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{path}: not an ImageNet annotation ({error})") from None


def _thing(node: ElementTree.Element) -> Thing:
    x1, y1, x2, y2 = (float(_text(node, f"bndbox/{key}")) for key in ("xmin", "ymin", "xmax", "ymax"))
    return Thing(
        (x1, y1, x2 - x1 + 1, y2 - y1 + 1),
        _text(node, "name"),
        node.findtext("trackid", "").strip(),
        node.findtext("occluded", "0").strip() == "1",
    )


def _text(node: ElementTree.Element, path: str) -> str:
    text = node.findtext(path)
    if text is None:
        raise ValueError(f"no <{path}> in <{node.tag}>")
    return text.strip()


def annotation_folder(folder: Path, kind: str) -> Path:
    """Where the XML files of `kind` (VID or DET) are: `Annotations/<kind>/train` in the folder or in its ILSVRC...
    folder, or the folder itself if it lies within `Annotations`. Raises InputError if there is none."""
    if ANNOTATIONS in folder.resolve().parts:
        return folder.resolve()
    for base in (folder, *sorted(folder.glob("ILSVRC*"))):
        place = base / ANNOTATIONS / kind
        if place.is_dir():
            return place / "train" if (place / "train").is_dir() else place
    raise InputError(
        f"{folder}: no {ANNOTATIONS}/{kind} in it or in an ILSVRC... folder; name the folder that holds Annotations and"
        f" Data, or one below {ANNOTATIONS}, such as {ANNOTATIONS}/{kind}/val"
    )


def image_of(xml: str) -> str:
    """The image that belongs to an annotation file."""
    head, _, tail = xml.rpartition(f"{os.sep}{ANNOTATIONS}{os.sep}")
    return os.path.join(head, DATA, os.path.splitext(tail)[0] + IMAGE)


def image_folder(place: Path) -> Path:
    """The folder of the images that belong to the annotation files in `place`."""
    return Path(image_of(os.path.join(place, "0.xml"))).parent


def images_in(folder: Path) -> set[str]:
    """Names of the images in a folder, without their ending; none where there is no such folder."""
    names = os.listdir(folder) if folder.is_dir() else []
    return {name[: -len(IMAGE)] for name in names if name.endswith(IMAGE) and not name.startswith(".")}


def xml_folders(top: Path, report: Report) -> Iterator[tuple[Path, list[str]]]:
    """Folders that hold XML files, with these in order of their names. Raises InputError where there are none.

    Each is met once: PySOT's instructions put links to the folders beside them. Images without an XML file are faults
    for a check.
    """
    empty = True
    known: set[str] = set()
    for place, files in walk(top):
        found = sorted(os.path.join(place, name) for name in files if name.lower().endswith(".xml"))
        report.uses(place)
        if found:
            empty = False
            report.uses(*found)
            if report.checks:  # no harm to training
                images = image_folder(place)
                known.add(os.path.realpath(images))
                for name in sorted(images_in(images) - {os.path.splitext(os.path.basename(f))[0] for f in found}):
                    report.fault(f"{place / name}.xml: missing, the boxes of {images / name}{IMAGE}")
            yield place, found
            report.step()
    if empty:
        raise InputError(f"{top}: no XML files in it")
    if report.checks:
        _other_images(top, known, report)


def _other_images(top: Path, known: set[str], report: Report) -> None:
    """Fault folders of images beyond the `known` ones. DET's negatives have no annotations."""
    images = image_folder(top)
    for place, _ in walk(images) if images.is_dir() else ():
        names = images_in(place)
        if names and NEGATIVES not in place.name and os.path.realpath(place) not in known:
            sheets = top / place.relative_to(images)
            report.fault(f"{sheets / min(names)}.xml: missing, as are all the boxes of {len(names)} images in {place}")
