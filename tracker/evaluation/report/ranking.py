"""The ranking of a report as an HTML table, and what its metrics are."""

from __future__ import annotations

from html import escape

from tracker.evaluation.report.data import Entry, Group, Report
from tracker.evaluation.report.exports import LOWER, best, caption
from tracker.evaluation.report.style import look
from tracker.evaluation.scoring.tables import HEADS, quoted, value

TERMS = {
    "success": "Mean over 21 overlap thresholds, 0 to 1, of the share of frames whose overlap is greater: the area "
    "under the success curve.",
    "precision": "Share of frames whose centre is at most 20 pixels from the true one.",
    "norm_precision": "The same with distances in widths and heights of the target; mean over thresholds 0 to 0.5.",
    "ao": "Average overlap over frames.",
    "sr50": "Share of frames whose overlap is greater than 0.5.",
    "sr75": "Share of frames whose overlap is greater than 0.75.",
    "eao": "Expected average overlap of a run as long as a typical sequence, failures counted as zero.",
    "accuracy": "Mean overlap of all frames in which the target is followed, without the ten after each start.",
    "robustness": "Failures in a hundred frames; less is better.",
    "failures": "Frames in which the target was lost and the tracker had to be started anew; less is better.",
}


def line_key(index: int) -> str:
    """The line and mark of a tracker as in the plots."""
    style = look(index)
    dash = " ".join(f"{length * 1.6:g}" for length in style.dash[1])
    color = f"var(--s{style.index})"
    return (
        f'<svg class="key" viewBox="0 0 30 12" aria-hidden="true"><line x1="1" x2="29" y1="6" y2="6" stroke="{color}" '
        f'stroke-width="2.6"{f" stroke-dasharray={chr(34)}{dash}{chr(34)}" if dash else ""}/></svg>'
    )


def ranking(report: Report) -> str:
    heads = "".join(f'<th scope="col" title="{escape(TERMS[m])}">{head(m)}</th>' for m in report.metrics)
    timed = any(entry.fps for entry in report.measured)
    heads += '<th scope="col" title="frames per second, the tracker alone, from the stored times">fps</th>' * timed
    columns = len(report.metrics) + timed + 3
    bodies = "\n".join(_body(group, report, timed, columns) for group in report.groups)
    return f"""<p class="lead">{escape(caption(report))}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Ranking table"><table class="ranking">
<caption>Ranking by {HEADS[report.main]}. {escape(caption(report))}</caption>
<thead><tr><th scope="col" class="left">Tracker</th>{heads}<th scope="col">sequences</th>
<th scope="col" class="left">protocol</th></tr></thead>
{bodies}
</table></div>"""


def head(metric: str) -> str:
    arrow = '<span aria-label="less is better"> &darr;</span>' if metric in LOWER else ""
    return HEADS[metric] + arrow


def _body(group: Group, report: Report, timed: bool, columns: int) -> str:
    """Entries that are ranked with one another, under what they have in common."""
    title = ""
    if group.title:
        title = f'<tr class="group"><th scope="rowgroup" colspan="{columns}">{escape(group.title)}</th></tr>\n'
    rows = (_row(rank if group.ranked else None, e, group, report, timed) for rank, e in enumerate(group.entries, 1))
    return f"<tbody>\n{title}" + "\n".join(rows) + "\n</tbody>"


def _row(rank: int | None, entry: Entry, group: Group, report: Report, timed: bool) -> str:
    cells = []
    for metric in report.metrics:
        figure = entry.figures.get(metric)
        text = quoted(figure) if entry.published else value(figure, metric)
        top = not entry.published and figure is not None and figure == best(group, metric)
        bar = ""
        if metric == report.main and figure is not None:
            bar = f'<span class="bar" aria-hidden="true"><i style="width:{100 * min(1, figure):.1f}%"></i></span>'
        cells.append(f"<td{' class=best' * top}>{text}{bar}</td>")
    if timed:
        cells.append(f"<td>{f'{entry.fps:.1f}' if entry.fps else '-'}</td>")
    if entry.published:
        name, kind = (
            f'<span class="key"></span>{escape(entry.tracker)}<span class="tag">published</span>',
            ' class="published"',
        )
    else:
        name, kind = line_key(report.measured.index(entry)) + escape(entry.tracker), ""
    return (
        f'<tr{kind}><th scope="row"><span class="rank">{rank or ""}</span>{name}</th>{"".join(cells)}'
        f"<td>{escape(entry.sequences.partition(' sequence')[0])}</td>"
        f'<td class="source">{escape(entry.protocol)}</td></tr>'
    )
