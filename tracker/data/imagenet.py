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

ANNOTATIONS, DATA = "Annotations", "Data"


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
    return os.path.join(head, DATA, os.path.splitext(tail)[0] + ".JPEG")


def xml_folders(top: Path, report: Report) -> Iterator[tuple[Path, list[str]]]:
    """Folders that hold XML files, with these in order of their names. Raises InputError where there are none.

    Each is met once: PySOT's instructions put links to the folders beside them.
    """
    empty = True
    for place, files in walk(top):
        found = sorted(os.path.join(place, name) for name in files if name.lower().endswith(".xml"))
        if found:
            empty = False
            report.uses(place.parent, place, *found)
            yield place, found
            report.step()
    if empty:
        raise InputError(f"{top}: no XML files in it")
