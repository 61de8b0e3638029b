"""Boxes in text files, one row a frame, written as they come."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import TextIO

from tracker.errors import InputError
from tracker.live.sinks.base import SINKS, FileSink
from tracker.live.step import Step

KEYS = ("frame", "x", "y", "w", "h", "score", "lost")


def number(value: float) -> str:
    """At most four decimals, none where they are zero: `12`, `12.5`, `12.3457`."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class BoxFile(FileSink):
    """A text file with one row for every visited frame, lost and unreadable ones included."""

    header = ""

    @abstractmethod
    def row(self, step: Step) -> str:
        """The line for one frame, without its line end."""

    def open(self) -> None:
        # Line buffered: rows can be followed while the run goes on.
        self._file: TextIO = self.partial.open("w", encoding="utf-8", newline="\n", buffering=1)
        if self.header:
            self._file.write(self.header + "\n")

    def add(self, step: Step) -> None:
        self._file.write(self.row(step) + "\n")

    def finish(self) -> None:
        self._file.close()


@SINKS.register("csv")
class Csv(BoxFile):
    """`frame,x,y,w,h,score,lost`: frame from 0 in the source, x and y 0-based pixels, lost 0 or 1."""

    endings = (".csv",)
    header = ",".join(KEYS)

    def row(self, step: Step) -> str:
        values = (*step.result.box.xywh, step.result.score)
        return f"{step.index},{','.join(map(number, values))},{int(step.result.lost)}"


@SINKS.register("jsonl")
class Jsonl(BoxFile):
    """One JSON object a frame, with the keys and values of the CSV form."""

    endings = (".jsonl", ".ndjson")

    def row(self, step: Step) -> str:
        values = [round(v, 4) for v in (*step.result.box.xywh, step.result.score)]
        return json.dumps(dict(zip(KEYS, (step.index, *values, int(step.result.lost)), strict=True)))


@SINKS.register("otb")
class Otb(BoxFile):
    """`x,y,w,h` as in OTB's groundtruth_rect.txt: x and y count pixels from 1; no frame number, score or state."""

    endings = (".txt",)

    def row(self, step: Step) -> str:
        x, y, w, h = step.result.box.xywh
        return ",".join(map(number, (x + 1, y + 1, w, h)))


@SINKS.register("mot")
class Mot(BoxFile):
    """MOTChallenge: `frame,id,x,y,w,h,score,-1,-1,-1`, frame from 1 and id 1; x and y are 0-based pixels as in CSV."""

    endings = (".mot", ".mot.txt")

    def row(self, step: Step) -> str:
        values = (*step.result.box.xywh, step.result.score)
        return f"{step.index + 1},1,{','.join(map(number, values))},-1,-1,-1"


def box_formats() -> dict[str, type[BoxFile]]:
    """The registered box files by name."""
    kinds = ((name, SINKS[name]) for name in SINKS)
    return {name: kind for name, kind in kinds if issubclass(kind, BoxFile)}


def open_boxes(path: str | Path, form: str | None = None) -> BoxFile:
    """The box file for `path`: of the form that is named, or else by the ending (the longest that fits).

    Raises InputError with the known endings. Nothing is created until it is entered as a context manager.
    """
    formats = box_formats()
    if form is not None:
        return formats[form](path)
    endings = {ending: kind for kind in formats.values() for ending in kind.endings}
    fitting = [ending for ending in endings if str(path).lower().endswith(ending)]
    if not fitting:
        known = ", ".join(sorted(endings))
        raise InputError(f"{path}: the form of the box file is not known from its ending ({known}); or --boxes-format")
    return endings[max(fitting, key=len)](path)
