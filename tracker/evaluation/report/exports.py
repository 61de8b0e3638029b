"""The ranking as CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import re

from tracker.evaluation.report.data import Entry, Group, Report
from tracker.evaluation.scoring.tables import HEADS, quoted, value

_LATEX = {
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def as_csv(report: Report) -> str:
    """All numbers unrounded, a line an entry; `kind` is measured or published, `rank` empty where it is not ranked."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rank", "tracker", "kind", *report.metrics, "fps", "sequences", "protocol"])
    for rank, entry in report.ranking:
        kind = "published" if entry.published else "measured"
        cells = [entry.figures.get(m) for m in report.metrics]
        writer.writerow([rank, entry.tracker, kind, *cells, entry.fps, entry.sequences, entry.protocol])
    return out.getvalue()


def as_markdown(report: Report) -> str:
    """A table with the protocol and the coverage below it."""
    rows = [["#", "tracker", *(HEADS[m] for m in report.metrics), "fps", "sequences", "source"]]
    for group in report.groups:
        rows += [["", group.title, *[""] * (len(rows[0]) - 2)]] * bool(group.title)
        rows += [_cells(rank, entry, report) for rank, entry in _ranked(group)]
    rows = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [f"| {' | '.join(c.ljust(w) for c, w in zip(row, widths, strict=True))} |" for row in rows]
    kinds = [":" if i in {1, len(widths) - 1} else "" for i in range(len(widths))]
    rule = (f"{k or '-'}{'-' * w}{'-' if k else ':'}" for k, w in zip(kinds, widths, strict=True))
    lines.insert(1, f"|{'|'.join(rule)}|")
    return f"# {report.benchmark.title}\n\n" + "\n".join(lines) + f"\n\n{caption(report)}\n"


def as_latex(report: Report) -> str:
    """A `table` that needs no packages; the best number that was measured here is bold."""
    heads = ["", "Tracker", *(HEADS[m] for m in report.metrics), "fps", "Sequences", "Source"]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex(caption(report))}}}",
        rf"\begin{{tabular}}{{rl{'r' * (len(report.metrics) + 1)}ll}}",
        r"\hline",
        " & ".join(map(latex, heads)) + r" \\",
        r"\hline",
    ]
    for group in report.groups:
        if group.title:
            lines += [r"\hline"] * (group is not report.groups[0])
            lines.append(rf"\multicolumn{{{len(heads)}}}{{l}}{{\textit{{{latex(group.title)}}}}} \\")
        for rank, entry in _ranked(group):
            cells = [latex(cell) for cell in _cells(rank, entry, report)]
            for i, metric in enumerate(report.metrics):
                if not entry.published and entry.figures[metric] == best(group, metric):
                    cells[2 + i] = rf"\textbf{{{cells[2 + i]}}}"
            lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\hline", r"\end{tabular}", r"\end{table}"]) + "\n"


def caption(report: Report) -> str:
    """The protocol of the measured numbers, and what published ones are."""
    text = f"{report.protocol}; {report.coverage}."
    if not report.alike:
        text += " Trackers are ranked among those that were scored on the same sequences."
    if report.published:
        text += " Published numbers are quoted from their sources, not computed here"
        text += ", and are over the whole benchmark" if report.partial else ""
        text += ", so they are not ranked with these." if report.apart else "."
    return text


def best(group: Group, metric: str) -> float | None:
    """The best number of a metric among those of a group that were measured here; fewer failures are better."""
    known = [v for v in (e.figures[metric] for e in group.entries if not e.published) if v is not None]
    return (min if metric in LOWER else max)(known, default=None)


LOWER = {"robustness", "failures"}  # the less the better


def latex(text: str) -> str:
    """Text with the characters that LaTeX treats specially escaped."""
    return re.sub(r"[\\~^&%$#_{}<>]", lambda m: _LATEX.get(m[0], "\\" + m[0]), text)


def _ranked(group: Group) -> list[tuple[int | None, Entry]]:
    return [(rank if group.ranked else None, entry) for rank, entry in enumerate(group.entries, 1)]


def _cells(rank: int | None, entry: Entry, report: Report) -> list[str]:
    figures = [
        value(entry.figures.get(m), m) if not entry.published else quoted(entry.figures.get(m)) for m in report.metrics
    ]
    fps = f"{entry.fps:.1f}" if entry.fps else "-"
    source = f"published: {entry.source}" if entry.published else "measured"
    return ["" if rank is None else str(rank), entry.tracker, *figures, fps, entry.sequences, source]
