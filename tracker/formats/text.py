"""Text of box files: reading it with clear errors, and lines that are written as they come."""

from __future__ import annotations

import io
import os
import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path
from typing import ClassVar

from tracker.errors import InputError
from tracker.formats.base import FORMATS, STATES, TARGET, Clip, Format, Row, Writer
from tracker.formats.found import Found, collect

UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def number(value: float) -> str:
    """At most four decimals, none where they are zero: `12`, `12.5`, `12.3457`."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def one_line(name: str) -> str:
    """A name without line ends and characters that XML cannot hold."""
    return " ".join(UNWRITABLE.sub("\ufffd", name).split())


def label(name: str) -> str:
    """A name where a form demands one: `target` in place of none."""
    return one_line(name) or TARGET


def named(text: str) -> str:
    """The name that a label stands for."""
    return "" if text == TARGET else text


def read_text(path: Path) -> str:
    """Content of a text file. Raises InputError where it is missing or not text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text ({error})") from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers from 1."""
    return ((i, line) for i, line in enumerate(io.StringIO(read_text(path), newline=None), 1) if line.strip())


def expected(where: str, wanted: str, got: str) -> InputError:
    """The error for a place such as `boxes.csv, line 3` that holds something else."""
    return InputError(f"{where}: expected {wanted}, got {got.strip()[:80]!r}")


class LineWriter(Writer):
    """A text file that grows by a line a row and can be followed while the run goes on."""

    header = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO = path.open("wb", buffering=0)
        if self.header:
            self._put(self.header)

    def _put(self, line: str) -> None:
        """Add a line, at once and as a whole. Where there is no room for it, nothing of it stays."""
        # A name may hold half a character (JSON can say so), which no encoding has.
        data, begin = (line + "\n").encode("utf-8", "replace"), self._file.tell()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._file.truncate(begin)
            self._file.seek(begin)
            raise

    @abstractmethod
    def line(self, row: Row) -> str:
        """The line of a row, without its line end."""

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._put(self.line(row))

    def finish(self) -> None:
        self._file.close()


class OneTarget(LineWriter):
    """A file with one line a frame, for one target."""

    absent = "NaN,NaN,NaN,NaN"  # of a frame in which there is no box to write

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._id: int | None = None

    def write(self, rows: Sequence[Row]) -> None:
        ids = {row.id for row in rows} | ({self._id} if self._id is not None else set())
        if len(ids) > 1:
            several = [name for name in FORMATS if FORMATS[name].several]
            raise InputError(f"this form of box file holds one target; several can be written as {', '.join(several)}")
        self._id = next(iter(ids), None)
        super().write(rows)
        if not rows:
            self._put(self.absent)


class GrowingWriter(LineWriter):
    """Lines in a short form until a row comes that needs a long one: another id than 1, or a name.

    The lines so far are then rewritten in the long form. Of them only the state is kept, in a byte each.
    """

    long_header = ""
    mark = ""  # what a line ends with, behind the additions of the long form

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._states: bytearray | None = bytearray()  # None once the form is long

    @abstractmethod
    def addition(self, target: int, name: str, state: str) -> str:
        """What the long form adds to a line."""

    def _longer(self, line: str, target: int, name: str, state: str) -> str:
        return line[: len(line) - len(self.mark)] + self.addition(target, name, state) + self.mark

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._states is not None and (row.id != 1 or row.name):
                self._lengthen(self._states)
                self._states = None
            line = self.line(row)
            if self._states is None:
                line = self._longer(line, row.id, row.name, row.state)
            else:
                self._states.append(STATES.index(row.state) if row.state in STATES else 0)
            self._put(line)

    def _lengthen(self, states: bytearray) -> None:
        self._file.close()
        longer = self.path.with_name(f".{self.path.name}.long")
        try:
            with open(self.path, encoding="utf-8") as old, open(longer, "w", encoding="utf-8", newline="\n") as new:
                if self.header:
                    next(old)
                    new.write(self.long_header + "\n")
                for line, state in zip(old, states, strict=True):
                    new.write(self._longer(line.rstrip("\n"), 1, "", STATES[state]) + "\n")
            os.replace(longer, self.path)
        finally:
            longer.unlink(missing_ok=True)
        self._file = self.path.open("ab", buffering=0)


class LineFormat(Format):
    """A form whose rows are lines, written as they come."""

    kind: ClassVar[type[LineWriter]]

    @staticmethod
    @abstractmethod
    def finds(path: Path) -> Iterator[Found]:
        """What the lines say. Raises InputError naming the line that is damaged."""

    @classmethod
    def read(cls, path: Path, clip: Clip | None = None) -> list[Row]:
        return collect(path, cls.finds(path))

    @classmethod
    def writer(cls, path: Path, clip: Clip | None = None) -> Writer:
        return cls.kind(path)
