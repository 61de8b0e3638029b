"""The operator's folder of videos: what clients may choose from, by names that are looked up and never joined."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from tracker.errors import InputError
from tracker.live.sources.seeking import Seeker
from tracker.live.web.wire import Refused

ENDINGS = frozenset(".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .ts .mts .m2ts .wmv .flv .ogv .3gp".split())
MOST = 500  # videos that are listed


class Library:
    """The videos directly in a folder. Hidden files, and links to what lies outside of it, are left out."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder.resolve()
        self._guard = threading.Lock()
        self._known: dict[tuple[str, int, int], dict[str, Any] | None] = {}

    def path(self, name: str) -> Path:
        """The file of this name. Raises Refused where the list has none."""
        path = self._files().get(name)
        if path is None:
            raise Refused(404, "name: there is no such video")
        return path

    def list(self) -> list[dict[str, Any]]:
        """Name, frames, fps, width and height of the videos that can be read. Opens those that are new."""
        with self._guard:
            found = {}
            for name, path in self._files().items():
                try:
                    stat = path.stat()
                except OSError:
                    continue  # it was removed just now
                key = (name, stat.st_size, stat.st_mtime_ns)
                found[key] = self._known[key] if key in self._known else _describe(name, path)
            self._known = found
            return [about for about in found.values() if about is not None]

    def _files(self) -> dict[str, Path]:
        if self._folder is None:
            return {}
        try:
            with os.scandir(self._folder) as entries:
                paths = {entry.name: Path(entry.path) for entry in entries}
        except OSError:
            return {}
        fitting = [name for name, path in paths.items() if path.suffix.lower() in ENDINGS and self._is_inside(path)]
        return {name: paths[name] for name in sorted(fitting)[:MOST]}

    def _is_inside(self, path: Path) -> bool:
        assert self._folder is not None
        return not path.name.startswith(".") and path.is_file() and path.resolve().is_relative_to(self._folder)


def _describe(name: str, path: Path) -> dict[str, Any] | None:
    try:
        with Seeker(path, 0) as seeker:
            width, height = seeker.size
            return {"name": name, "frames": seeker.count, "fps": round(seeker.fps, 4), "width": width, "height": height}
    except InputError:
        return None
