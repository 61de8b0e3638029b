"""One target from the first frame to the last, without anybody looking on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tqdm import tqdm

from tracker.box import Box
from tracker.live.engine import Engine, Summary
from tracker.live.followers import AnyTracker, follower_of
from tracker.live.sinks import Sink
from tracker.live.sources import Source
from tracker.live.step import Step
from tracker.live.stop import Stop


def track(
    source: Source,
    tracker: AnyTracker,
    box: Box,
    sinks: Sequence[Sink] = (),
    *,
    given: Mapping[int, Box | None] | None = None,
    stop: Stop | None = None,
    progress: bool | None = None,
) -> Summary:
    """Follow `box`, given on the first frame of an open source, to its end; every sink gets every visited frame.

    `given` says of later frames where the target is, so that tracking starts afresh there, or (None) that it is not in
    view until the next such box. An unreadable frame does not reach the tracker: its row is the last box with score 0,
    lost. `stop` ends the run after the current frame with everything so far kept. `progress` shows a bar (None: on a
    terminal only). Raises InputError for a box that cannot be tracked; that of `box` before any sink is opened.
    """
    corrections = {frame: {1: place} for frame, place in (given or {}).items()}
    with Engine(source, follower_of(tracker), sinks, given=corrections, stop=stop) as engine:
        engine.add(box)
        for _ in with_progress(engine, source, progress):
            pass
    return engine.summary


def with_progress(steps: Iterable[Step], source: Source, progress: bool | None = None) -> Iterator[Step]:
    """The same steps, with a progress bar (None: on a terminal only), which says what a live source has to say.

    Without a terminal that is said once, when a connection is lost.
    """
    hidden, told = None if progress is None else not progress, False
    with tqdm(
        total=source.total, unit=" frames", disable=hidden, dynamic_ncols=True, leave=False, smoothing=0.1
    ) as bar:
        for step in steps:
            bar.set_postfix_str(step.status, refresh=bool(step.status))
            if step.status and not told and bar.disable and progress is None:
                print(f"{source.address}: {step.status}", file=sys.stderr, flush=True)
            told = bool(step.status)
            yield step
            bar.update(not step.status)
