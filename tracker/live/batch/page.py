"""The results of a batch as one HTML page that needs nothing else but the files it links to."""

from __future__ import annotations

from html import escape
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import quote

from tracker import __version__, pages
from tracker.atomic import whole_file
from tracker.live.batch.jobs import Job, Jobs
from tracker.live.batch.records import Store
from tracker.live.batch.strip import strip
from tracker.live.batch.summary import DONE, FAILED, SUMMARY, Totals, fps_of, stands
from tracker.live.targets import colour_of

PAGE = "index.html"
LOOK = 0.1  # share of lost frames above which a video should be looked at
# Title, kind of sorting (of table.js) and class of every column.
COLUMNS = (
    ("Video", "text", "left"),
    ("First, worst and last frame", "", "left"),
    ("Score over time", "", "left"),
    ("Lost", "down", ""),
    ("Mean", "up", ""),
    ("Lowest", "up", ""),
    ("Frames", "down", ""),
    ("Frames/s", "up", ""),
    ("Files", "", "left"),
)


def write_page(store: Store, jobs: Jobs, totals: Totals, title: str) -> None:
    """Write `index.html` row by row. Raises InputError where that cannot be done."""
    files = resources.files(__package__)
    head, _, tail = (files / "page.html").read_text("utf-8").partition("$rows")
    words = {
        "title": escape(title),
        "theme": pages.theme(),
        "css": pages.style() + (files / "page.css").read_text("utf-8"),
        "js": pages.table_script() + (files / "page.js").read_text("utf-8"),
        "facts": _facts(totals),
        "notes": _notes(totals, jobs),
        "heads": "".join(_head(i, *column) for i, column in enumerate(COLUMNS)),
        "orders": "".join(f'<option value="{i}">{name}</option>' for i, (name, kind, _) in enumerate(COLUMNS) if kind),
        "summary": SUMMARY,
        "version": escape(__version__),
    }
    with whole_file(store.folder / PAGE) as file:
        file.write(Template(head).substitute(words).encode("utf-8", "replace"))
        for job, state, record in stands(store, jobs):
            rows = _rows(job, record) if state == DONE else _missing(job, state, record)
            file.write(rows.encode("utf-8", "replace"))
        file.write(Template(tail).substitute(words).encode("utf-8", "replace"))


def _facts(totals: Totals) -> str:
    hours = f"{totals.seconds / 3600:.1f} h of work" if totals.seconds > 3600 else "tracked"
    facts = [
        ("Videos done", f"{totals.done:,}", f"of {totals.videos:,}"),
        ("Targets", f"{totals.targets:,}", "followed"),
        ("Frames", f"{totals.frames:,}", hours),
        ("Lost", f"{100 * totals.lost_share:.1f} %", "of the targets' frames"),
        ("Failed", f"{len(totals.failures):,}", "see below" if totals.failures else "videos"),
    ]
    return "\n".join(
        f"<div><dt>{name}</dt><dd>{figure}<small>{escape(more)}</small></dd></div>" for name, figure, more in facts
    )


def _notes(totals: Totals, jobs: Jobs) -> str:
    parts = []
    if totals.unfinished:
        count = f"{totals.unfinished} video{'s are' if totals.unfinished > 1 else ' is'} not done yet"
        parts.append(f'<p class="note" role="note">{count}; the same command goes on.</p>')
    if totals.failures:
        items = "\n".join(
            f"<li><strong>{escape(name)}</strong> <span>{escape(error)}</span></li>"
            for name, _, error in totals.failures
        )
        parts.append(f'<section id="failed"><h2>Failed</h2>\n<ul class="list">{items}</ul></section>')
    if jobs.without:
        items = "\n".join(f"<li>{escape(video)}</li>" for video in jobs.without)
        parts.append(
            f'<details class="list"><summary>{len(jobs.without)} without a box, not tracked</summary>'
            f"<ul>{items}</ul></details>"
        )
    return "\n".join(parts)


def _head(column: int, title: str, kind: str, side: str) -> str:
    left = f' class="{side}"' if side else ""
    if not kind:
        return f'<th scope="col"{left}>{title}</th>'
    return (
        f'<th scope="col" data-column="{column}" data-kind="{kind}"{left}><button type="button">{title}</button></th>'
    )


def _rows(job: Job, record: dict[str, Any]) -> str:
    several = len(record["targets"]) > 1
    return "".join(_row(job, record, target, several) for target in record["targets"])


def _row(job: Job, record: dict[str, Any], target: dict[str, Any], several: bool) -> str:
    label = target["name"] or (f"target {target['id']}" if several else "")
    lost = target["lost"] / max(1, target["frames"])
    figures = (
        (f"{100 * lost:.1f} %" if target["lost"] else "0", lost),
        (f"{target['mean']:.2f}", target["mean"]),
        (f"{target['lowest']:.2f}", target["lowest"]),
        (f"{target['frames']:,}", target["frames"]),
        (f"{fps_of(record):.1f}", fps_of(record)),
    )
    cells = "".join(
        f'<td data-v="{value:.6g}" data-label="{title}">{text}</td>'
        for (text, value), (title, *_) in zip(figures, COLUMNS[3:], strict=False)
    )
    bad = f"<small>{record['bad']} unreadable</small>" if record["bad"] else ""
    ended = f"<small>{escape(record['ended'])}</small>" if record.get("ended") else ""
    look = " data-look" if lost > LOOK or bad or ended else ""
    shots = "".join(_shot(job, label, shot) for shot in target["shots"])
    links = "".join(f'<a href="{quote(path)}">{kind}</a>' for kind, path in record["results"].items())
    return (
        f"<tr{look}>{_name(job, label, target['id'] if several else 0, bad + ended)}"
        f'<td class="shots"><div>{shots}</div></td>'
        f'<td class="course">{strip(target, record)}</td>{cells}<td class="files">{links}</td></tr>\n'
    )


def _missing(job: Job, state: str, record: dict[str, Any]) -> str:
    why = escape(record.get("error", "")) if state == FAILED else "not done yet"
    cells = "".join(f'<td data-v="" data-label="{title}">-</td>' for title, *_ in COLUMNS[3:8])
    return (
        f'<tr data-look class="missing">{_name(job, "", 0, "")}<td class="why"><b class="tag">{escape(state)}</b>'
        f' {why}</td><td class="course"></td>{cells}<td class="files"></td></tr>\n'
    )


def _name(job: Job, label: str, id: int, more: str) -> str:
    key = ""
    if id:
        blue, green, red = colour_of(id)
        key = f'<i style="background:rgb({red},{green},{blue})"></i>'
    shown = f"<span>{key}{escape(label)}</span>" if label else ""
    return f'<th scope="row" title="{escape(job.video)}">{escape(job.name)}{shown}{more}</th>'


def _shot(job: Job, label: str, shot: dict[str, Any]) -> str:
    width, height = shot["size"]
    state = "" if shot["state"] == "tracking" else f", {shot['state']}"
    about = f"{job.name} {label}, {shot['said']}: frame {shot['frame']}, score {shot['score']:.2f}{state}"
    told = shot["state"] if shot["state"] == "lost" else f"{shot['score']:.2f}"
    caption = f"{shot['frame']} · {'given' if shot['said'] == 'first' else told}"
    source = f"data:image/jpeg;base64,{escape(shot['jpeg'])}"
    return (
        f'<figure><img src="{source}" alt="{escape(about)}" title="{escape(about)}" width="{int(width)}" '
        f'height="{int(height)}"><figcaption>{escape(caption)}</figcaption></figure>'
    )
