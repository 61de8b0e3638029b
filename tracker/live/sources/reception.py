"""The thread in which a live source connects, reads, and connects again."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tracker.live.sources.base import Image

T = TypeVar("T")
FAILED_READS = 3  # in a row, until a connection is taken for cut; a camera may need a few to wake up


@dataclass(frozen=True)
class Waits:
    """How long a live source waits, in seconds."""

    news: float = 0.5  # between two pieces of news
    silence: float = 2.0  # without a frame, until a connection that seems to be up is news
    shortest: float = 0.5  # until the first attempt to connect again; twice as long after each that fails
    longest: float = 8.0
    call: float = 15.0  # for opening, or for one frame, until the thread is given up; OpenCV's own limits are shorter
    close: float = 2.0  # at the end, for the thread


class Connection(ABC):
    """One connection to a camera or stream. It lives in one thread, from `open` to `close`, and is not used again.

    `fps` is known once it is open; so is `frames`, the number of frames of a recording, None where there is no end.
    """

    fps = 25.0
    frames: int | None = None

    @abstractmethod
    def open(self) -> None:
        """Connect, or raise InputError with one line."""

    @abstractmethod
    def read(self) -> Image | None:
        """Wait for the next frame; None where none can be had."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it. Called once, also where `open` failed."""


class Newest:
    """Hands pictures from one thread to another. One that nobody took before the next came is dropped and counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._picture: tuple[Image, float] | None = None
        self._changed = threading.Condition()

    def put(self, picture: tuple[Image, float], every: bool, stopped: threading.Event) -> None:
        """Hand over a picture and the time it came; `every`: wait until the one before was taken."""
        with self._changed:
            while every and self._picture is not None and not stopped.is_set():
                self._changed.wait(0.1)
            self.dropped += self._picture is not None and not stopped.is_set()
            self._picture = picture
            self._changed.notify_all()

    def take(self, seconds: float) -> tuple[Image, float] | None:
        """The newest picture; None where none comes in time, or where `wake` says that there is news."""
        with self._changed:
            if self._picture is None:
                self._changed.wait(seconds)
            picture, self._picture = self._picture, None
            self._changed.notify_all()
            return picture

    def wake(self) -> None:
        """Let whoever waits look around."""
        with self._changed:
            self._changed.notify_all()


class Reception(threading.Thread):
    """The thread that connects, reads, and connects again until it is stopped.

    `down` is whether the connection was lost and no picture came since, `over` whether none will come any more,
    `received` how many came in all, `failure` what went wrong since the last one.
    """

    def __init__(self, connect: Callable[[], Connection], newest: Newest, waits: Waits, down: bool = False) -> None:
        super().__init__(name="live source", daemon=True)
        self.settled = threading.Event()  # the first attempt to open has ended
        self.connection: Connection | None = None  # the latest that was opened
        self.failure: Exception | None = None
        self.down, self.over = down, False
        self.received = 0
        self._connect, self._newest, self._waits = connect, newest, waits
        self._stopped = threading.Event()
        self._since: float | None = None  # when the call began that is in progress

    def run(self) -> None:
        wait = self._waits.shortest
        while not self._stopped.is_set():
            before = self.received
            try:
                self._receive()
            except Exception as error:  # whatever it is, the next attempt may succeed; the last one is told at the end
                self.failure = error
            self.over = self.connection is not None and self.connection.frames is not None
            self.down = True
            self.settled.set()
            self._newest.wake()
            if self.over:
                return
            wait = self._waits.shortest if self.received > before else min(2 * wait, self._waits.longest)
            self._stopped.wait(wait)

    def _receive(self) -> None:
        """One connection, from its opening until it is cut."""
        failures = 0
        connection = self._call(self._connect)
        try:
            self._call(connection.open)
            self.connection = connection
            self.settled.set()
            while failures < FAILED_READS and not self._stopped.is_set():
                asked = time.monotonic()
                image = self._call(connection.read)
                if image is None or not is_image(image):
                    waited = time.monotonic() - asked > self._waits.silence
                    failures += FAILED_READS if waited else 1
                elif not self._stopped.is_set():  # a read that was given up may still return
                    failures, self.down, self.failure, self.received = 0, False, None, self.received + 1
                    self._newest.put((image, time.monotonic()), connection.frames is not None, self._stopped)
        finally:
            self._call(connection.close)

    def _call(self, function: Callable[[], T]) -> T:
        self._since = time.monotonic()
        try:
            return function()
        finally:
            self._since = None

    @property
    def hangs(self) -> bool:
        """Whether a call into the connection takes longer than it may."""
        since = self._since
        return since is not None and time.monotonic() - since > self._waits.call

    def stop(self) -> None:
        """Ask for the end. Nothing is handed over any more."""
        self._stopped.set()
        self._newest.wake()


def is_image(value: object) -> bool:
    """Whether a tracker can use it: gray, BGR or BGRA, 8 or 16 bit, not empty."""
    if not isinstance(value, np.ndarray) or value.dtype not in (np.uint8, np.uint16) or not value.size:
        return False
    return value.ndim == 2 or (value.ndim == 3 and value.shape[2] in (1, 3, 4))
