"""The score of a target over time as a strip of SVG, with the spans in which it was lost."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import quote

HEIGHT = 40  # units; a column of the strip is one unit wide
BAR = 4  # height of the bar below lost spans, which tells them without their colour
LISTED = 3  # lost spans that are told by their frames


def strip(target: dict[str, Any], record: dict[str, Any]) -> str:
    """The strip with the numbers of its first and last frame below; `target` and `record` as `Tally` made them."""
    columns: list[list[float]] = target["strip"]
    known = [(i, column) for i, column in enumerate(columns) if column]
    begin, end = int(record["begin"]), int(record["begin"]) + int(record["frames"]) - 1
    lost = _lost([i for i, column in known if column[1] > 0])
    told = f"score in frames {target['begin']} to {end}: mean {target['mean']:.2f}, lowest {target['lowest']:.2f}, "
    told += f"lost in {target['lost']} frames, {target['spans']} times" if target["lost"] else "never lost"
    spans = "".join(
        f'<rect class="lost" x="{a}" y="0" width="{b - a}" height="{HEIGHT}"/>'
        f'<rect class="bar" x="{a}" y="{HEIGHT - BAR}" width="{b - a}" height="{BAR}"/>'
        for a, b in lost
    )
    line = _line(known)
    area = f"{line}V{HEIGHT}H{known[0][0]}Z" if known else ""
    return (
        f'<svg viewBox="0 0 {max(1, len(columns))} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(told)}"><title>{escape(told)}</title>'
        f'<path class="area" d="{area}"/>{spans}<path class="line" d="{line}"/></svg>'
        f'<div class="axis" aria-hidden="true"><span>{begin}</span><span>{end}</span></div>'
    )


def lost_spans(target: dict[str, Any], record: dict[str, Any]) -> str:
    """The frames in which a target was lost, such as "lost 31-58, 90", the first few; links where there is a video."""
    known = [(first, f"{first}" if first == last else f"{first}-{last}") for first, last in target["lost_in"][:LISTED]]
    if not known:
        return ""
    places = [(at_frame(record, first), text) for first, text in known]
    told = ", ".join(f'<a href="{place}">{text}</a>' if place else text for place, text in places)
    more = target["spans"] - len(known)
    return f'<p class="spans">lost {told}{f" and {more:,} more" if more else ""}</p>'


def at_frame(record: dict[str, Any], frame: int) -> str:
    """Where a frame is in the annotated video, as a link; empty where none was written."""
    path, seconds = record["results"].get("video"), (frame - record["begin"]) / record["rate"]
    return f"{quote(path)}#t={seconds:.2f}" if path else ""


def _line(known: list[tuple[int, list[float]]]) -> str:
    """A path of steps through the scores."""
    steps = [f"{i},{_height(score)}H{i + 1}" if n == 0 else f"V{_height(score)}H{i + 1}" for n, (i, (score, _)) in
             enumerate(known)]  # fmt: skip
    return "M" + "".join(steps) if steps else ""


def _height(score: float) -> str:
    return f"{(HEIGHT - 1) * (1 - min(1.0, max(0.0, score))) + 0.5:.1f}"


def _lost(columns: list[int]) -> list[tuple[int, int]]:
    """First column, and the one after the last, of every run of neighbours."""
    runs = [[i for _, i in run] for _, run in groupby(enumerate(columns), key=lambda pair: pair[1] - pair[0])]
    return [(run[0], run[-1] + 1) for run in runs]
