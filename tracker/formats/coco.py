"""COCO video JSON: videos, images, annotations, tracks and categories, as in TAO; also YouTube-VIS and plain COCO."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tracker.errors import InputError
from tracker.formats.base import FORMATS, Clip, Format, Row, sized
from tracker.formats.found import MEANT, Found, collect, found
from tracker.formats.kept import KeepingWriter
from tracker.formats.text import label, named, read_text

NAN = float("nan")
Table = dict[str, Any]


def _load(path: Path) -> Table:
    try:
        data = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: is not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(data, dict) or not isinstance(data.get("annotations"), list):
        raise InputError(f"{path}: expected a JSON object with the lists images and annotations")
    return data


def _list(path: Path, data: Table, key: str) -> list[Table]:
    """A list of objects that may be missing."""
    items = data.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path}: {key} must be a list of objects")
    return items


def _frame_numbers(path: Path, images: Sequence[Table]) -> dict[object, int]:
    """Frames by image: as they are numbered, or else in the order of the list."""
    frames: dict[object, int] = {}
    for i, image in enumerate(images):
        try:
            number: Any = image.get("frame_index", image.get("frame_id", i))
            frames[image["id"]] = int(number)
        except MEANT:
            raise InputError(f"{path}, image {i + 1}: expected an id and a whole frame_index") from None
    return frames


def _names(path: Path, data: Table) -> tuple[dict[str, str], dict[str, str]]:
    """Names of tracks and of categories by their ids."""
    tracks = {str(t.get("id")): str(t["name"]) for t in _list(path, data, "tracks") if t.get("name") is not None}
    kinds = {str(c.get("id")): named(str(c.get("name", ""))) for c in _list(path, data, "categories")}
    return tracks, kinds


def _finds(path: Path, data: Table) -> Iterator[Found]:
    images, items = _list(path, data, "images"), _list(path, data, "annotations")
    for part in (images, items):
        if len({str(item.get("video_id")) for item in part}) > 1:
            raise InputError(f"{path}: boxes of several videos; give a file with one")
    frames = _frame_numbers(path, images)
    tracks, kinds = _names(path, data)
    for i, item in enumerate(items, 1):
        where = f"{path}, annotation {i}"
        try:
            places, key = _places(item, frames)
            score = item.get("score")
            name = tracks.get(key, kinds.get(str(item.get("category_id")), ""))
            extra = (1.0 if score is None else float(score), bool(item.get("lost")), name, str(item.get("state") or ""))
        except MEANT:
            wanted = "bbox [x, y, w, h], image_id of an image in the list, and track_id"
            raise InputError(f"{where}: expected {wanted}") from None
        for frame, box in places:
            yield found(where, frame, key, box, *extra)


def _places(item: Table, frames: dict[object, int]) -> tuple[list[tuple[int, list[float]]], str]:
    """Frames and boxes of an annotation, and the key of its target. One of YouTube-VIS has a box or null a frame."""
    if isinstance(item.get("bboxes"), list):
        boxes = [(frame, _box(box)) for frame, box in enumerate(item["bboxes"]) if box is not None]
        return boxes, str(item["id"])
    key = next((item[k] for k in ("track_id", "instance_id") if item.get(k) is not None), 1)
    return [(frames[item["image_id"]], _box(item["bbox"]))], str(key)


def _box(values: object) -> list[float]:
    if values is None:
        return [NAN] * 4
    if not isinstance(values, list) or len(values) != 4:
        raise ValueError
    return [float(v) for v in values]


class CocoWriter(KeepingWriter):
    """One video; ids of images are frames + 1, those of tracks the targets' own; a category for every name."""

    def __init__(self, path: Path, clip: Clip) -> None:
        super().__init__()
        self._clip = clip
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def finish(self) -> None:
        with self._file as file:
            comma = "{\n"
            for key, items in self._lists():
                file.write(f'{comma}"{key}": [')
                for i, item in enumerate(items):
                    file.write((",\n" if i else "\n") + json.dumps(item))
                file.write("\n]")
                comma = ",\n"
            file.write("\n}\n")

    def _lists(self) -> Iterator[tuple[str, Iterable[Table]]]:
        (width, height), frames, names = self._clip.size, self.kept.frames().tolist(), self.kept.names
        kinds = {name: i for i, name in enumerate(dict.fromkeys(map(label, names.values())), 1)}
        count = self._clip.frames or (frames[-1] + 1 if frames else 0)
        size = {"width": width, "height": height}
        yield "videos", [{"id": 1, "name": self._clip.name, **size, "fps": self._clip.fps, "length": count}]
        yield (
            "images",
            (
                {"id": n + 1, "video_id": 1, "file_name": f"{n:06d}.jpg", "frame_index": n, "frame_id": n, **size}
                for n in frames
            ),
        )
        yield "categories", [{"id": i, "name": name} for name, i in kinds.items()]
        yield (
            "tracks",
            [{"id": i, "video_id": 1, "category_id": kinds[label(n)], "name": n} for i, n in sorted(names.items())],
        )
        yield "annotations", (self._annotation(i, row, kinds) for i, row in enumerate(self.kept.rows(), 1))

    @staticmethod
    def _annotation(index: int, row: Row, kinds: dict[str, int]) -> Table:
        item: Table = {"id": index, "image_id": row.frame + 1, "video_id": 1, "track_id": row.id}
        box = [round(v, 4) for v in row.box.xywh]
        item |= {"category_id": kinds[label(row.name)], "bbox": box, "area": round(row.box.area, 4), "iscrowd": 0}
        item |= {"score": round(row.score, 4), "lost": int(row.lost)}
        return item | ({"state": row.state} if row.state else {})


@FORMATS.register("coco")
class Coco(Format):
    """What detection and tracking toolboxes train on."""

    endings = (".json",)
    writes_sized = True

    @classmethod
    def read(cls, path: Path, clip: Clip | None = None) -> list[Row]:
        return collect(path, _finds(path, _load(path)))

    @classmethod
    def writer(cls, path: Path, clip: Clip | None = None) -> CocoWriter:
        return CocoWriter(path, sized(clip, path))

    @classmethod
    def clip(cls, path: Path) -> Clip | None:
        data = _load(path)
        videos, images = _list(path, data, "videos"), _list(path, data, "images")
        known: Table = {**(images[0] if images else {}), **(videos[0] if videos else {})}
        try:
            size = int(known["width"]), int(known["height"])
            name, fps, count = known.get("name", path.stem), float(known.get("fps") or 25), known.get("length")
            return Clip(str(name), size, fps, count if type(count) is int and count > 0 else None)
        except MEANT:
            return None
