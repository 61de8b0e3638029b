"""Commands on their way to a run: few wait, and of seeks in a row only the last."""

from __future__ import annotations

import threading
from collections import deque

from tracker.live.web.wire import Refused, Words

WAITING = 64
Command = tuple[str, Words | bytes]  # a command's name and values, or "picture" and its bytes


class Inbox:
    """Filled from any thread, emptied by one."""

    def __init__(self) -> None:
        self._waiting: deque[Command] = deque()
        self._changed = threading.Condition()

    def put(self, command: Command) -> None:
        """Let a command wait. Raises Refused: there are too many, or already a picture."""
        with self._changed:
            if command[0] == "seek" and self._waiting and self._waiting[-1][0] == "seek":
                self._waiting.pop()
            if command[0] == "picture" and any(do == "picture" for do, _ in self._waiting):
                raise Refused(429, "the picture before this one is not answered yet")
            if len(self._waiting) >= WAITING:
                raise Refused(429, "too many commands at once")
            self._waiting.append(command)
            self._changed.notify_all()

    def wake(self) -> None:
        """Let who waits look around."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float | None) -> None:
        """Until there is a command, or `wake`, or the time is over (None: no limit)."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)

    def get(self) -> Command | None:
        """The next command, if there is one."""
        with self._changed:
            return self._waiting.popleft() if self._waiting else None
