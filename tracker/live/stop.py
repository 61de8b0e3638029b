"""Asking a run to end after the current frame: by signal, by key, from another thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

REASONS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


class Stop:
    """A request to end. `reason` says who asked, `exit_code` what a command should return for it."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.exit_code = 0

    def __bool__(self) -> bool:
        return self.reason is not None

    def request(self, reason: str, exit_code: int = 0) -> None:
        """Ask for the end. The first reason is kept."""
        if self.reason is None:
            self.reason, self.exit_code = reason, exit_code

    @contextmanager
    def on_signals(self) -> Iterator[Stop]:
        """Turn SIGINT and SIGTERM into a request, so that no frame is cut in the middle of being written.

        A second signal of the kind acts as usual, for when a read hangs. Outside the main thread, where Python
        cannot set handlers, nothing changes.
        """
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.getsignal(number) or signal.SIG_DFL for number in REASONS}

        def handle(number: int, frame: FrameType | None) -> None:
            signal.signal(number, before[signal.Signals(number)])
            self.request(REASONS[signal.Signals(number)], 128 + number)

        for number in REASONS:
            signal.signal(number, handle)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
