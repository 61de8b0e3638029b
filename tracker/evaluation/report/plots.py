"""The plots of a report. Each takes a Report and gives a matplotlib figure, or None where it has nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker.evaluation.metrics import NORMALISED, OVERLAPS, PIXELS, PRECISION_AT
from tracker.evaluation.report.data import Entry, Report
from tracker.evaluation.report.style import (
    INK,
    PAPER,
    SOFT,
    canvas,
    legend,
    legend_lines,
    look,
    place_labels,
    settings,
)
from tracker.evaluation.tables import HEADS, quoted, value
from tracker.registry import Registry

Draw = Callable[[Report], Any]
PLOTS: Registry[Draw] = Registry("plot")
RADAR_MOST = 8  # more polygons on one radar cannot be told apart


@dataclass(frozen=True)
class Plot:
    """A drawn plot. `text` says in words what it shows, for those who do not see it."""

    name: str
    title: str
    text: str
    figure: Any


def draw_all(report: Report) -> list[Plot]:
    """Every plot that the report has material for. Raises InputError without matplotlib."""
    import matplotlib

    drawn = []
    with matplotlib.rc_context(settings()):
        for name in PLOT_NAMES:
            figure = PLOTS[name](report)
            if figure is not None:
                drawn.append(Plot(name, figure.texts[0].get_text(), in_words(report, name), figure))
    return drawn


def in_words(report: Report, name: str) -> str:
    """What a plot shows, as text."""
    what = PLOT_NAMES[name]
    figures = ", ".join(f"{e.tracker} {value(e.figures[report.main])}" for e in report.measured)
    return f"{what} on {report.benchmark.title}, {report.coverage}. {HEADS[report.main]}: {figures}."


def note(report: Report) -> str:
    """What stands below every title: the protocol, and how much of the benchmark was scored."""
    coverage = report.coverage.replace(" ", "\u00a0")  # not to be broken between lines
    return f"{report.protocol} ·\u00a0{coverage}"


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
        axes.axvspan(window[0], min(window[1], end), color=SOFT[0], alpha=0.12, linewidth=0)
        axes.text(np.mean([window[0], min(window[1], end)]), 0.95, f"EAO: mean over {window[0]} to {window[1]}",
                  ha="center", fontsize=8.4, color=SOFT[0])  # fmt: skip
    return drawn[0]


@PLOTS.register("ranking")
def ranking(report: Report) -> Any:
    """Every number of the ranking metric as a bar, published ones hollow. For protocols whose curves rank poorly."""
    if report.main not in {"eao", "ao"}:
        return None
    entries = [e for e in report.ranking if e.figures.get(report.main) is not None]
    if not entries:
        return None
    names = [f"{e.tracker}{' (published)' if e.published else ''}" for e in entries]
    left = 0.3 + 0.078 * max(map(len, names))
    title, below = f"{HEADS[report.main]} ranking", note(report) + _hollow(entries)
    figure, axes = canvas(title, below, height=0.3 + 0.23 * len(names), left=left)
    for row, entry in enumerate(entries):
        figures = float(entry.figures[report.main] or 0)
        color = SOFT[0] if entry.published else _look(report, entry).color
        fill = "none" if entry.published else color
        axes.barh(row, figures, height=0.62, color=fill, edgecolor=color, linewidth=1)
        text = quoted(figures) if entry.published else value(figures)
        axes.annotate(text, (figures, row), (3.5, 0), textcoords="offset points", va="center", fontsize=8.6)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", labelcolor=INK[0])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 1.14 * max(float(e.figures[report.main] or 0) for e in entries) or 1)
    axes.set_xlabel(HEADS[report.main])
    return figure


@PLOTS.register("accuracy_robustness")
def accuracy_robustness(report: Report) -> Any:
    """Accuracy against the chance to follow for a hundred frames; published trackers are hollow."""
    needed = ("accuracy", "robustness")
    entries = [e for e in report.ranking if all(e.figures.get(m) is not None for m in needed)]
    if not set(needed) <= set(report.metrics) or not entries:
        return None
    points = [(float(np.exp(-e.figures["robustness"])), float(e.figures["accuracy"] or 0)) for e in entries]  # type: ignore[operator]
    figure, axes = canvas("Accuracy and robustness", note(report) + _hollow(entries), height=3.7)
    _scatter(report, axes, entries, points)
    axes.set_xlabel("reliability: exp(-failures in 100 frames); farther right fails less")
    axes.set_ylabel("accuracy: mean overlap while following")
    _limits(axes, points)
    place_labels(axes, points, [e.tracker for e in entries], [_color(report, e) for e in entries])
    return figure


@PLOTS.register("speed")
def speed(report: Report) -> Any:
    """The ranking metric against frames a second, for trackers whose results come with times."""
    entries = [e for e in report.measured if e.fps and e.figures[report.main] is not None]
    if not entries:
        return None
    points = [(float(e.fps or 0), float(e.figures[report.main] or 0)) for e in entries]
    figure, axes = canvas(f"Speed and {HEADS[report.main]}", note(report) + " ·\u00a0times as stored with the results")
    axes.set_xscale("log")
    _scatter(report, axes, entries, points)
    axes.set_xlabel("frames per second, the tracker alone (logarithmic)")
    axes.set_ylabel(HEADS[report.main])
    speeds, values = [p[0] for p in points], [p[1] for p in points]
    spread = max(2.0, max(speeds) / min(speeds))
    axes.set_xlim(min(speeds) / spread**0.15, max(speeds) * spread**0.4)
    axes.set_ylim(max(0, min(values) - 0.08), min(1, max(values) + 0.08))
    ticks = [m * 10.0**e for e in range(-3, 5) for m in (1, 2, 5)]
    ticks = [t for t in ticks if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.set_xticks([], minor=True)
    place_labels(axes, points, [f"{e.tracker}, {e.fps:.3g}" for e in entries], [_color(report, e) for e in entries])
    return figure


@PLOTS.register("attributes")
def attributes(report: Report) -> Any:
    """A radar of the first metric over attributes, for the best trackers."""
    if len(report.attributes) < 3:
        return None
    metric, best = report.details[0], report.measured[:RADAR_MOST]
    angles = np.linspace(0, 2 * np.pi, len(report.attributes), endpoint=False)
    names = [f"{entry.tracker}  {value(entry.figures[metric])}" for entry in best]
    title = f"{HEADS[metric].capitalize()} by attribute" + (
        f", best {RADAR_MOST}" if len(report.measured) > RADAR_MOST else ""
    )
    figure, axes = canvas(title, note(report), height=3.6, lines=legend_lines(names), left=0.18, polar=True)
    axes.set_theta_offset(np.pi / 2)
    axes.set_theta_direction(-1)
    handles, tops = [], []
    for i, entry in enumerate(best):
        held = [part.figures.get(entry.tracker, {}).get(metric) for part in report.attributes]
        figures = np.array([np.nan if v is None else v for v in held])
        style = look(i)
        (line,) = axes.plot(
            np.append(angles, angles[0]), np.append(figures, figures[0]), color=style.color, linestyle=style.dash,
            marker=style.mark, markersize=3.5, zorder=40 - i,
        )  # fmt: skip
        handles.append(line)
        tops.append(np.nanmax(figures))
    axes.set_xticks(angles, [f"{part.name} ({part.count})" for part in report.attributes])
    axes.tick_params(axis="x", labelsize=8, labelcolor=INK[0], pad=4)
    axes.set_ylim(0, min(1, 1.1 * max(tops)) or 1)
    axes.set_rlabel_position(np.degrees(angles[1] / 2))
    axes.tick_params(axis="y", labelsize=7)
    axes.spines["polar"].set_visible(False)
    legend(figure, handles, names)
    return figure


# In the order of the page, with what each shows in words.
PLOT_NAMES = {
    "success": "Share of frames above each overlap threshold",
    "precision": "Share of frames within each centre error",
    "norm_precision": "Share of frames within each centre error relative to the size of the target",
    "ranking": "Measured and published numbers as bars, best first",
    "eao_curve": "Expected average overlap for runs of each length",
    "accuracy_robustness": "Accuracy against reliability",
    "speed": "The ranking metric against frames per second",
    "attributes": "The first metric for the sequences with each attribute",
}


def _look(report: Report, entry: Entry) -> Any:
    return look(report.measured.index(entry))


def _color(report: Report, entry: Entry) -> str:
    return SOFT[0] if entry.published else str(_look(report, entry).color)


def _scatter(report: Report, axes: Any, entries: list[Entry], points: list[tuple[float, float]]) -> None:
    for entry, (x, y) in zip(entries, points, strict=True):
        mark, color = "o" if entry.published else _look(report, entry).mark, _color(report, entry)
        fill, size = (PAPER[0], 5.0) if entry.published else (color, 8.0)
        axes.plot(x, y, marker=mark, markersize=size, color=color, markerfacecolor=fill, linestyle="none", zorder=9)


def _limits(axes: Any, points: list[tuple[float, float]]) -> None:
    """Room around the points, to the right for their names."""
    (left, right), (low, high) = ((min(values), max(values)) for values in zip(*points, strict=True))
    across, up = max(0.04, right - left), max(0.04, high - low)
    axes.set_xlim(max(0, left - 0.15 * across), right + 0.32 * across)
    axes.set_ylim(max(0, low - 0.18 * up), min(1.005, high + 0.18 * up))


def _hollow(entries: list[Entry]) -> str:
    whole = next((e.sequences for e in entries if e.published), None)
    return "" if whole is None else f" ·\u00a0hollow: as published{', on ' + whole if whole else ''}"
