"""Claims: which command is at a sequence, so that several on one folder, of one or many machines, share the work.

A claim is a file that only one of them can make. On its machine a process that has ended is known to be gone;
from elsewhere its beats tell: the file is touched every few seconds, by the clock of the shared folder.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from tracker.errors import InputError
from tracker.processes import owners

BEAT = 15.0  # seconds between two beats
STALE = 90.0  # seconds without one after which a claim of another machine is taken over


class Claim(NamedTuple):
    """Who holds a claim, and for which configuration; `runs` is None until that can be known."""

    owner: str
    digest: str
    runs: bool | None


class Claims:
    """The claims of this command in a folder of records, for one configuration."""

    def __init__(self, folder: Path, digest: str) -> None:
        self.folder, self.digest = folder, digest
        self._text = f"{owners.me()}\n{digest}\n"
        self._held: set[Path] = set()
        self._seen: dict[Path, tuple[float, float]] = {}
        self._ended = threading.Event()
        self._beating = False

    def take(self, name: str) -> Claim | None:
        """Claim a sequence: None, or the claim of another command. Raises InputError for a folder without access."""
        path = self._path(name)
        for _ in range(9):
            try:
                self._make(path)
            except FileExistsError:
                found = self.look(path)
                if found is not None and found.owner != owners.me():
                    return found
                if found is None:
                    continue
            except OSError as error:
                raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
            self._held.add(path)
            if not self._beating:
                self._beating = True
                threading.Thread(target=self._beat, daemon=True).start()
            return None
        return Claim("", "", None)

    def look(self, path: Path) -> Claim | None:
        """The claim in a file, removed and None where its owner is gone."""
        try:
            text, beat = path.read_text("utf-8"), path.stat().st_mtime
        except (OSError, UnicodeDecodeError):
            return None  # given back in this moment
        owner, digest = (*text.splitlines(), "", "")[:2]
        if owners.is_here(owner):
            runs: bool | None = not owners.gone(owner)
        else:
            first, since = self._seen.setdefault(path, (beat, time.monotonic()))
            runs = True if beat != first else None
            if time.monotonic() - since > STALE or self._age(beat) > STALE:
                runs = self._age(beat) <= STALE
        if runs is False:
            self._remove(path, text)
            return None
        return Claim(owner, digest, runs)

    def others(self) -> list[Claim]:
        """Claims of commands that run, or may."""
        found = [self.look(path) for path in sorted(self.folder.glob(".*.claim"))]
        return [claim for claim in found if claim is not None and claim.owner != owners.me()]

    def release(self, name: str) -> None:
        """Give a sequence back."""
        path = self._path(name)
        if path in self._held:
            self._held.discard(path)
            with contextlib.suppress(OSError):
                if path.read_text("utf-8") == self._text:
                    path.unlink()

    def close(self) -> None:
        """Give all back."""
        self._ended.set()
        for path in list(self._held):
            self.release(path.name[1 : -len(".claim")])

    def _path(self, name: str) -> Path:
        return self.folder / f".{name}.claim"

    def _make(self, path: Path) -> None:
        """Make the file with its text in it at once, or FileExistsError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        name = path.name[1 : -len(".claim")]
        handle, partial = tempfile.mkstemp(prefix=f".{name}.json.", suffix=".partial", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self._text)
            try:
                os.link(partial, path)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                with path.open("x", encoding="utf-8") as file:
                    file.write(self._text)
        finally:
            Path(partial).unlink(missing_ok=True)

    def _remove(self, path: Path, text: str) -> None:
        """Remove a claim that was found to be stale, and no other that was made in its place meanwhile."""
        aside = path.with_name(f"{path.name}.{os.getpid()}.partial")
        with contextlib.suppress(OSError):
            os.rename(path, aside)
            if aside.read_text("utf-8") != text:
                os.link(aside, path)
            aside.unlink()
        self._seen.pop(path, None)

    def _age(self, beat: float) -> float:
        """Seconds since a beat, by the clock of the folder: machines may differ by minutes."""
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".clock.", suffix=".partial") as probe:
            return os.stat(probe.name).st_mtime - beat

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            for path in list(self._held):
                with contextlib.suppress(OSError):
                    os.utime(path)
