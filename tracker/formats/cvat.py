"""CVAT for video 1.1: an XML file of tracks, to be corrected by hand in CVAT and read back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from tracker.formats.base import FORMATS, Clip, Format, Row, sized
from tracker.formats.cvat_read import read_tracks
from tracker.formats.found import collect
from tracker.formats.kept import KeepingWriter
from tracker.formats.text import label, number

Tree = ElementTree.Element


def _node(tag: str, text: object = "", *children: Tree) -> Tree:
    node = ElementTree.Element(tag)
    node.text = str(text) or None
    node.extend(children)
    return node


def _text(node: Tree, depth: int = 1) -> str:
    ElementTree.indent(node, level=depth)
    return "  " * depth + ElementTree.tostring(node, encoding="unicode") + "\n"


class CvatWriter(KeepingWriter):
    """Every row is a key frame. Where the rows of a target stop, a box that is `outside` ends it, as CVAT demands."""

    def __init__(self, path: Path, clip: Clip) -> None:
        super().__init__()
        self._clip = clip
        self._file = path.open("w", encoding="utf-8", errors="replace", newline="\n")

    def finish(self) -> None:
        frames = self.kept.frames()
        steps = np.diff(frames)
        stride = int(steps.min()) if len(steps) else 1
        end = self._clip.frames or (int(frames[-1]) + 1 if len(frames) else 0)
        with self._file as file:
            file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n')
            file.write(_text(_node("version", "1.1")) + _text(self._meta(end)))
            for target, rows in groupby(self.kept.rows(by_target=True), key=lambda row: row.id):
                opening = ElementTree.Element("track", id=str(target), label=label(self.kept.names[target]))
                opening.set("source", "auto")
                file.write("  " + ElementTree.tostring(opening, encoding="unicode").replace(" />", ">") + "\n")
                for box in _boxes(rows, stride, end):
                    file.write(_text(box, 2))
                file.write("  </track>\n")
            file.write("</annotations>\n")

    def _meta(self, count: int) -> Tree:
        """The part before the tracks. CVAT reads labels and scores where its task has labels of these names."""
        width, height = self._clip.size
        score = _node("attribute", "", _node("name", "score"), _node("mutable", True), _node("input_type", "text"))
        score.extend((_node("default_value"), _node("values")))
        names = dict.fromkeys(map(label, self.kept.names.values()))
        labels = [_node("label", "", _node("name", name), _node("attributes", "", score)) for name in names]
        title = label(self._clip.name)
        task = _node("task", "", _node("name", title), _node("size", count), _node("mode", "interpolation"))
        task.extend((_node("start_frame", 0), _node("stop_frame", max(0, count - 1)), _node("labels", "", *labels)))
        task.append(_node("original_size", "", _node("width", width), _node("height", height)))
        task.append(_node("source", title))
        return _node("meta", "", task)


def _boxes(rows: Iterator[Row], stride: int, end: int) -> Iterator[Tree]:
    """The boxes of a target, and one without a score where a gap begins that is longer than from frame to frame."""
    last: Row | None = None
    for row in rows:
        if last is not None and row.frame > last.frame + stride and last.seen:
            yield _box(last, last.frame + stride, outside=True)
        box = _box(row, row.frame, outside=not row.seen)
        score = ElementTree.SubElement(box, "attribute", name="score")
        score.text = number(row.score)
        yield box
        last = row
    if last is not None and last.frame + stride < end and last.seen:
        yield _box(last, last.frame + stride, outside=True)


def _box(row: Row, frame: int, outside: bool) -> Tree:
    corners = dict(zip(("xtl", "ytl", "xbr", "ybr"), map(number, row.box.xyxy), strict=True))
    flags = {"outside": str(int(outside)), "occluded": "0", "keyframe": "1"}
    return ElementTree.Element("box", {"frame": str(frame), **flags, **corners, "z_order": "0"})


@FORMATS.register("cvat")
class Cvat(Format):
    """The form to import into CVAT and to export from it; also as the zip file that CVAT makes."""

    endings = (".xml",)
    holds = frozenset({"score", "lost", "name"})
    writes_sized = True

    @classmethod
    def read(cls, path: Path, clip: Clip | None = None) -> list[Row]:
        return collect(path, read_tracks(path).finds)

    @classmethod
    def writer(cls, path: Path, clip: Clip | None = None) -> CvatWriter:
        return CvatWriter(path, sized(clip, path))

    @classmethod
    def clip(cls, path: Path) -> Clip | None:
        return read_tracks(path).clip()
