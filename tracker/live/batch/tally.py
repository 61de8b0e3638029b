"""What is remembered of a video while it is tracked: scores and states of every target, and the frames to show."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.drawing.draw import Style, draw_box, to_bgr8
from tracker.live.sinks.base import Sink
from tracker.live.step import Step
from tracker.live.targets import colour_of
from tracker.tracking.result import Result

BINS = 160  # of the strip of scores
SPANS = 100  # of which it is remembered where they lie
SHOT = (208, 156)  # pixels of a thumbnail at most
QUALITY = 74
ROOM = 3.0  # times the box, and
LEAST = 0.35  # of the frame is what a thumbnail shows


class Moment(NamedTuple):
    """A frame that may be shown."""

    frame: int
    image: NDArray[Any]
    results: Mapping[int, Result]


class Course:
    """One target over time; `begin` is the frame in which it was given."""

    def __init__(self, begin: int, name: str) -> None:
        self.begin, self.name = begin, name
        self.scores, self.lost = array("f"), bytearray()
        self.first: Moment | None = None
        self.worst: Moment | None = None
        self._least = 2.0

    def add(self, moment: Moment, result: Result, readable: bool) -> None:
        """The target in the next frame; one that could not be read is not shown."""
        self.scores.append(result.score)
        self.lost.append(result.lost)
        if not readable:
            return
        if self.first is None:
            self.first = moment
        elif result.score < self._least:
            self._least, self.worst = result.score, moment


class Tally(Sink):
    """Takes every frame and keeps two numbers of each, and a few frames a target."""

    def __init__(self) -> None:
        self.courses: dict[int, Course] = {}
        self.begin = self.frames = 0
        self._last: Moment | None = None

    def write(self, step: Step) -> None:
        moment = Moment(step.index, step.image, step.results)
        if not self.frames:
            self.begin = step.index
        self.frames += 1
        for id, result in step.results.items():
            if id not in self.courses:
                self.courses[id] = Course(step.index, step.targets[id].name)
            self.courses[id].add(moment, result, step.readable)
        if step.readable:
            self._last = moment

    def targets(self) -> list[dict[str, Any]]:
        """Everything about the targets, as plain values."""
        return [self._target(id, course) for id, course in self.courses.items()]

    def _target(self, id: int, course: Course) -> dict[str, Any]:
        scores, lost = np.array(course.scores), np.frombuffer(bytes(course.lost), np.uint8) > 0
        edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(int), [0]])))
        shots = {"first": course.first, "worst": course.worst, "last": self._last}
        return {
            "id": id,
            "name": course.name,
            "begin": course.begin,
            "frames": len(scores),
            "lost": int(lost.sum()),
            "spans": len(edges) // 2,
            "lost_in": [[course.begin + int(a), course.begin + int(b) - 1] for a, b in edges.reshape(-1, 2)[:SPANS]],
            "mean": round(float(scores[1:].mean()), 4) if len(scores) > 1 else 1.0,
            "lowest": round(float(scores[1:].min()), 4) if len(scores) > 1 else 1.0,
            "strip": _strip(scores, lost, course.begin - self.begin, self.frames),
            "shots": [_shot(id, said, moment) for said, moment in shots.items() if moment and id in moment.results],
        }

    def __enter__(self) -> Tally:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def _strip(scores: NDArray[Any], lost: NDArray[np.bool_], offset: int, frames: int) -> list[list[float]]:
    """Lowest score, and share of lost frames, in equal parts of the video; empty where the target was not there yet."""
    edges = np.linspace(0, frames, min(BINS, frames) + 1).round().astype(int) - offset
    parts = [(max(0, a), b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    return [[round(float(scores[a:b].min()), 2), round(float(lost[a:b].mean()), 2)] if b > a else [] for a, b in parts]


def _shot(id: int, said: str, moment: Moment) -> dict[str, Any]:
    """The surroundings of a target as a JPEG of its own, with the boxes of all targets in it."""
    result = moment.results[id]
    left, top, right, bottom = _window(result.box, moment.image.shape[1], moment.image.shape[0])
    image = to_bgr8(moment.image[top:bottom, left:right])
    scale = min(SHOT[0] / image.shape[1], SHOT[1] / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    image = np.asarray(
        cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8
    )
    line = Style.for_frame(*SHOT).line
    for other, each in sorted(moment.results.items(), key=lambda item: item[0] == id):  # this target's on top
        x, y = (each.box.x - left) * scale, (each.box.y - top) * scale
        box = Box(x, y, each.box.w * scale, each.box.h * scale)
        draw_box(image, box, colour_of(other), line if other == id else 1, dashed=each.lost)
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    return {
        "said": said,
        "frame": moment.frame,
        "score": round(result.score, 2),
        "state": result.state,
        "size": size,
        "jpeg": base64.b64encode(jpeg).decode("ascii"),
    }


def _window(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """The part of a frame around a box that a thumbnail shows, `left, top, right, bottom`, in its shape if possible."""
    w, h = max(ROOM * box.w, LEAST * width), max(ROOM * box.h, LEAST * height)
    w, h = max(w, h * SHOT[0] / SHOT[1]), max(h, w * SHOT[1] / SHOT[0])
    w, h = min(w, width), min(h, height)
    left = min(max(0.0, box.centre[0] - w / 2), width - w)
    top = min(max(0.0, box.centre[1] - h / 2), height - h)
    return int(left), int(top), max(int(left) + 1, int(left + w)), max(int(top) + 1, int(top + h))
