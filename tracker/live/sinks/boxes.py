"""The boxes of a run in a file, in any form of `tracker.formats`, written as they come."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from tracker.errors import InputError
from tracker.formats import FORMATS, Clip, Row, Writer, form_of, write_rows
from tracker.formats.kept import KeepingWriter
from tracker.live.sinks.base import SINKS, FileSink
from tracker.live.sources.base import Source
from tracker.live.step import Step


@SINKS.register("boxes")
class Boxes(FileSink):
    """A row for every target in every visited frame, lost and unreadable ones included.

    In a form whose lines have no frame number, line i is frame i: frames that are not visited have one without a box.
    """

    def __init__(self, path: str | Path, form: str | None = None, fps: float = 25.0) -> None:
        """The form is the one that is named, or else that of the ending.

        Raises InputError for an unknown form or ending, and for a folder. Nothing is created until it is entered as a
        context manager.
        """
        super().__init__(path, fps)
        self.form = form_of(path, form)
        if self.form.folder and self.path.suffix.lower() != ".zip":
            raise InputError(f"{path}: a folder cannot be written frame by frame; give a name that ends in .zip")
        self.name = self.path.stem  # of the clip, as some forms note it
        self.size: tuple[int, int] | None = None  # of the frames; None: that of the first
        self._writer: Writer | None = None
        self._next = 0  # the frame after the last one that was written

    def expect(self, source: Source) -> None:
        super().expect(source)
        self.name = Path(source.address).name or self.name
        self.size = source.size if all(source.size) else None  # known once its first frame was read

    def open(self) -> None:
        self.partial.touch()  # an unwritable place is found here

    def add(self, step: Step) -> None:
        if self._writer is None:
            clip = Clip(
                name=self.name,
                size=self.size or (step.image.shape[1], step.image.shape[0]),
                fps=self.fps,
            )
            self._writer = self.form.writer(self.partial, clip)
        for _ in range(self._next, 0 if self.form.numbered else step.index):
            self._writer.write([])
        self._writer.write(rows_of(step))
        self._next = step.index + 1

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.finish()

    def rescue(self) -> str:
        """The rows as CSV, which takes less room, beside the file or else in the system's folder for temporary ones."""
        if not isinstance(self._writer, KeepingWriter):
            return ""
        for folder in (lambda: self.path.parent, lambda: Path(tempfile.mkdtemp(prefix="siamsa-kept-"))):
            with suppress(OSError, InputError):
                stem = f"{self.path.stem}.kept"
                names = (f"{stem}{more}.csv" for more in ("", *(f"-{n}" for n in range(2, 1000))))
                place = next(path for path in map(folder().joinpath, names) if not path.exists())
                write_rows(place, self._writer.kept.rows())
                return f"its boxes are kept in {place}"
        return "its boxes are lost"


def rows_of(step: Step) -> list[Row]:
    """The rows of a step, in order of ids."""
    return [
        Row(step.index, id, result.box, result.score, result.lost, step.targets[id].name, result.state)
        for id, result in sorted(step.results.items())
    ]


def check_several(boxes: Boxes, targets: int) -> None:
    """Refuse several targets where the form holds one, before any work is done. Raises InputError."""
    if targets > 1 and not boxes.form.several:
        able = ", ".join(name for name in FORMATS if FORMATS[name].several)
        raise InputError(f"{boxes.path}: this form holds one target, and there are {targets}; take one of {able}")
