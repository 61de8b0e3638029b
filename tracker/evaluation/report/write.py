"""A report in a folder: the page, the ranking in three formats, the plots in two."""

from __future__ import annotations

from pathlib import Path

from tracker.atomic import write_whole
from tracker.errors import InputError
from tracker.evaluation.report.data import Report
from tracker.evaluation.report.exports import as_csv, as_latex, as_markdown
from tracker.evaluation.report.page import page
from tracker.evaluation.report.plots import PLOT_NAMES, draw_all
from tracker.evaluation.report.render import pdf, png
from tracker.evaluation.report.strips import Strip

PAGE = "report.html"


def check_free(folder: Path, overwrite: bool) -> None:
    """Raise InputError where a report is there already and must stay, or the folder cannot be one."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; --output is a folder")
    if (folder / PAGE).exists() and not overwrite:
        raise InputError(f"{folder / PAGE}: is there already; --overwrite replaces it")


def write_report(report: Report, strips: list[Strip], images: bool, folder: Path) -> list[Path]:
    """Write everything, each file whole or not at all and the page last; returns what was written.

    Everything is drawn before the first file is written. Raises InputError without matplotlib, or where a file cannot
    be written.
    """
    plots = draw_all(report)
    files: dict[Path, str | bytes] = {}
    for plot in plots:
        files[folder / "plots" / f"{plot.name}.png"] = png(plot.figure)
        files[folder / "plots" / f"{plot.name}.pdf"] = pdf(plot.figure)
    files[folder / "ranking.csv"] = as_csv(report)
    files[folder / "ranking.md"] = as_markdown(report)
    files[folder / "ranking.tex"] = as_latex(report)
    files[folder / PAGE] = page(report, plots, strips, images)
    for path, content in files.items():
        write_whole(path, content)
    for name in PLOT_NAMES:  # of an earlier report, of which this one has no such plot
        for path in (folder / "plots" / f"{name}.png", folder / "plots" / f"{name}.pdf"):
            if path not in files:
                path.unlink(missing_ok=True)
    return list(files)
