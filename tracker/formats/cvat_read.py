"""Reads CVAT's XML as it streams by: no tree is built, no entity is expanded."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from xml.parsers import expat

from tracker.box import Box
from tracker.errors import InputError
from tracker.formats.base import Clip
from tracker.formats.found import MEANT, Found, found
from tracker.formats.text import named
from tracker.formats.zipped import open_member, zip_errors

INSIDE = "annotations.xml"  # what the file is called in a zip file of CVAT
META = {("task", "name"), ("job", "name"), ("task", "size"), ("job", "size")}
META |= {("original_size", "width"), ("original_size", "height")}
WANTED = '<box frame="0" xtl="1" ytl="2" xbr="3" ybr="4"> with numbers'


class Tracks:
    """What is found in the file, `finds`, and what it says of its video."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.finds: list[Found] = []
        self.meta: dict[str, str] = {}
        self.images = False
        self._open: list[str] = []  # the elements around the current place
        self._text: list[str] | None = None
        self._key, self._label, self._tracks = "", "", 0
        self._boxes: list[tuple[Found, bool, bool]] = []  # of this track: the row, whether it is outside, has a score
        self._box: dict[str, str] = {}
        self._line = 0
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype

    def clip(self) -> Clip | None:
        """Size, name and frames of the video; None where the file does not say its size."""
        try:
            count = self.meta.get("size")
            size = int(self.meta["width"]), int(self.meta["height"])
            return Clip(self.meta.get("name") or self.path.stem, size, frames=int(count) if count else None)
        except MEANT:
            return None

    def _doctype(self, *declared: object) -> None:
        where = f"{self.path}, line {self.parser.CurrentLineNumber}"
        raise InputError(f"{where}: has a DOCTYPE, which is not read (its entities can be traps); CVAT writes none")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else ""
        self._open.append(tag)
        if tag == "track":
            self._key, self._label = attributes.get("id", str(self._tracks)), attributes.get("label", "")
            self._tracks += 1
            self._boxes = []
        elif tag == "box" and parent == "track":
            self._box, self._line = attributes, self.parser.CurrentLineNumber
        elif (parent, tag) in META or (parent == "box" and tag == "attribute" and attributes.get("name") == "score"):
            self._text = []
        self.images |= tag == "image"

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        self._open.pop()
        parent = self._open[-1] if self._open else ""
        if self._text is not None:
            text, self._text = "".join(self._text).strip(), None
            if parent == "box":
                self._box["score"] = text
            else:
                self.meta.setdefault(tag, text)
        if tag == "box" and parent == "track":
            self._boxes.append(self._found())
        elif tag == "track":
            # Where some boxes have scores, one that is outside and has none only says where a gap begins.
            scored = any(box[2] for box in self._boxes)
            self.finds += [row for row, outside, has in self._boxes if has or not (outside and scored)]

    def _found(self) -> tuple[Found, bool, bool]:
        box, where = self._box, f"{self.path}, line {self._line}"
        try:
            corners = Box.from_xyxy(*(float(box[key]) for key in ("xtl", "ytl", "xbr", "ybr")))
            frame, turn = int(box["frame"]), math.radians(float(box.get("rotation", 0)))
            score = float(box.get("score") or 1)
        except MEANT:
            raise InputError(f"{where}: expected {WANTED}") from None
        outside = box.get("outside") == "1"
        values = corners.xywh if not turn else _turned(corners, turn).xywh
        row = found(where, frame, self._key, values, score, outside, named(self._label))
        return row, outside, "score" in box


def _turned(box: Box, angle: float) -> Box:
    """The upright box around a box that is turned about its centre."""
    c, s = abs(math.cos(angle)), abs(math.sin(angle))
    return Box.from_centre(*box.centre, box.w * c + box.h * s, box.w * s + box.h * c)


def read_tracks(path: Path) -> Tracks:
    """The tracks of an XML file, or of the one in a zip file. Raises InputError naming the line that is damaged."""
    tracks = Tracks(path)
    try:
        if zipfile.is_zipfile(path):
            with zip_errors(path), zipfile.ZipFile(path) as archive, open_member(path, archive, INSIDE) as file:
                tracks.parser.ParseFile(file)
        else:
            with open(path, "rb") as file:
                tracks.parser.ParseFile(file)
    except FileNotFoundError:
        raise InputError(f"{path}: missing") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except expat.ExpatError as error:
        raise InputError(f"{path}, line {error.lineno}: is not XML ({expat.ErrorString(error.code)})") from None
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read as XML ({error})") from None
    if not tracks.finds and tracks.images:
        raise InputError(f"{path}: has images instead of tracks; export it as CVAT for video 1.1")
    return tracks
