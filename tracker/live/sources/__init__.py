"""Where frames come from. A new kind of source is one new file here with `@SOURCES.register("name")`."""

from __future__ import annotations

import importlib
import pkgutil

from tracker.live.sources.base import SOURCES, Frame, Source, Span, open_source

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["SOURCES", "Frame", "Source", "Span", "open_source"]
