"""Runtimes: how the network is executed. Each takes uint8 crops and gives NumPy maps."""

from __future__ import annotations

from tracker.tracking.runtimes.eager import Eager

__all__ = ["Eager"]
