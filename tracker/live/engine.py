"""The engine: source -> targets -> sinks, the same for a window, a page, a batch and a script."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from tracker.box import Box, BoxLike
from tracker.errors import InputError
from tracker.live.followers import Follower
from tracker.live.prefetch import Reader
from tracker.live.sinks import Sink
from tracker.live.sources import Frame, Source
from tracker.live.step import Step
from tracker.live.stop import Stop
from tracker.live.targets import TargetInfo
from tracker.tracking.result import Result

# By frame and target: where it is; None: it is not in view from here until its next box.
Given = Mapping[int, Mapping[int, Box | None]]


@dataclass
class Summary:
    """What a run did.

    `lost` and `away` count frames in which a target was lost by its score, or not there by the user's word, summed
    over targets; `bad` are unreadable frames, `unused` those for which something was given that was of no use.
    `seconds` holds the time in `read`, `track` and `write`; reading overlaps with the others. `elapsed` leaves out what
    the caller's loop took, such as a pause.
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


class Engine:
    """Follows targets through an open source, one step a frame:

    >>> with open_source("video.mp4") as source, Engine(source, follower, sinks) as engine:
    ...     engine.add(Box(10, 20, 30, 40), "car")
    ...     for step in engine:
    ...         print(step.index, step.results)

    Targets may be added, re-drawn, removed and renamed at any time, on the frame of the step in hand (`current`): a
    sink gets a step when the next one is asked for, or at the end, so that its rows have these edits. Not for several
    threads at once.
    """

    def __init__(
        self,
        source: Source,
        follower: Follower,
        sinks: Sequence[Sink] = (),
        *,
        given: Given | None = None,
        stop: Stop | None = None,
    ) -> None:
        """`given` holds boxes of later frames for targets by their id, as they are added: 1, 2, ..."""
        self.source, self.follower, self.sinks = source, follower, sinks
        self.stop = Stop() if stop is None else stop
        self.summary = Summary()
        self.targets: dict[int, TargetInfo] = {}
        self._given = dict(given or {})
        self._inner: dict[int, int] = {}  # ids of the follower; targets that are away have none
        self._last: dict[int, Result] = {}
        self._last_id = 0
        self._stack = ExitStack()
        self._current: Step | None = None
        self._pending = False

    @property
    def current(self) -> Step:
        """The step in hand; before the loop it is the first frame's."""
        return self._current or self.first()

    def first(self) -> Step:
        """The first frame, before anything is tracked. Raises InputError where it cannot be read."""
        if self._current is None:
            frame = self.source.first()
            assert frame.image is not None, "first() refuses an unreadable frame"
            self._current = Step(frame.index, frame.image, {}, {})
        return self._current

    def add(self, box: BoxLike, name: str = "") -> int:
        """Follow one more target, `box` (x, y, w, h in pixels) on the current frame; its id counts from 1.

        Raises InputError for a box that cannot be tracked there, and for a frame that could not be read.
        """
        box = Box.of(box)
        image = self._image(box)
        inner = self.follower.add(image, box)
        self._last_id += 1
        self._inner[self._last_id] = inner
        self.targets[self._last_id] = TargetInfo(self._last_id, name)
        self._set(self._last_id, box)
        return self._last_id

    def redraw(self, id: int, box: BoxLike) -> None:
        """Follow a target afresh from `box` on the current frame. Raises as `add` does, and KeyError for its id."""
        self.targets[id]
        box = Box.of(box)
        self._place(id, self._image(box), box)
        self._set(id, box)

    def remove(self, id: int) -> None:
        """Follow a target no longer; it has no row on the current frame. Raises KeyError for an unknown id."""
        del self.targets[id]
        self._leave(id)
        self._last.pop(id, None)
        self._edit(results={k: v for k, v in self.current.results.items() if k != id})

    def rename(self, id: int, name: str) -> None:
        """Give a target another name. Raises KeyError for an unknown id."""
        self.targets[id] = replace(self.targets[id], name=name)
        self._edit()

    def score_map(self, id: int) -> tuple[NDArray[Any], Box] | None:
        """A target's last scores S,S (0..1), and the part of the frame that they span; None where there are none."""
        inner, score_map = self._inner.get(id), getattr(self.follower, "score_map", None)
        return None if inner is None or score_map is None else score_map(inner)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.summary.stopped = self.stop.reason
        self.summary.unused = () if self.stop else tuple(sorted(self._given))
        if error is None or isinstance(error, (KeyboardInterrupt, GeneratorExit)):  # ended on purpose
            with self._stack:
                self._write()
        else:
            self._stack.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[Step]:
        self.first()
        begin = time.perf_counter()
        reader = self._stack.enter_context(Reader(self.source, stop=self.stop))
        for sink in self.sinks:
            self._stack.enter_context(sink)
        for frame in reader:
            if frame.status:
                step = replace(self.current, readable=False, status=frame.status)
            else:
                step = self._current = self._track(frame)
                self._pending = True
            self.summary.elapsed += time.perf_counter() - begin
            yield step
            begin = time.perf_counter()
            self._write()
            self.summary.seconds["read"] = reader.seconds
            if self.stop:
                break
        self.summary.elapsed += time.perf_counter() - begin

    def _track(self, frame: Frame) -> Step:
        """The step of one frame. On the first one, the targets that were added there are where they were drawn."""
        begin = time.perf_counter()
        results = {id: Result(last.box, 0.0, True) for id, last in self._last.items()}
        image = frame.image
        if image is None:
            step = Step(frame.index, self.current.image, results, dict(self.targets), readable=False)
        elif not self.summary.frames:
            step = replace(self.current, image=image)
        else:
            found = self.follower.update(image) if self._inner else {}
            results |= {id: found[inner] for id, inner in self._inner.items()}
            step = Step(frame.index, image, results, dict(self.targets))
        before, self._last = self._last, dict(step.results)
        self._current = replace(step, away=frozenset(self.targets) - frozenset(self._inner))
        if image is not None:
            self._correct(image, before)
        self.summary.frames += 1
        self.summary.seconds["track"] += time.perf_counter() - begin
        return self._current

    def _correct(self, image: NDArray[Any], before: Mapping[int, Result]) -> None:
        """Do what was given for this frame, and keep what the follower said where it was following."""
        for id, box in self._given.pop(self.current.index, {}).items():
            if id not in self.targets or (id in self.current.given and not self.summary.frames):
                continue
            if box is None:
                self._leave(id)
                last = self._last[id] = Result(before[id].box, 0.0, True)
                self._edit(results={**self.current.results, id: last}, away=self.current.away | {id})
                continue
            tracked = {id: self._last[id].box} if id in self._inner else {}
            self._image(box)
            self._place(id, image, box)
            self._set(id, box)
            self._edit(tracked={**self.current.tracked, **tracked})

    def _image(self, box: Box) -> NDArray[Any]:
        """The current frame, on which a box is to be tracked."""
        step = self.current
        if not step.readable:
            raise InputError(f"frame {step.index} of {self.source.address}: could not be read; choose another one")
        check_box(box, step.image, self.source.address, step.index if self.summary.frames else None)
        return step.image

    def _place(self, id: int, image: NDArray[Any], box: Box) -> None:
        """Let the follower start afresh on a target, which may have been away."""
        if id in self._inner:
            self.follower.redraw(self._inner[id], image, box)
        else:
            self._inner[id] = self.follower.add(image, box)

    def _leave(self, id: int) -> None:
        inner = self._inner.pop(id, None)
        if inner is not None:
            self.follower.remove(inner)

    def _set(self, id: int, box: Box) -> None:
        """Put a box that the user gave into the step in hand."""
        step, result = self.current, Result(box, 1.0, False)
        self._last[id] = result
        self._edit(results={**step.results, id: result}, given=step.given | {id}, away=step.away - {id})

    def _edit(self, **changes: Any) -> None:
        self._current = replace(self.current, targets=dict(self.targets), **changes)

    def _write(self) -> None:
        """Hand the step in hand to the sinks, once, and count it."""
        if not self._pending:
            return
        self._pending = False
        begin, step, summary = time.perf_counter(), self.current, self.summary
        for sink in self.sinks:
            sink.write(step)
        summary.bad += not step.readable
        if step.readable:
            summary.away += len(step.away)
            summary.lost += sum(result.lost for id, result in step.results.items() if id not in step.away)
        summary.seconds["write"] += time.perf_counter() - begin


def check_box(box: Box, image: NDArray[Any], address: str, frame: int | None = None) -> None:
    """Refuse a box that cannot be tracked on a frame, with InputError naming field and source."""
    try:
        box.validate(image.shape[1], image.shape[0])
    except ValueError as error:
        where = address if frame is None else f"frame {frame} of {address}"
        raise InputError(f"{error} ({where})") from None
