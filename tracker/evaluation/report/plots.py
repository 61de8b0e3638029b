"""The plots of a report: which there are, drawn and said in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker.evaluation.report import comparisons, curves  # noqa: F401 (they register themselves)
from tracker.evaluation.report.data import Report
from tracker.evaluation.report.drawing import PLOTS
from tracker.evaluation.report.style import settings
from tracker.evaluation.scoring.tables import HEADS, value


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
