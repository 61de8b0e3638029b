"""How far a batch is, in a plain line now and then: for logs, where no bar can be drawn."""

from __future__ import annotations

import time
from collections.abc import Callable

from tracker.live.batch.run import Outcome

EVERY = 60.0  # seconds between two lines, at least


class News:
    """Counts the outcomes of `total` videos; `due` gives a line when the last one is long enough ago."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self._clock = total, clock
        self._begin = self._told = clock()
        self._done = self._failed = self._settled = self._worked = 0

    def count(self, outcome: Outcome) -> None:
        """One more video is settled."""
        self._settled += 1
        self._failed += bool(outcome.error)
        self._done += not (outcome.error or outcome.left)
        self._worked += not (outcome.before or outcome.left)

    def due(self) -> str:
        """The line, such as "12 of 200 done, 1 failed, about 3 h left"; empty where it is too early."""
        now = self._clock()
        if now - self._told < EVERY:
            return ""
        self._told = now
        parts = [f"{self._done} of {self.total} done"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        if self._worked and self._settled < self.total:
            parts.append(f"about {_span((now - self._begin) / self._worked * (self.total - self._settled))} left")
        return ", ".join(parts)


def _span(seconds: float) -> str:
    hours = seconds / 3600
    return f"{max(1, round(seconds / 60))} min" if hours < 1.5 else f"{hours:.0f} h"
