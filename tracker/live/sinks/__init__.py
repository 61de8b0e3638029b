"""Where results go. A new kind of sink is one new file here with `@SINKS.register("name")`."""

from __future__ import annotations

from tracker.live.sinks.base import SINKS, FileSink, Sink, check_outputs
from tracker.registry import discover

discover(__name__, __path__)

__all__ = ["SINKS", "FileSink", "Sink", "check_outputs"]
