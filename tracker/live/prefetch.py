"""Reading ahead: the next frames are decoded while the tracker works on this one."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from types import TracebackType

from tracker.live.sources import Frame, Source
from tracker.live.stop import Stop

PATIENCE = 2.0  # seconds that the end of a run waits for a read that hangs
LOOK = 0.2  # seconds between two looks at whether the end was asked for, while no frame comes


class Reader:
    """Iterates over an open source, up to `ahead` frames in advance in a thread; live sources are read as they come.

    `seconds` is the time spent reading, which overlaps with tracking. An error in the source is raised where the
    frame would have been. Where no frame comes, as from a program before a pipe that writes nothing, `stop` ends it.
    """

    def __init__(self, source: Source, ahead: int = 3, stop: Stop | None = None) -> None:
        self.seconds = 0.0
        self._source = source
        self._stop = Stop() if stop is None else stop
        self._frames = iter(source)
        self._queue: queue.Queue[Frame | BaseException | None] = queue.Queue(ahead)
        self._done = threading.Event()
        self._thread = None if source.live else threading.Thread(target=self._run, name="reader", daemon=True)

    def _next(self) -> Frame | None:
        start = time.perf_counter()
        frame = next(self._frames, None)
        self.seconds += time.perf_counter() - start
        return frame

    def _run(self) -> None:
        item: Frame | BaseException | None
        while not self._done.is_set():
            try:
                item = self._next()
            except BaseException as error:  # handed over, and raised by __iter__
                item = error
            self._put(item)
            if not isinstance(item, Frame):
                return

    def _put(self, item: Frame | BaseException | None) -> None:
        while not self._done.is_set():
            try:
                return self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue

    def __iter__(self) -> Iterator[Frame]:
        while True:
            item = self._next() if self._thread is None else self._wait()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                return
            yield item

    def _wait(self) -> Frame | BaseException | None:
        while True:
            try:
                return self._queue.get(timeout=LOOK)
            except queue.Empty:
                if self._stop:
                    return None

    def __enter__(self) -> Reader:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)
            self._source.busy = self._thread.is_alive()
