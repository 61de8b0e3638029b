"""The engine: source -> tracker -> sinks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray
from tqdm import tqdm

from tracker.box import Box
from tracker.errors import InputError
from tracker.live.prefetch import Reader
from tracker.live.sinks import Sink, Step
from tracker.live.sources import Source
from tracker.live.stop import Stop
from tracker.tracking.result import Result


class AnyTracker(Protocol):
    """Whatever follows one target: `tracker.Tracker`, or any other object with these two methods."""

    def init(self, frame: NDArray[Any], box: Box) -> None: ...
    def update(self, frame: NDArray[Any]) -> Result: ...


@dataclass
class Summary:
    """What a run did. `seconds` holds the time in `read`, `track` and `write`; reading overlaps with the others."""

    frames: int = 0
    bad: int = 0
    lost: int = 0
    elapsed: float = 0.0
    stopped: str | None = None
    seconds: dict[str, float] = field(default_factory=lambda: {"read": 0.0, "track": 0.0, "write": 0.0})

    @property
    def fps(self) -> float:
        """Frames a second, end to end."""
        return self.frames / self.elapsed if self.elapsed > 0 else 0.0


def check_box(box: Box, image: NDArray[Any], address: str) -> None:
    """Refuse a box that cannot be tracked on the first frame, with InputError naming field and source."""
    try:
        box.validate(image.shape[1], image.shape[0])
    except ValueError as error:
        raise InputError(f"{error} ({address})") from None


def track(
    source: Source,
    tracker: AnyTracker,
    box: Box,
    sinks: Sequence[Sink] = (),
    *,
    stop: Stop | None = None,
    progress: bool | None = None,
) -> Summary:
    """Follow `box`, given on the first frame of an open source, to its end; every sink gets every visited frame.

    An unreadable frame does not reach the tracker: its row is the last box with score 0, lost. `stop` ends the run
    after the current frame with everything so far kept. `progress` shows a bar (None: on a terminal only).
    Raises InputError for a box that cannot be tracked, before any sink is opened.
    """
    stop = Stop() if stop is None else stop
    summary = Summary()
    image = source.first().image
    assert image is not None, "first() refuses an unreadable frame"
    check_box(box, image, source.address)
    with ExitStack() as stack:
        reader = stack.enter_context(Reader(source))
        for sink in sinks:
            stack.enter_context(sink)
        bar = stack.enter_context(_bar(source, progress))
        begin = time.perf_counter()
        result = Result(box, 1.0, False)
        for frame in reader:
            start = time.perf_counter()
            if frame.image is None:
                result = Result(result.box, 0.0, True)
            else:
                image = frame.image
                result = _follow(tracker, image, box, first=summary.frames == 0)
            tracked = time.perf_counter()
            step = Step(frame.index, image, result, readable=frame.image is not None)
            for sink in sinks:
                sink.write(step)
            written = time.perf_counter()
            summary.frames += 1
            summary.bad += not step.readable
            summary.lost += result.lost and step.readable
            summary.seconds["track"] += tracked - start
            summary.seconds["write"] += written - tracked
            bar.update()
            if stop:
                break
        summary.elapsed = time.perf_counter() - begin
    summary.seconds["read"] = reader.seconds
    summary.stopped = stop.reason
    return summary


def _follow(tracker: AnyTracker, image: NDArray[Any], box: Box, first: bool) -> Result:
    if first:
        tracker.init(image, box)
        return Result(box, 1.0, False)
    return tracker.update(image)


def _bar(source: Source, progress: bool | None) -> Any:
    hidden = None if progress is None else not progress
    return tqdm(total=source.total, unit=" frames", disable=hidden, dynamic_ncols=True, leave=False, smoothing=0.1)
