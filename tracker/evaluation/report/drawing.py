"""What the plots of a report share: their registry, and what stands below every title."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracker.evaluation.report.data import Report
from tracker.registry import Registry

Draw = Callable[[Report], Any]
PLOTS: Registry[Draw] = Registry("plot")


def note(report: Report) -> str:
    """What stands below every title: the protocol, and how much of the benchmark was scored."""
    coverage = report.coverage.replace(" ", "\u00a0")  # not to be broken between lines
    return f"{report.protocol} ·\u00a0{coverage}"
