"""The boxes of a run in a file, in any form of `tracker.formats`, written as they come."""

from __future__ import annotations

from pathlib import Path

from tracker.errors import InputError
from tracker.formats import FORMATS, Clip, Row, Writer, form_of
from tracker.live.sinks.base import SINKS, FileSink
from tracker.live.sources.base import Source
from tracker.live.step import Step


@SINKS.register("boxes")
class Boxes(FileSink):
    """A row for every target in every visited frame, lost and unreadable ones included."""

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
        self._writer.write(rows_of(step))

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.finish()


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
