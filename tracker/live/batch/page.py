"""The results of a batch as one HTML page that needs nothing else but the files it links to."""

from __future__ import annotations

from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from tracker import __version__, pages
from tracker.atomic import whole_file
from tracker.live.batch.jobs import Job, Jobs
from tracker.live.batch.records import Store, refused, trouble
from tracker.live.batch.strip import at_frame, lost_spans, strip
from tracker.live.batch.summary import DONE, FAILED, OPEN, SUMMARY, Totals, fps_of, lost_share, stands
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
    """Write `index.html` row by row, the worst first. Raises InputError where that cannot be done."""
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
        numbers = {job.name: number for number, job in enumerate(jobs.jobs)}
        for job, state, record in stands(store, sorted(jobs.jobs, key=lambda job: totals.ranks[job.name])):
            file.write(_rows(job, numbers[job.name], state, record).encode("utf-8", "replace"))
        file.write(Template(tail).substitute(words).encode("utf-8", "replace"))


def _facts(totals: Totals) -> str:
    hours = f"{totals.seconds / 3600:.1f} h of work" if totals.seconds > 3600 else "tracked"
    more = f", and {_count(totals.refused, 'target')}" if totals.refused else ""
    facts = [
        ("Videos done", f"{totals.done:,}", f"of {totals.videos:,}"),
        ("Targets", f"{totals.targets:,}", "followed"),
        ("Frames", f"{totals.frames:,}", hours),
        ("Lost", f"{100 * totals.lost_share:.1f} %", "of the targets' frames"),
        ("Failed", f"{len(totals.failures):,}", ("video" if len(totals.failures) == 1 else "videos") + more),
    ]
    return "\n".join(
        f"<div><dt>{name}</dt><dd>{figure}<small>{escape(more)}</small></dd></div>" for name, figure, more in facts
    )


def _notes(totals: Totals, jobs: Jobs) -> str:
    parts = []
    if totals.unfinished:
        parts.append(_note(f"{_count(totals.unfinished, 'video')} not done yet; the same command goes on."))
    if totals.failures:
        failed = f"{_count(len(totals.failures), 'video')} failed: {_links(totals.failures, jobs)}"
        parts.append(_note(failed, "failed"))
    if totals.partly:
        count = f"{_count(totals.refused, 'target')} could not be tracked"
        parts.append(_note(f"{count}, others of the same video were: {_links(totals.partly, jobs)}", "failed"))
    if jobs.without:
        items = "\n".join(f"<li>{escape(Path(video).name)}</li>" for video in jobs.without)
        parts.append(
            f'<details class="list"><summary>{len(jobs.without)} without a box, not tracked</summary>'
            f"<ul>{items}</ul></details>"
        )
    return "\n".join(parts)


def _note(text: str, kind: str = "") -> str:
    return f'<p class="{f"note {kind}".strip()}" role="note">{text}</p>'


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _links(found: list[Job], jobs: Jobs) -> str:
    """The videos, each a link to its row that says what is wrong."""
    numbers = {job.name: number for number, job in enumerate(jobs.jobs)}
    return ", ".join(f'<a href="#video-{numbers[job.name]}">{escape(job.shown)}</a>' for job in found)


def _head(column: int, title: str, kind: str, side: str) -> str:
    left = f' class="{side}"' if side else ""
    if not kind:
        return f'<th scope="col"{left}>{title}</th>'
    return (
        f'<th scope="col" data-column="{column}" data-kind="{kind}"{left}><button type="button">{title}</button></th>'
    )


def _rows(job: Job, number: int, state: str, record: dict[str, Any]) -> str:
    """A row for every target, or one for a video without any. What is missing has the anchor `video-<number>`."""
    anchor = f' id="video-{number}"'
    if state != DONE:
        return _missing(job, anchor, "", state, trouble(job, record))
    several = len(record["targets"]) > 1
    rows = [_row(job, record, target, several) for target in record["targets"]]
    for place, (target, why) in enumerate(refused(job, record)):
        rows.append(_missing(job, "" if place else anchor, target.name, FAILED, why))
    return "".join(rows)


def _row(job: Job, record: dict[str, Any], target: dict[str, Any], several: bool) -> str:
    label = target["name"] or (f"target {target['id']}" if several else "")
    lost = lost_share(target)
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
    shots = "".join(_shot(job, label, record, shot) for shot in target["shots"])
    links = "".join(f'<a href="{quote(path)}">{kind}</a>' for kind, path in record["results"].items())
    return (
        f"<tr{look}>{_name(job, label, target['id'] if several else 0, bad + ended)}"
        f'<td class="shots"><div>{shots}</div></td>'
        f'<td class="course">{strip(target, record)}{lost_spans(target, record)}</td>{cells}'
        f'<td class="files">{links}</td></tr>\n'
    )


def _missing(job: Job, anchor: str, label: str, state: str, why: str) -> str:
    cells = "".join(f'<td data-v="" data-label="{title}">-</td>' for title, *_ in COLUMNS[3:8])
    return (
        f'<tr data-look class="missing"{anchor}>{_name(job, label, 0, "")}<td class="why">'
        f'<b class="{"tag open" if state == OPEN else "tag"}">{state}</b> {escape(why)}</td>'
        f'<td class="course"></td>{cells}<td class="files"></td></tr>\n'
    )


def _name(job: Job, label: str, id: int, more: str) -> str:
    key = ""
    if id:
        blue, green, red = colour_of(id)
        key = f'<i style="background:rgb({red},{green},{blue})"></i>'
    shown = f"<span>{key}{escape(label)}</span>" if label else ""
    # Results are called as the video is, but for characters that not every file system takes, or as was asked for.
    called = "" if job.name in (job.shown, Path(job.shown).stem) else f"<small>results: {escape(job.name)}</small>"
    path = escape(job.shown).replace("/", "/<wbr>")
    return f'<th scope="row">{path}{shown}{called}{more}</th>'


def _shot(job: Job, label: str, record: dict[str, Any], shot: dict[str, Any]) -> str:
    """A thumbnail, which leads to this frame of the annotated video, or to the boxes where there is none."""
    width, height = shot["size"]
    state = "" if shot["state"] == "tracking" else f", {shot['state']}"
    about = f"{job.shown} {label}, {shot['said']}: frame {shot['frame']}, score {shot['score']:.2f}{state}"
    told = shot["state"] if shot["state"] == "lost" else f"{shot['score']:.2f}"
    caption = f"{shot['frame']} · {'given' if shot['said'] == 'first' else told}"
    source = f"data:image/jpeg;base64,{escape(shot['jpeg'])}"
    place = at_frame(record, shot["frame"]) or quote(record["results"]["boxes"])
    return (
        f'<figure><a href="{place}"><img src="{source}" alt="{escape(about)}" title="{escape(about)}" '
        f'width="{int(width)}" height="{int(height)}"></a><figcaption>{escape(caption)}</figcaption></figure>'
    )
