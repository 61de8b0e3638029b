"""Colours, lines and marks that people with any colour vision tell apart, and the blank figure that plots share."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.pages import INK, PAPER, RULE, SERIES, SOFT

DASHES = ((0, ()), (0, (6, 2)), (0, (2, 1.6)), (0, (7, 2, 1.5, 2)))  # 4 lines x 7 colours: 28 that differ
MARKS = "oD^sPvX<>"
WIDTH = 5.0  # inches; narrow, so that the words are still readable on a telephone
FONTS = ["DejaVu Sans"]  # comes with matplotlib


@dataclass(frozen=True)
class Look:
    """How a tracker is drawn; `index` is its place among the colours."""

    index: int
    color: str
    dash: Any
    mark: str


def look(index: int) -> Look:
    """The look of the i-th tracker of a report: neighbours differ in colour, line and mark at once."""
    place = index % len(SERIES)
    return Look(place, SERIES[place][0], DASHES[index % len(DASHES)], MARKS[index % len(MARKS)])


def settings() -> Any:
    """What plots need of matplotlib's settings, whatever the user's own are. Raises InputError without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        raise InputError('the report needs matplotlib: pip install "siamsa[eval]"') from None
    return {
        **{k: v for k, v in matplotlib.rcParamsDefault.items() if k not in {"backend", "backend_fallback"}},
        "font.family": FONTS, "font.size": 9.8, "text.color": INK[0], "text.usetex": False, "text.parse_math": False,
        "axes.edgecolor": RULE[0], "axes.labelcolor": SOFT[0], "axes.spines.top": False, "axes.spines.right": False,
        "axes.grid": True, "axes.axisbelow": True, "axes.facecolor": "none", "grid.color": RULE[0],
        "grid.linewidth": 0.6,
        "xtick.color": SOFT[0], "ytick.color": SOFT[0], "xtick.major.size": 0, "ytick.major.size": 0,
        "xtick.minor.size": 0, "lines.linewidth": 1.8, "lines.solid_capstyle": "round", "figure.facecolor": PAPER[0],
        "svg.fonttype": "none", "svg.hashsalt": "siamsa", "pdf.fonttype": 42, "savefig.facecolor": PAPER[0],
    }  # fmt: skip


def canvas(
    title: str, note: str, height: float = 3.3, lines: int = 0, left: float = 0.66, polar: bool = False
) -> tuple[Any, Any]:
    """A figure with a title, a note (what the numbers are) and axes `height` inches high.

    `lines` is the number of legend lines that go below the axes (`legend`), `left` the margin in inches.
    """
    from matplotlib.figure import Figure

    words = textwrap.wrap(note, 82)
    top, bottom = 0.43 + 0.155 * len(words) + 0.12, 0.58 + 0.185 * lines + (0.08 if lines else 0)
    if polar:
        top, bottom = top + 0.28, bottom - 0.1
    whole = top + height + bottom
    figure = Figure(figsize=(WIDTH, whole))
    figure.text(0.12 / WIDTH, 1 - 0.12 / whole, title, fontsize=12.5, fontweight="bold", va="top")
    figure.text(
        0.12 / WIDTH, 1 - 0.385 / whole, "\n".join(words), fontsize=7.8, va="top", color=SOFT[0], linespacing=1.35
    )
    right = 0.18
    box = (left / WIDTH, bottom / whole, (WIDTH - left - right) / WIDTH, height / whole)
    axes = figure.add_axes(box, projection="polar" if polar else None)
    return figure, axes


def columns(names: list[str]) -> int:
    """Columns of a legend, by the longest of its names."""
    longest = max(map(len, names), default=0)
    return min(len(names), 1 if longest > 28 else 2 if longest > 17 else 3) or 1


def legend(figure: Any, handles: list[Any], names: list[str]) -> None:
    """Handles with their names below the axes, in the order given, column by column."""
    found = figure.legend(
        handles, names, loc="lower left", bbox_to_anchor=(0.05 / WIDTH, 0), ncol=columns(names), frameon=False,
        fontsize=9, handlelength=2.6, columnspacing=1.4, labelspacing=0.42, borderpad=0.5, handletextpad=0.7,
    )  # fmt: skip
    found.set_zorder(5)


def legend_lines(names: list[str]) -> int:
    """Lines that a legend of these names takes."""
    return -(-len(names) // columns(names))


def place_labels(axes: Any, points: list[tuple[float, float]], names: list[str], colors: list[str]) -> None:
    """Write a name beside each point, where it covers neither a point nor another name.

    Names for which there is no room (a crowd of published trackers) stand as close as they can without covering names.
    """
    to_pixels = axes.transData.transform
    scale = axes.figure.dpi / 72
    dots = [to_pixels(p) for p in points]
    frame = axes.get_window_extent()
    taken = [(x - 4 * scale, y - 4 * scale, x + 4 * scale, y + 4 * scale) for x, y in dots]
    for (x, y), name, color in zip(dots, names, colors, strict=True):
        width, height = len(name) * 5 * scale, 9 * scale
        boxes = []
        for dx, dy in _SPOTS:
            low = x + dx * scale if dx > 0 else x + dx * scale - width
            middle = y + dy * scale
            boxes.append((low, middle - height / 2, low + width, middle + height / 2))
        inside = [b for b in boxes if b[0] > frame.x0 and b[2] < frame.x1 + 8 and b[1] > frame.y0 and b[3] < frame.y1]
        best = min(inside or boxes, key=lambda b: sum(_meet(b, t) for t in taken))  # the first of those as good
        taken.append(best)
        to_axes = axes.transAxes.inverted().transform
        end = best[0] if best[0] > x else best[2]
        middle = (best[1] + best[3]) / 2
        axes.text(*to_axes((best[0], middle)), name, transform=axes.transAxes, fontsize=8.5, color=color, va="center")
        if np.hypot(end - x, middle - y) > 14 * scale:  # far from its point: a line leads to it
            (x0, y0), (x1, y1) = to_axes((x, y)), to_axes((end, middle))
            axes.plot([x0, x1], [y0, y1], transform=axes.transAxes, color=color, linewidth=0.6, alpha=0.7)


# Where a name may stand beside its point, in points from it: near ones first.
_SPOTS = [(side * far, up * far) for far in (8, 12, 18, 26, 36) for up in (0, 0.7, -0.7, 1.4, -1.4) for side in (1, -1)]


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
