"""Where frames come from. A new kind of source is one new file here with `@SOURCES.register("name")`."""

from __future__ import annotations

from tracker.live.sources.base import SOURCES, Frame, Source, Span, open_source
from tracker.registry import discover

discover(__name__, __path__)

__all__ = ["SOURCES", "Frame", "Source", "Span", "open_source"]
