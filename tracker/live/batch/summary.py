"""The table of a batch: a row for every video and target, what failed and what has no box included."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tracker.atomic import whole_file
from tracker.live.batch.jobs import Job, Jobs
from tracker.live.batch.records import Store, refused
from tracker.live.batch.rows import Target

SUMMARY = "summary.csv"
DONE, FAILED, OPEN, NO_BOX = "done", "failed", "not done", "no box"
HEAD = (
    "video", "result", "state", "target", "name", "first_frame", "frames", "unreadable", "frames_per_second",
    "mean_score", "lowest_score", "lost_frames", "lost_share", "lost_spans", "boxes", "annotated", "error",
)  # fmt: skip


@dataclass
class Totals:
    """Sums over a batch; `frames` counts a video once, `followed` and `lost` every target.

    `partly` has the videos that are done without `refused` of their targets; `ranks` the order by job that shows the
    worst first.
    """

    videos: int = 0
    done: int = 0
    unfinished: int = 0
    targets: int = 0
    frames: int = 0
    followed: int = 0
    lost: int = 0
    seconds: float = 0.0
    refused: int = 0
    failures: list[Job] = field(default_factory=list)
    ranks: dict[str, tuple[int, float]] = field(default_factory=dict)
    partly: list[Job] = field(default_factory=list)

    @property
    def lost_share(self) -> float:
        """Part of the frames in which a target was lost, 0..1."""
        return self.lost / self.followed if self.followed else 0.0


def stands(store: Store, jobs: Iterable[Job]) -> Iterator[tuple[Job, str, dict[str, Any]]]:
    """Every job with its state and record, one at a time: records are not kept in memory."""
    for job in jobs:
        record = store.read(job)
        yield job, OPEN if record is None else FAILED if record.get("error") else DONE, record or {}


def write_summary(store: Store, jobs: Jobs) -> Totals:
    """Write `summary.csv`. Raises InputError where that cannot be done."""
    totals = Totals(len(jobs.jobs) + len(jobs.without))
    with whole_file(store.folder / SUMMARY) as file:
        file.write(_line(dict(zip(HEAD, HEAD, strict=True))))
        for job, state, record in stands(store, jobs.jobs):
            _count(totals, job, state, record)
            for row in _rows(job, state, record):
                file.write(_line(row))
        for video in jobs.without:
            file.write(_line({"video": video, "state": NO_BOX}))
    return totals


def lost_share(target: dict[str, Any]) -> float:
    """Part of a target's frames in which it was lost, 0..1."""
    return float(target["lost"] / max(1, target["frames"]))


def _rank(state: str, record: dict[str, Any]) -> tuple[int, float]:
    """What failed, then what did partly, then what is done, most lost first, then what is not."""
    if state != DONE:
        return (0 if state == FAILED else 3), 0.0
    return (1 if record.get("refused") else 2), -max(map(lost_share, record["targets"]))


def missing(job: Job, state: str, record: dict[str, Any]) -> list[tuple[Target, str, str]]:
    """The targets of a job without results: each with its state, failed or not done, and why."""
    found = refused(job, record)
    if state != DONE and not found:
        return [(target, state, record.get("error", "")) for target in job.targets]
    return [(target, FAILED, why) for target, why in found]


def fps_of(record: dict[str, Any]) -> float:
    """Frames a second of a video, end to end."""
    return float(record["frames"] / record["seconds"]) if record.get("seconds") else 0.0


def _count(totals: Totals, job: Job, state: str, record: dict[str, Any]) -> None:
    totals.ranks[job.name] = _rank(state, record)
    totals.done += state == DONE
    totals.unfinished += state == OPEN
    if state == FAILED:
        totals.failures.append(job)
    if state == DONE:
        if record.get("refused"):
            totals.partly.append(job)
            totals.refused += len(record["refused"])
        totals.frames += record["frames"]
        totals.seconds += record["seconds"]
        totals.targets += len(record["targets"])
        totals.followed += sum(target["frames"] for target in record["targets"])
        totals.lost += sum(target["lost"] for target in record["targets"])


def _rows(job: Job, state: str, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    common = {"video": job.video, "result": job.name}
    if state == DONE:
        yield from ({**common, "state": state, **row} for row in _tracked(record))
    for target, its_state, why in missing(job, state, record):
        yield {**common, "state": its_state, "name": target.name, "first_frame": target.frame, "error": why}


def _tracked(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    results = record["results"]
    common = {
        "unreadable": record["bad"],
        "frames_per_second": f"{fps_of(record):.2f}",
        "boxes": results.get("boxes", ""),
        "annotated": results.get("video", ""),
    }
    for target in record["targets"]:
        yield {
            **common,
            "target": target["id"],
            "name": target["name"],
            "first_frame": target["begin"],
            "frames": target["frames"],
            "mean_score": target["mean"],
            "lowest_score": target["lowest"],
            "lost_frames": target["lost"],
            "lost_share": f"{lost_share(target):.4f}",
            "lost_spans": target["spans"],
        }


def _line(row: dict[str, Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row.get(key, "") for key in HEAD)
    return text.getvalue().encode("utf-8", "replace")
