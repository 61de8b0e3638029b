"""YOLO: a folder or zip file with one text a frame, a line a box, `class cx cy w h [score] [id]`, from 0 to 1."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tracker.box import Box
from tracker.errors import InputError
from tracker.formats.base import FORMATS, Clip, Format, Row, sized
from tracker.formats.found import MEANT, Found, collect, found
from tracker.formats.kept import KeepingWriter
from tracker.formats.text import expected, label, named, read_text
from tracker.formats.zipped import check_size, zip_errors

CLASSES = "classes.txt"  # names of the classes, a line each
WANTED = "class cx cy w h, and perhaps a score and a track id"


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Names and contents of the text files in a folder or zip file and in its folders."""
    if path.is_dir():
        for file in sorted(path.rglob("*.txt")):
            if file.is_file() and not file.name.startswith("."):
                yield str(file.relative_to(path)), read_text(file)
        return
    if not zipfile.is_zipfile(path):
        missing = "missing" if not path.exists() else "is neither a folder nor a zip file"
        raise InputError(f"{path}: {missing}")
    with zip_errors(path), zipfile.ZipFile(path) as archive:
        check_size(path, sum(info.file_size for info in archive.infolist()))
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.filename.endswith(".txt"):
                try:
                    yield info.filename, archive.read(info).decode("utf-8-sig")
                except UnicodeDecodeError:
                    raise InputError(f"{path}, {info.filename}: cannot be read as text") from None


def _lines(path: Path, size: tuple[int, int]) -> Iterator[Found]:
    """The last number in a file's name is that of its frame; files without one are passed over."""
    names: list[str] = []
    finds: list[tuple[Found, int]] = []
    for file, text in _texts(path):
        stem = file.replace("\\", "/").rpartition("/")[2][: -len(".txt")]
        if stem + ".txt" == CLASSES:
            names = [named(line.strip()) for line in text.splitlines()]
        digits = re.search(r"([0-9]{1,18})[^0-9]*$", stem)
        if digits is None:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                finds.append(_found(f"{path}, {file}, line {number}", int(digits[1]), line, size))
    for row, kind in finds:
        yield row._replace(name=names[kind]) if kind < len(names) else row


def _found(where: str, frame: int, line: str, size: tuple[int, int]) -> tuple[Found, int]:
    """A row and its class. Where there is no id, targets are told apart by their classes."""
    parts = line.split()
    try:
        kind = int(parts[0])
        cx, cy, w, h = (float(p) for p in parts[1:5])
        more = parts[5:]
        if kind < 0 or len(more) > 2:
            raise ValueError
        # One number more is an id if it is written as one, else a score, as Ultralytics writes both.
        key = more.pop() if more and re.fullmatch("[0-9]+", more[-1]) else f"class {kind}"
        score = float(more.pop()) if more else 1.0
        if more:
            raise ValueError
    except MEANT:
        raise expected(where, WANTED, line) from None
    width, height = size
    return found(where, frame, key, Box.from_centre(cx * width, cy * height, w * width, h * height).xywh, score), kind


class YoloWriter(KeepingWriter):
    """`%06d.txt` for every frame that was visited; ids only where there are several targets, or one is not called 1.

    Boxes are cut at the borders of the frame; a target that is lost has no line.
    """

    def __init__(self, path: Path, clip: Clip) -> None:
        super().__init__()
        self._path, self._size = path, clip.size
        if path.suffix.lower() == ".zip":
            self._archive: zipfile.ZipFile | None = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        else:
            self._archive = None
            path.mkdir(parents=True, exist_ok=True)

    def finish(self) -> None:
        names = self.kept.names
        kinds = {name: i for i, name in enumerate(dict.fromkeys(label(names[i]) for i in sorted(names)))}
        numbered = set(names) != {1}
        try:
            self._put(CLASSES, "".join(f"{name}\n" for name in kinds))
            for frame, rows in groupby(self.kept.rows(), key=lambda row: row.frame):
                lines = (self._line(row, kinds[label(row.name)], numbered) for row in rows)
                self._put(f"{frame:06d}.txt", "".join(lines))
        finally:
            if self._archive is not None:
                self._archive.close()

    def _line(self, row: Row, kind: int, numbered: bool) -> str:
        width, height = self._size
        box = row.box.clipped(width, height)
        if not row.seen or box.w <= 0 or box.h <= 0:
            return ""
        (cx, cy), unit = box.centre, (width, height)
        values = (cx / unit[0], cy / unit[1], box.w / unit[0], box.h / unit[1])
        return f"{kind} {' '.join(f'{v:.6f}' for v in values)}{f' {row.id}' if numbered else ''}\n"

    def _put(self, name: str, text: str) -> None:
        data = text.encode("utf-8", "replace")
        if self._archive is None:
            (self._path / name).write_bytes(data)
        else:
            info = zipfile.ZipInfo(name)  # without the time, so that equal boxes give equal files
            info.external_attr = 0o644 << 16
            self._archive.writestr(info, data, zipfile.ZIP_DEFLATED)


@FORMATS.register("yolo")
class Yolo(Format):
    """Labels of single frames, as detectors are trained on them."""

    endings = (".zip",)
    holds = frozenset({"name"})
    folder = reads_sized = writes_sized = True

    @classmethod
    def read(cls, path: Path, clip: Clip | None = None) -> list[Row]:
        return collect(path, _lines(path, sized(clip, path).size))

    @classmethod
    def writer(cls, path: Path, clip: Clip | None = None) -> YoloWriter:
        return YoloWriter(path, sized(clip, path))
