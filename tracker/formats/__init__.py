"""Box files of one or several targets. A new form is one new file here with `@FORMATS.register("name")`."""

from __future__ import annotations

from tracker.formats.base import FORMATS, Clip, Format, Row, Writer
from tracker.formats.choose import endings, form_of, read_rows, write_rows
from tracker.formats.text import number
from tracker.registry import discover

discover(__name__, __path__)

__all__ = [
    "FORMATS",
    "Clip",
    "Format",
    "Row",
    "Writer",
    "endings",
    "form_of",
    "number",
    "read_rows",
    "write_rows",
]
