"""The engine: source -> tracker -> sinks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from tracker.box import Box
from tracker.live.guide import AnyTracker, Given, Guide, check_box
from tracker.live.prefetch import Reader
from tracker.live.sinks import Sink, Step
from tracker.live.sources import Source
from tracker.live.stop import Stop


@dataclass
class Summary:
    """What a run did.

    `away` counts frames without a target by the user's word, `lost` those by a low score, `bad` unreadable ones;
    `unused` are the frames for which something was given that was of no use. `seconds` holds the time in `read`,
    `track` and `write`; reading overlaps with the others.
    """

    frames: int = 0
    bad: int = 0
    lost: int = 0
    away: int = 0
    unused: tuple[int, ...] = ()
    elapsed: float = 0.0
    stopped: str | None = None
    seconds: dict[str, float] = field(default_factory=lambda: {"read": 0.0, "track": 0.0, "write": 0.0})

    @property
    def fps(self) -> float:
        """Frames a second, end to end."""
        return self.frames / self.elapsed if self.elapsed > 0 else 0.0


def track(
    source: Source,
    tracker: AnyTracker,
    box: Box,
    sinks: Sequence[Sink] = (),
    *,
    given: Given | None = None,
    stop: Stop | None = None,
    progress: bool | None = None,
) -> Summary:
    """Follow `box`, given on the first frame of an open source, to its end; every sink gets every visited frame.

    `given` says of later frames where the target is, so that tracking starts afresh there, or (None) that it is not in
    view until the next such box. An unreadable frame does not reach the tracker: its row is the last box with score 0,
    lost. `stop` ends the run after the current frame with everything so far kept. `progress` shows a bar (None: on a
    terminal only). Raises InputError for a box that cannot be tracked; that of `box` before any sink is opened.
    """
    stop = Stop() if stop is None else stop
    summary = Summary()
    first = source.first()
    image = first.image
    assert image is not None, "first() refuses an unreadable frame"
    check_box(box, image, source.address)
    guide = Guide(tracker, {**(given or {}), first.index: box}, source.address)
    with ExitStack() as stack:
        reader = stack.enter_context(Reader(source))
        for sink in sinks:
            stack.enter_context(sink)
        bar = stack.enter_context(_bar(source, progress))
        begin = time.perf_counter()
        for frame in reader:
            start = time.perf_counter()
            image = image if frame.image is None else frame.image
            result = guide.follow(frame)
            tracked = time.perf_counter()
            step = Step(frame.index, image, result, frame.image is not None, guide.given, guide.tracked)
            for sink in sinks:
                sink.write(step)
            written = time.perf_counter()
            summary.frames += 1
            summary.bad += not step.readable
            summary.away += guide.away and step.readable
            summary.lost += result.lost and step.readable and not guide.away
            summary.seconds["track"] += tracked - start
            summary.seconds["write"] += written - tracked
            bar.update()
            if stop:
                break
        summary.elapsed = time.perf_counter() - begin
    summary.seconds["read"] = reader.seconds
    summary.stopped = stop.reason
    summary.unused = () if stop else tuple(sorted(guide.unused))
    return summary


def _bar(source: Source, progress: bool | None) -> Any:
    hidden = None if progress is None else not progress
    return tqdm(total=source.total, unit=" frames", disable=hidden, dynamic_ncols=True, leave=False, smoothing=0.1)
