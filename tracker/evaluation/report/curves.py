"""Plots of curves over thresholds or lengths. Each takes a Report and gives a matplotlib figure, or None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracker.evaluation.measures.metrics import NORMALISED, OVERLAPS, PIXELS, PRECISION_AT
from tracker.evaluation.report.data import Report
from tracker.evaluation.report.drawing import PLOTS, note
from tracker.evaluation.report.style import SOFT, canvas, legend, legend_lines, look
from tracker.evaluation.scoring.tables import value


def _curves(
    report: Report, curve: str, metric: str, x: np.ndarray, title: str, labels: tuple[str, str]
) -> tuple[Any, Any] | None:
    """Lines of all trackers, the legend sorted by the metric and telling it."""
    lines: Mapping[str, np.ndarray] = report.curves.get(curve, {})
    if not lines:
        return None
    shown = {entry.tracker: entry for entry in report.measured}
    order = sorted(lines, key=lambda name: -(shown[name].figures.get(metric) or 0))
    names = [f"{name}  {value(shown[name].figures.get(metric))}" for name in order]
    figure, axes = canvas(title, note(report), lines=legend_lines(names))
    handles = {}
    places = {entry.tracker: i for i, entry in enumerate(report.measured)}
    for depth, name in enumerate(order):
        style = look(places[name])
        y = lines[name][: len(x)]
        (handles[name],) = axes.plot(x[: len(y)], y, color=style.color, linestyle=style.dash, zorder=40 - depth)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_xlim(x[0], x[-1])
    legend(figure, [handles[name] for name in order], names)
    return figure, axes


def _unit(axes: Any) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks(np.arange(0, 1.01, 0.2))


@PLOTS.register("success")
def success(report: Report) -> Any:
    """Share of frames above each overlap; the legend has the area below the curve."""
    labels = ("overlap threshold", "share of frames above it")
    drawn = _curves(report, "success_curve", "success", OVERLAPS, "Success (area under the curve)", labels)
    if drawn is None:
        return None
    _unit(drawn[1])
    return drawn[0]


@PLOTS.register("precision")
def precision(report: Report) -> Any:
    """Share of frames within each centre error; the legend has the value at 20 pixels."""
    labels = ("centre error threshold, pixels", "share of frames within it")
    title = f"Precision (at {PRECISION_AT} pixels)"
    drawn = _curves(report, "precision_curve", "precision", PIXELS, title, labels)
    if drawn is None:
        return None
    _unit(drawn[1])
    drawn[1].axvline(PRECISION_AT, color=SOFT[0], linewidth=0.9, linestyle=(0, (1, 2)))
    return drawn[0]


@PLOTS.register("norm_precision")
def norm_precision(report: Report) -> Any:
    """Share of frames within each centre error in sizes of the target; the legend has the mean."""
    labels = ("centre error threshold, sizes of the target", "share of frames within it")
    title = "Normalised precision (area under the curve)"
    drawn = _curves(report, "norm_precision_curve", "norm_precision", NORMALISED, title, labels)
    if drawn is None:
        return None
    _unit(drawn[1])
    return drawn[0]


@PLOTS.register("eao_curve")
def eao_curve(report: Report) -> Any:
    """Expected average overlap by length, with the window that EAO is the mean of."""
    lines = report.curves.get("eao_curve", {})
    longest = max((len(curve) for curve in lines.values()), default=0)
    window = report.benchmark.eao
    end = min(longest, round(window[1] * 1.25)) if window else longest
    labels = ("length of the run, frames", "expected average overlap")
    title = "Expected average overlap"
    drawn = _curves(report, "eao_curve", "eao", np.arange(1.0, end + 1), title, labels)
    if drawn is None:
        return None
    axes = drawn[1]
    axes.set_ylim(0, 1)
    if window and window[0] < end:
        shown = f"EAO: mean over {window[0]} to {min(window[1], longest)}"
        axes.axvspan(window[0], min(window[1], end), color=SOFT[0], alpha=0.12, linewidth=0)
        axes.text(np.mean([window[0], min(window[1], end)]), 0.95, shown,
                  ha="center", fontsize=8.4, color=SOFT[0])  # fmt: skip
    return drawn[0]
