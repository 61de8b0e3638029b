"""Ctrl-C, and SIGTERM in the same way: once, whatever is pressed while things are being put away."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

PATIENCE = 3.0  # seconds in which a second one is taken for the first


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt with the signal's number, one for many.

    Once that leaves this context, more are ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what signals do
        return
    last = -PATIENCE

    def stop(number: int, frame: Any) -> None:
        nonlocal last
        if time.monotonic() - last < PATIENCE:
            return
        last = time.monotonic()
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    ending = False
    try:
        yield
    except KeyboardInterrupt:
        ending = True
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if ending else handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Ctrl-C waits until the end of this context; a process that is started in it begins without it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # started by the first worker, it would let Ctrl-C through again
    main = threading.current_thread() is threading.main_thread()
    caught: list[int] = []  # another thread may get it all the same, and Python tells this one
    numbers = (signal.SIGINT, signal.SIGTERM) if main else ()
    handlers = {number: signal.signal(number, lambda n, _: caught.append(n)) for number in numbers}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if caught:
        raise KeyboardInterrupt(caught[0])


def ignore() -> None:
    """In a worker: Ctrl-C reaches the whole group of processes; the parent decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
