"""Plots of single numbers: bars, scatters, a radar. Each takes a Report and gives a matplotlib figure, or None."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tracker.evaluation.report.data import Entry, Report
from tracker.evaluation.report.drawing import PLOTS, note
from tracker.evaluation.report.style import (
    INK,
    PAPER,
    RULE,
    SOFT,
    canvas,
    legend,
    legend_lines,
    look,
    place_labels,
)
from tracker.evaluation.scoring.tables import HEADS, quoted, value

RADAR_MOST = 8  # more polygons on one radar cannot be told apart
GAP = 0.7  # bars between groups of a ranking


@PLOTS.register("ranking")
def ranking(report: Report) -> Any:
    """Every number of the ranking metric as a bar, published ones hollow; a line between what is ranked apart."""
    if report.main not in {"eao", "ao"}:
        return None
    groups = [[e for e in group.entries if e.figures.get(report.main) is not None] for group in report.groups]
    groups = [group for group in groups if group]
    if not groups:
        return None
    entries = [entry for group in groups for entry in group]
    places = [row + GAP * i for i, group in enumerate(groups) for row in _rows(groups, i)]
    names = [f"{e.tracker}{' (published)' if e.published else ''}" for e in entries]
    left = 0.3 + 0.078 * max(map(len, names))
    title, below = f"{HEADS[report.main]} ranking", note(report) + _hollow(entries)
    figure, axes = canvas(title, below, height=0.3 + 0.23 * (places[-1] + 1), left=left)
    for row, entry in zip(places, entries, strict=True):
        figures = float(entry.figures[report.main] or 0)
        color = SOFT[0] if entry.published else _look(report, entry).color
        fill = "none" if entry.published else color
        axes.barh(row, figures, height=0.62, color=fill, edgecolor=color, linewidth=1)
        text = quoted(figures) if entry.published else value(figures)
        axes.annotate(text, (figures, row), (3.5, 0), textcoords="offset points", va="center", fontsize=8.6)
    for before, after in itertools.pairwise(places):
        if after - before > 1:
            axes.axhline((before + after) / 2, color=RULE[0], linewidth=1)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", labelcolor=INK[0])
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 1.24 * max(float(e.figures[report.main] or 0) for e in entries) or 1)
    axes.set_xlabel(HEADS[report.main])
    return figure


@PLOTS.register("accuracy_robustness")
def accuracy_robustness(report: Report) -> Any:
    """Accuracy against the chance to follow for a hundred frames; published trackers are hollow."""
    needed = ("accuracy", "robustness")
    entries = [e for _, e in report.ranking if all(e.figures.get(m) is not None for m in needed)]
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


def _rows(groups: list[list[Entry]], index: int) -> range:
    """The rows of a group in a list of all entries."""
    before = sum(map(len, groups[:index]))
    return range(before, before + len(groups[index]))


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
