"""The report as one HTML page that needs nothing else: styles, script, plots and thumbnails are inside it."""

from __future__ import annotations

import base64
from html import escape
from importlib import resources
from itertools import groupby
from string import Template

from tracker import __version__, pages
from tracker.evaluation.report.data import Part, Report
from tracker.evaluation.report.exports import LOWER, best
from tracker.evaluation.report.plots import Plot
from tracker.evaluation.report.ranking import TERMS, head, line_key, ranking
from tracker.evaluation.report.render import svg
from tracker.evaluation.report.strips import Strip
from tracker.evaluation.scoring.tables import HEADS, value


def page(report: Report, plots: list[Plot], strips: list[Strip], images: bool) -> str:
    """The whole page. `images` tells whether the benchmark's images were at hand for the strips."""
    parts = {
        "ranking": ("Ranking", ranking(report)),
        "plots": ("Plots", _plots(report, plots)),
        "attributes": ("Attributes", _attributes(report, plots)),
        "sequences": ("Sequences", _sequences(report)),
        "failures": ("Failures", _failures(report, strips, images)),
        "definitions": ("Definitions", _definitions(report)),
    }
    shown = {name: part for name, part in parts.items() if part[1]}
    files = resources.files(__package__)
    return Template((files / "page.html").read_text("utf-8")).substitute(
        title=escape(report.benchmark.title),
        theme=pages.theme(),
        css=pages.style() + (files / "page.css").read_text("utf-8"),
        js=pages.table_script(),
        protocol=escape(report.protocol),
        facts=_facts(report),
        nav="\n".join(f'<a href="#{name}">{title}</a>' for name, (title, _) in shown.items()),
        notes=_notes(report),
        sections="\n".join(
            f'<section id="{name}" aria-labelledby="h-{name}">\n<h2 id="h-{name}">{title}</h2>\n{text}\n</section>'
            for name, (title, text) in shown.items()
        ),
        benchmark_source=escape(f"Benchmark: {report.benchmark.source}" if report.benchmark.source else ""),
        version=escape(__version__),
    )


def _facts(report: Report) -> str:
    first = report.measured[0]
    group = report.groups[0]
    trackers = sum(not entry.published for entry in group.entries)
    count, _, whole = report.coverage.partition(" of ")
    facts = [
        (
            "Best here",
            escape(first.tracker),
            f"of {trackers} tracker{'s' * (trackers != 1)}{'' if report.alike else ' on the most sequences'}",
        ),
        (
            HEADS[report.main].capitalize() if report.main != "eao" else "EAO",
            value(first.figures[report.main]),
            first.tracker,
        ),
        ("Coverage", count, f"of {whole}" if whole else ""),
        ("Frames", f"{report.frames:,}", "scored"),
    ]
    if len(report.metrics) > 1:
        second = report.metrics[1]
        measured = [entry for entry in group.entries if not entry.published]
        top = next(e for e in measured if e.figures[second] == best(group, second))
        facts.insert(2, (HEADS[second].capitalize(), value(top.figures[second], second), top.tracker))
    return "\n".join(
        f"<div><dt>{name}</dt><dd>{figure}<small>{escape(more)}</small></dd></div>" for name, figure, more in facts
    )


def _notes(report: Report) -> str:
    notes = []
    if report.partial:
        text = f"This covers a part of the benchmark: {report.coverage}."
        if report.published:
            text += " Published numbers are over the whole benchmark, so they are for orientation, not for comparison."
        notes.append(text)
    if not report.alike:
        notes.append(
            "The trackers were not scored on the same sequences, so each is ranked among those on its own ones; "
            "<code>--common</code> scores those that all have."
        )
    return "\n".join(f'<p class="note" role="note">{text}</p>' for text in notes)


def _plots(report: Report, plots: list[Plot]) -> str:
    figures = "\n".join(_figure(plot) for plot in plots if plot.name != "attributes")
    return f'<div class="plots">\n{figures}\n</div>' if figures else ""


def _figure(plot: Plot) -> str:
    text = f'<figcaption id="about-{plot.name}" class="unseen">{escape(plot.text)}</figcaption>'
    return f"<figure>{svg(plot)}{text}</figure>"


def _attributes(report: Report, plots: list[Plot]) -> str:
    if not report.attributes:
        return ""
    figures = "\n".join(_figure(plot) for plot in plots if plot.name == "attributes")
    over = "frames that each attribute holds for" if "eao" in report.metrics else "sequences that have each attribute"
    lead = f"{HEADS[report.details[0]].capitalize()} over the {over}. {_protocol(report)}"
    return f"""<p class="lead">{lead}</p>
<div class="plots">
{figures}
{_grid(report, report.attributes, "attribute", report.details[:1])}
</div>"""


def _sequences(report: Report) -> str:
    figures = " and ".join(HEADS[m] for m in report.details)
    return f"""<p class="lead">{figures.capitalize()} of every sequence; the stronger the tint, the worse. A click on
a head sorts. {_protocol(report)}</p>
<div class="tools"><label for="filter">Find a sequence</label>
<input type="search" id="filter" autocomplete="off" data-filters="sequence-table" aria-describedby="filter-count">
<span id="filter-count" role="status"></span></div>
{_grid(report, report.sequences, "sequence", report.details)}"""


def _protocol(report: Report) -> str:
    return escape(f"{report.protocol}; {report.coverage}.")


def _grid(report: Report, parts: tuple[Part, ...], kind: str, metrics: tuple[str, ...]) -> str:
    """A table that can be sorted: a row a sequence or attribute, columns for every tracker and metric."""
    columns = [(entry.tracker, metric) for entry in report.measured for metric in metrics]
    count = "frames" if kind == "sequence" else "sequences"
    groups = "".join(
        f'<th scope="colgroup" class="edge" colspan="{len(metrics)}">{line_key(i)}{escape(entry.tracker)}</th>'
        for i, entry in enumerate(report.measured)
    )
    heads = [_sort(0, kind.capitalize(), "text"), _sort(1, count, "down")]
    heads += [_sort(2 + i, HEADS[m], "down" if m in LOWER else "up") for i, (_, m) in enumerate(columns)]
    body = "\n".join(
        f'<tr><th scope="row">{escape(part.name)}</th><td data-v="{part.count}">{part.count:,}</td>'
        + "".join(_cell(part.figures.get(name, {}).get(m), m, m == metrics[0]) for name, m in columns)
        + "</tr>"
        for part in parts
    )
    return f"""<div class="scroll tall" tabindex="0" role="region" aria-label="Table by {kind}">
<table class="sortable" id="{kind}-table"><caption>By {kind}. {_protocol(report)}</caption>
<thead><tr><td></td><td></td>{groups}</tr><tr>{"".join(heads)}</tr></thead>
<tbody>
{body}
</tbody></table></div>"""


def _sort(column: int, text: str, kind: str) -> str:
    left = ' class="left"' if kind == "text" else ""
    button = f'<button type="button">{escape(text)}</button>'
    return f'<th scope="col" data-column="{column}" data-kind="{kind}"{left}>{button}</th>'


def _cell(figure: float | None, metric: str, first: bool) -> str:
    edge = ' class="edge"' * first
    if figure is None:
        return f'<td data-v=""{edge}>-</td>'
    shade = "" if metric in LOWER else f' style="--v:{min(1, max(0, figure)):.2f}"'
    return f'<td data-v="{figure:.6g}"{edge}{shade}>{value(figure, metric)}</td>'


def _failures(report: Report, strips: list[Strip], images: bool) -> str:
    if not strips:
        why = "No tracker lost its target." if images else (
            "Frames of the worst failures are shown where the benchmark's images are: <code>--root</code> in place of "
            "<code>--annotations</code>."
        )  # fmt: skip
        return f'<p class="lead">{why}</p>'
    lead = (
        '<p class="lead boxes">Where each tracker did worst, and how it came to it: '
        '<span><b style="border-color:#fff"></b>ground truth</span> '
        '<span><b style="border-color:#ff6e14"></b>tracker</span>. '
        f"{_protocol(report)}</p>"
    )
    order = [entry.tracker for entry in report.measured]
    blocks = []
    for tracker, group in groupby(strips, key=lambda strip: strip.tracker):
        blocks.append(f"<h3>{line_key(order.index(tracker))}{escape(tracker)}</h3>")
        blocks += [_strip(strip) for strip in group]
    return lead + "\n".join(blocks)


def _strip(strip: Strip) -> str:
    shots = []
    for shot in strip.shots:
        data = base64.b64encode(shot.jpeg).decode("ascii")
        alt = escape(f"{strip.tracker} on {strip.sequence}, frame {shot.number}: {shot.said}")
        shots.append(
            f'<li><img src="data:image/jpeg;base64,{data}" alt="{alt}" width="{shot.size[0]}" height="{shot.size[1]}" '
            f'loading="lazy">frame {shot.number} · {escape(shot.said)}</li>'
        )
    return (
        f'<div class="strip"><h4>{escape(strip.sequence)}<span>{escape(strip.said)}</span></h4>\n'
        f'<ol tabindex="0">{"".join(shots)}</ol></div>'
    )


def _definitions(report: Report) -> str:
    terms = "\n".join(f"<dt>{head(m)}</dt><dd>{escape(TERMS[m])}</dd>" for m in report.metrics)
    return f"""<p class="lead">{_protocol(report)} Ranked by {HEADS[report.main]}.</p>
<dl class="terms">
{terms}
</dl>"""
