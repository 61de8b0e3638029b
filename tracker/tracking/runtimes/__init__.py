"""Runtimes: how the network is executed. A new one is one new file here with `@RUNTIMES.register("name")`."""

from tracker.registry import discover
from tracker.tracking.runtimes.base import RUNTIMES, Runtime

discover(__name__, __path__)

__all__ = ["RUNTIMES", "Runtime"]
