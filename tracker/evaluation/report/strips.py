"""Strips of frames of the worst failures, with the true and the reported region drawn, so that a person sees why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracker.box import iou
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.measures.metrics import valid
from tracker.evaluation.measures.overlap import polygons, rasterised_overlap
from tracker.evaluation.measures.vot import FAILED, INITIALISED
from tracker.evaluation.report.data import Part, Report
from tracker.evaluation.scoring.results import TrackerResults, read_repetition, read_result
from tracker.evaluation.scoring.score import files_of
from tracker.evaluation.sequence import Floats, Sequence
from tracker.images import read_image
from tracker.registry import Registry

WORST, FRAMES = 3, 6  # sequences a tracker, frames a strip
SIZE = (256, 192)  # pixels of a thumbnail at most
QUALITY = 72
BUDGET = 2_600_000  # bytes of JPEG in all, so that a page with base64 stays below 5 MB
TRUTH, FOUND = (255, 255, 255), (20, 110, 255)  # white and orange, BGR


@dataclass(frozen=True)
class Shot:
    """A frame of a strip: JPEG bytes with the regions drawn, its number from 1, and what happened there."""

    jpeg: bytes
    number: int
    said: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Strip:
    """The worst failure of a tracker on one sequence."""

    tracker: str
    sequence: str
    said: str
    shots: tuple[Shot, ...]


@dataclass(frozen=True)
class Trace:
    """What happened in every frame: the reported region (None where there is none), overlap, and if it was lost."""

    regions: list[Floats | None]
    overlaps: Floats
    lost: np.ndarray
    starts: np.ndarray


Reading = Callable[[Path, Sequence], Trace]
TRACES: Registry[Reading] = Registry("protocol with frames to show")


@TRACES.register("ope")
def _one_pass(path: Path, sequence: Sequence) -> Trace:
    boxes = read_result(path, sequence.truth)
    good = valid(sequence.boxes)
    overlaps = np.full(len(boxes), np.nan)
    overlaps[good] = iou(sequence.boxes[good], boxes[good])
    return Trace(list(boxes), overlaps, good & (np.nan_to_num(overlaps) <= 0), np.array([0]))


@TRACES.register("vot_supervised")
@TRACES.register("vot_unsupervised")
def _with_codes(path: Path, sequence: Sequence) -> Trace:
    rows = read_repetition(path, sequence.truth)
    regions = [np.array(row) if len(row) > 1 else None for row in rows]
    overlaps = np.full(len(rows), np.nan)
    for i, region in enumerate(regions):
        if region is not None:
            overlaps[i] = rasterised_overlap(sequence.truth[i : i + 1], region[None])[0]
    codes = np.array([row[0] if len(row) == 1 else np.nan for row in rows])
    lost = (codes == FAILED) | (overlaps <= 0)
    return Trace(regions, overlaps, lost, np.flatnonzero(codes == INITIALISED))


def worst_failures(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], trackers: list[TrackerResults], report: Report
) -> list[Strip]:
    """Strips by tracker, best tracker first, within a budget of bytes that every tracker shares.

    Needs sequences with frames; a protocol of many runs (SRE, TRE) has none. Raises InputError for a damaged image.
    """
    if benchmark.protocol not in TRACES or not any(s.frames for s in sequences.values()):
        return []
    folders = {tracker.name: tracker for tracker in trackers}
    order = {entry.tracker: _worst_first(report, entry.tracker) for entry in report.measured}
    made: dict[str, list[Strip]] = {name: [] for name in order}
    spent = 0
    for place in range(WORST):  # the worst of everyone first, so that the budget is shared
        for name, parts in order.items():
            if place < len(parts) and spent < BUDGET:
                strip = _strip(benchmark, sequences, folders[name], parts[place])
                if strip is not None:
                    made[name].append(strip)
                    spent += sum(len(shot.jpeg) for shot in strip.shots)
    return [strip for strips in made.values() for strip in strips]


def _worst_first(report: Report, tracker: str) -> list[Part]:
    """Sequences in which a tracker did worst: by failures where they are counted, then by the first metric."""
    held = [part for part in report.sequences if tracker in part.figures]

    def badness(part: Part) -> tuple[float, float]:
        figures = part.figures[tracker]
        first = figures[report.details[0]]
        return -float(figures.get("failures") or 0), 0.0 if first is None else first

    return sorted(held, key=badness)


def _strip(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], tracker: TrackerResults, part: Part
) -> Strip | None:
    """The strip of a sequence; None where the target was never lost or there are no images."""
    sequence = sequences[part.name]
    paths = files_of(benchmark, sequences, tracker, part.name)
    if not paths or not sequence.frames:
        return None
    trace = TRACES[benchmark.protocol](paths[0], sequence)
    if not trace.lost.any():
        return None
    first, last = _longest(trace.lost)
    chosen = _chosen(trace, first, last)
    window = _window(sequence, trace, chosen)
    shots = tuple(_shot(sequence, trace, i, window) for i in chosen)
    told = ", ".join(f"{name} {_short(v)}" for name, v in part.figures[tracker.name].items())
    span = f"no overlap in frames {first + 1} to {last + 1}" if last > first else f"lost in frame {first + 1}"
    return Strip(tracker.name, sequence.name, f"{told}; {span} of {len(sequence)}", shots)


def _short(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}".rstrip("0").rstrip(".") or "0"


def _longest(lost: np.ndarray) -> tuple[int, int]:
    """First and last index of the longest stretch of lost frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best]) - 1


def _chosen(trace: Trace, first: int, last: int) -> list[int]:
    """Frames that tell the story: a good one, the way to the loss, the loss, and what came of it."""
    start = int(trace.starts[trace.starts <= first].max(initial=0))
    good = np.flatnonzero(np.nan_to_num(trace.overlaps[start:first]) >= 0.5) + start
    before = int(good[-1]) if len(good) else start
    if last == first:  # a supervised run stops here; show how it came to it
        wanted = [start, before, *(first - np.array([12, 6, 3, 1])), first]
    else:
        wanted = [start, before, (before + first) // 2, first, (2 * first + last) // 3, last]
    kept = sorted({int(np.clip(i, start, last)) for i in wanted})
    while len(kept) > FRAMES:
        kept.pop(1)
    return kept


def _regions(sequence: Sequence, trace: Trace, index: int) -> list[tuple[Floats, tuple[int, int, int]]]:
    """Corners (k, 2) in pixels from 0 of what there is to draw in a frame, and its colour."""
    drawn = [(sequence.truth[index], TRUTH), (trace.regions[index], FOUND)]
    found = []
    for region, color in drawn:
        if region is not None and np.isfinite(region).all():
            found.append((polygons(np.asarray(region, float)[None])[0] - sequence.origin, color))
    return found


def _window(sequence: Sequence, trace: Trace, chosen: list[int]) -> tuple[int, int, int, int]:
    """The part of the image, `left, top, right, bottom`, that holds all regions of a strip with room around them."""
    height, width = read_image(sequence.frames[chosen[0]]).shape[:2]
    corners = [points for i in chosen for points, _ in _regions(sequence, trace, i)]
    points = np.clip(np.concatenate(corners), (0, 0), (width, height)) if corners else np.array([[0, 0]])
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.maximum((high - low) * 1.5, (SIZE[0] * 0.6, SIZE[1] * 0.6))
    w, h = max(span[0], span[1] * SIZE[0] / SIZE[1]), max(span[1], span[0] * SIZE[1] / SIZE[0])
    if w > 0.8 * width or h > 0.8 * height:
        return 0, 0, width, height
    left, top = np.clip((low + high - (w, h)) / 2, (0, 0), (width - w, height - h))
    return int(left), int(top), int(left + w), int(top + h)


def _shot(sequence: Sequence, trace: Trace, index: int, window: tuple[int, int, int, int]) -> Shot:
    import cv2

    left, top, right, bottom = window
    image: Any = read_image(sequence.frames[index])[top:bottom, left:right]
    scale = min(SIZE[0] / image.shape[1], SIZE[1] / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for points, color in _regions(sequence, trace, index):
        line = np.round((points - (left, top)) * scale * 8).clip(-80_000, 80_000).astype(np.int32)
        for shade, thick in (((0, 0, 0), 4), (color, 2)):  # a dark edge shows on any ground
            cv2.polylines(image, [line[:, None]], True, shade, thick, cv2.LINE_AA, shift=3)
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    return Shot(jpeg, index + 1, _happened(trace, index), size)


def _happened(trace: Trace, index: int) -> str:
    if index in trace.starts:
        return "start"
    if np.isnan(trace.overlaps[index]):
        return "lost" if trace.lost[index] else "no truth"
    return f"overlap {trace.overlaps[index]:.2f}"
