"""The operator's folder of videos: what clients may choose from, by names that are looked up and never joined."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracker.errors import InputError
from tracker.live.sources.images import natural_key
from tracker.live.sources.seeking import Seeker
from tracker.live.web.wire import Refused, readable

ENDINGS = frozenset(".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .ts .mts .m2ts .wmv .flv .ogv .3gp".split())
MOST = 500  # videos that are listed
LONGEST = 120  # characters of the name of a file that could not be read


@dataclass
class Listing:
    """What is found in the folder: videos with name, frames, fps, width and height, in natural order of their names."""

    videos: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)  # names of damaged files, to be shown only
    omitted: int = 0  # files beyond the first MOST

    @property
    def public(self) -> dict[str, Any]:
        """For the page."""
        return {"videos": self.videos, "unreadable": self.unreadable, "omitted": self.omitted}


class Library:
    """The videos directly in a folder. Hidden files, and links to what lies outside of it, are left out."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder.resolve()
        self._guard = threading.Lock()
        self._known: dict[tuple[str, int, int], dict[str, Any] | None] = {}

    def path(self, name: str) -> Path:
        """The file of this name. Raises Refused where the list has none."""
        path = dict(self._files()[:MOST]).get(name)
        if path is None:
            raise Refused(404, "the server has no video of this name")
        return path

    def look(self) -> Listing:
        """What the folder has. Opens those files that are new."""
        with self._guard:
            files = self._files()
            found = {}
            for name, path in files[:MOST]:
                try:
                    stat = path.stat()
                except OSError:
                    continue  # it was removed just now
                key = (name, stat.st_size, stat.st_mtime_ns)
                found[key] = self._known[key] if key in self._known else _describe(name, path)
            self._known = found
        listing = Listing(omitted=len(files) - len(files[:MOST]))
        for (name, *_), about in found.items():
            if about is None:
                listing.unreadable.append(readable(name, LONGEST))
            else:
                listing.videos.append(about)
        return listing

    def _files(self) -> list[tuple[str, Path]]:
        """Name and path of all that are called as videos are, in natural order."""
        if self._folder is None:
            return []
        try:
            with os.scandir(self._folder) as entries:
                paths = [Path(entry.path) for entry in entries]
        except OSError:
            return []
        fitting = [path for path in paths if path.suffix.lower() in ENDINGS and self._is_inside(path)]
        return [(path.name, path) for path in sorted(fitting, key=natural_key)]

    def _is_inside(self, path: Path) -> bool:
        assert self._folder is not None
        return not path.name.startswith(".") and path.is_file() and path.resolve().is_relative_to(self._folder)


def _describe(name: str, path: Path) -> dict[str, Any] | None:
    """None where it cannot be read, or has a name that is no text and so cannot be told to a client."""
    try:
        name.encode()
        with Seeker(path, 0) as seeker:
            width, height = seeker.size
            return {"name": name, "frames": seeker.count, "fps": round(seeker.fps, 4), "width": width, "height": height}
    except (InputError, UnicodeEncodeError):
        return None
