"""Where results go. A new kind of sink is one new file here with `@SINKS.register("name")`."""

from __future__ import annotations

import importlib
import pkgutil

from tracker.live.sinks.base import SINKS, FileSink, Sink, Step, check_outputs

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["SINKS", "FileSink", "Sink", "Step", "check_outputs"]
