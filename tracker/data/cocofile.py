"""A JSON file in COCO's form: its images, their annotations, and the entries that do not fit together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracker.data.files import read_text
from tracker.errors import InputError

Entry = dict[str, Any]
FEW = 3  # examples in a line that stands for many


@dataclass
class Sheet:
    """`images` have an id of their own; `by_image` are annotations by the id of their image, `names` those of the
    categories by id. `odd` are the entries that were left out, by what is wrong with them."""

    path: Path
    images: list[Entry] = field(default_factory=list)
    by_image: dict[Any, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    names: dict[Any, str] = field(default_factory=dict)
    odd: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def entries_of(self, image: Entry) -> list[Entry]:
        """The annotations of an image."""
        return self.by_image.get(image["id"], [])

    def about(self, annotation: Entry) -> str:
        """The file and the ids that an error about an annotation should name."""
        ids = f"annotation {annotation['id']!r}" if "id" in annotation else "an annotation"
        return f"{self.path}: {ids} of image {annotation['image_id']!r}"

    def faults(self) -> Iterator[str]:
        """One line for each thing that is wrong, with the first few entries."""
        for reason, entries in self.odd.items():
            more = f" and {len(entries) - FEW} more" if len(entries) > FEW else ""
            yield f"{self.path}: {reason}: {', '.join(entries[:FEW])}{more}"


def read_json(path: Path) -> Sheet:
    """One file. Raises InputError where it is not COCO at all; entries that do not fit are put aside."""
    try:
        data = json.loads(read_text(path))
        parts = data["images"], data["annotations"], data.get("categories") or []
        if not all(isinstance(part, list) for part in parts):
            raise TypeError("images, annotations and categories must be lists")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a COCO annotation file ({type(error).__name__}: {error})") from None
    sheet = Sheet(path)
    _images(sheet, parts[0])
    _annotations(sheet, parts[1])
    for i, entry in enumerate(parts[2]):
        if _fits(sheet, "category", i, entry, "id"):
            sheet.names[entry["id"]] = str(entry.get("name", entry["id"]))
    return sheet


def _fits(sheet: Sheet, kind: str, i: int, entry: Any, key: str) -> bool:
    """Whether the i-th entry is an object with an id under this key; else it is put aside."""
    if not isinstance(entry, dict):
        sheet.odd[f"{kind} that is no JSON object"].append(f"number {i + 1}")
        return False
    named = [repr(entry[k]) for k in ("file_name", "id", "name") if k in entry]
    what = named[0] if named else f"number {i + 1}"
    if entry.get(key) is None:
        sheet.odd[f"{kind} without {key}"].append(what)
    elif not isinstance(entry[key], (int, float, str)):
        sheet.odd[f"{kind} whose {key} is neither number nor text"].append(f"{what} ({key} {str(entry[key])[:40]})")
    else:
        return True
    return False


def _images(sheet: Sheet, images: Iterable[Any]) -> None:
    """Images by id. Of one that is given twice nobody knows which boxes are whose, unless both are the same file."""
    found: dict[Any, list[Entry]] = {}
    for i, entry in enumerate(images):
        if _fits(sheet, "image", i, entry, "id"):
            found.setdefault(entry["id"], []).append(entry)
    for ident, same in found.items():
        files = list(dict.fromkeys(repr(image.get("file_name")) for image in same))
        if len(same) > 1:
            sheet.odd["image id given more than once"].append(f"{ident!r} ({' and '.join(files[:FEW])})")
        if len(files) == 1:
            sheet.images.append(same[0])
        else:
            sheet.by_image[ident] = []  # known, so that its annotations do not count as those of no image


def _annotations(sheet: Sheet, annotations: Iterable[Any]) -> None:
    """Annotations by image; put aside are those of images that are not in the file."""
    images = {image["id"] for image in sheet.images}
    twice = set(sheet.by_image)
    other = {str(i) for i in images}  # the same id as text or as number
    for i, entry in enumerate(annotations):
        if not _fits(sheet, "annotation", i, entry, "image_id"):
            continue
        ident = entry["image_id"]
        if ident in images:
            sheet.by_image[ident].append(entry)
        elif ident not in twice:
            kind = " (one is a number and the other is text)" if str(ident) in other else ""
            name = repr(entry["id"]) if "id" in entry else f"number {i + 1}"
            sheet.odd[f"annotation whose image is not in the file{kind}"].append(f"{name} (image_id {ident!r})")
