"""Small batches: clips, tables of jobs, and a tracker that worker processes can open too."""

from __future__ import annotations

import csv
import os
import signal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import TemplateTracker, write_video
from tracker.tracking.result import Result

BOX = "20,40,24,24"
HEAD = "video,x,y,w,h,name,frame,output"
VOID = {"meta", "img", "input", "rect", "path", "wbr"}


class Deadly(TemplateTracker):
    """Ends its process in the 12th frame of a video while there is a file `deadly` in the current folder."""

    def update(self, frame: np.ndarray) -> Result:
        self.count = getattr(self, "count", 0) + 1
        if self.count == 11 and Path("deadly").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().update(frame)


def load(kind: str = "TemplateTracker", delay: float = 0.0, **settings: Any) -> TemplateTracker:
    """What stands in for tracker.load."""
    made: TemplateTracker = globals()[kind](delay)
    return made


def clips(folder: Path, count: int, frames: int = 12) -> list[Path]:
    """So many drawn clips with their box beside each."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [write_video(folder / f"clip{i}.mp4", frames + i) for i in range(count)]
    for path in made:
        path.with_suffix(".box.txt").write_text(BOX + "\n")
    return made


def table(path: Path, *rows: str, head: str = HEAD) -> Path:
    """A CSV of jobs."""
    path.write_text("\n".join((head, *rows)) + "\n")
    return path


def summary(folder: Path) -> list[dict[str, str]]:
    """The rows of summary.csv."""
    with (folder / "summary.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def stamps(folder: Path) -> dict[str, int]:
    """When each file of results was written, nanoseconds."""
    return {p.name: p.stat().st_mtime_ns for kind in ("boxes", "videos") for p in (folder / kind).glob("*.*")}


class Page(HTMLParser):
    """A parsed page: its tags with their attributes and its rows of cells; all tags must match."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = path.read_text("utf-8")
        self._open: list[str] = []
        self.feed(self.text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"th", "td"}:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"th", "td"} & set(self._open) and "title" not in self._open:
            self.rows[-1][-1] += data
