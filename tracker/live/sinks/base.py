"""What every sink has in common, and files that appear only when they are complete."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tracker.errors import InputError
from tracker.live.sources.base import Source
from tracker.live.step import Step
from tracker.registry import Registry


class Sink(ABC):
    """Takes every frame of a run. Opened and closed as a context manager."""

    @abstractmethod
    def write(self, step: Step) -> None:
        """Take one frame."""

    @abstractmethod
    def __enter__(self) -> Sink: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


SINKS: Registry[type[Sink]] = Registry("output")


class FileSink(Sink):
    """A file that is written under another name in the same folder, and moved into place when the run ends.

    A run that is interrupted keeps what it has. One that fails keeps it too, unless there is nothing beyond the
    given box; then no file is left. `fps`, the frames a second that it will hold, may be set until the first one.
    A file that cannot be completed, as on a full disk, is kept as far as it goes where `keeps_parts`.
    """

    endings: tuple[str, ...] = ()
    keeps_parts = True

    def __init__(self, path: str | Path, fps: float = 25.0) -> None:
        self.path, self.fps = Path(path), fps
        self.partial = self.path.with_name(f".{self.path.stem}.partial{self.path.suffix}")
        self.rows = 0

    def expect(self, source: Source) -> None:
        """Take over what an open source tells, before the first frame: a video then plays at the source's speed."""
        self.fps = source.fps / source.span.stride

    @abstractmethod
    def open(self) -> None:
        """Start writing to `self.partial`."""

    @abstractmethod
    def add(self, step: Step) -> None:
        """Write one frame."""

    @abstractmethod
    def finish(self) -> None:
        """Complete and close `self.partial`, also after a failure."""

    def rescue(self) -> str:
        """Keep elsewhere what `finish` could not write, and say where; empty for nothing."""
        return ""

    def write(self, step: Step) -> None:
        try:
            self.add(step)
        except OSError as error:
            raise OSError(self._named(error)) from error
        self.rows += 1

    def _named(self, error: OSError) -> str:
        """An error that says which file it is that cannot be written, as on a full disk."""
        ours = error.errno is None
        return str(error) if ours else f"{self.path}: cannot be written ({error.strerror})"

    def __enter__(self) -> FileSink:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.open()
        except OSError as error:
            self.partial.unlink(missing_ok=True)
            raise InputError(f"{self.path}: cannot be written ({error.strerror or error})") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed = error is not None and not isinstance(error, KeyboardInterrupt)
        try:
            self.finish()
            if self.rows > failed:
                os.replace(self.partial, self.path)
        except OSError as trouble:
            self.partial.unlink(missing_ok=True)  # which makes room for what is rescued
            before = [str(error)] if isinstance(error, OSError) else []  # of another file, perhaps
            rescued = self.rescue() if self.keeps_parts and self.rows > failed else ""
            raise OSError("; ".join(filter(None, [*before, self._named(trouble), rescued]))) from trouble
        finally:
            self.partial.unlink(missing_ok=True)


def check_outputs(paths: Sequence[str | Path], source: str, overwrite: bool) -> None:
    """Refuse outputs that would destroy something, before any work is done.

    Raises InputError for the source itself, for two outputs of one name, for a folder, for a place that cannot be
    written, and for an existing file unless `overwrite`.
    """
    seen: set[Path] = set()
    for name in paths:
        path = Path(name)
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give the name of a file in it")
        if path.exists() and os.path.exists(source) and os.path.samefile(path, source):
            raise InputError(f"{path}: is the source itself; give another name for the output")
        if path.exists() and not overwrite:
            raise InputError(f"{path}: exists already; --overwrite replaces it (in Python: overwrite=True)")
        if path.resolve() in seen:
            raise InputError(f"{path}: is named for two outputs; give each its own file")
        seen.add(path.resolve())
        parent = next(p for p in path.resolve().parents if p.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK):
            raise InputError(f"{path}: nothing can be written in {parent}")
