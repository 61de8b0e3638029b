"""Worker processes: each does one task at a time, is replaced when it dies, and does not outlive its parent.

The parent alone decides, claims and writes; a worker is told a task, and says how that goes. So a worker may be ended
at any moment.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from tracker.errors import InputError
from tracker.processes import interrupts

Note = Callable[[Any], None]
Work = Callable[[Any, Note], Any]  # a task, and what to call with news of it, to the task's value
Make = Callable[[], Work]  # called in the worker, before its first task


@dataclass(frozen=True)
class Failure:
    """Why there is no value, in one line; `opening` if there was nothing yet to do the task with."""

    text: str
    bad_input: bool = False
    opening: bool = False
    died: bool = False


@dataclass(frozen=True)
class Event:
    """News of a worker's task: a `note` while it is at it, then its value (`done`), or a Failure (`failed`)."""

    worker: int
    pid: int
    task: Any
    kind: str
    value: Any


class Pool:
    """Some workers, by number from 0."""

    def __init__(self, make: Make, count: int) -> None:
        self._make = make
        self._workers: list[_Worker] = []
        try:
            for _ in range(count):
                self._workers.append(_Worker(make))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers."""
        return [worker.process.pid or 0 for worker in self._workers]

    def free(self) -> list[int]:
        """Workers without a task."""
        return [number for number, worker in enumerate(self._workers) if worker.task is None]

    def give(self, number: int, task: Any) -> None:
        """Let a free worker begin a task (anything but None)."""
        self._workers[number].give(task)

    def events(self, timeout: float) -> list[Event]:
        """What there is to hear within so many seconds. A worker that died is replaced, its task is not given again."""
        ready = set(wait([worker.connection for worker in self._workers], timeout))
        found = []
        for number, worker in enumerate(self._workers):
            pid, task = worker.process.pid or 0, worker.task
            if worker.connection not in ready and worker.process.is_alive():
                continue
            try:  # without a message: dead, but a child of it holds its end of the connection open
                kind, value = worker.connection.recv() if worker.connection.poll() else _end_of(worker)
            except (EOFError, OSError):
                kind, value = _end_of(worker)
            if kind == "open":
                worker.open = True
                continue
            if kind != "note":
                worker.task = None
            if kind == "failed" and value.died:
                worker.end()
                self._workers[number] = _Worker(self._make)
            if task is not None:
                found.append(Event(number, pid, task, kind, value))
        return found

    def close(self) -> None:
        """End the workers, whatever they do."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()


class _Worker:
    """One process, and the task that it is at."""

    def __init__(self, make: Make) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, make))
        try:
            with interrupts.held_back():
                self.process.start()
        except KeyboardInterrupt:
            self.end()
            raise
        theirs.close()
        self.task: Any = None
        self.open = False

    def give(self, task: Any) -> None:
        self.task = task
        with contextlib.suppress(OSError):  # it has ended: the next look at its connection shows that
            self.connection.send(task)

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


def _end_of(worker: _Worker) -> tuple[str, Failure]:
    worker.process.join(5)
    code = worker.process.exitcode or 0
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return "failed", Failure(f"the process ended with {how}", opening=not worker.open, died=True)


def _serve(connection: Connection, make: Make) -> None:
    """In a worker: do what comes, until the parent is gone."""
    interrupts.ignore()
    threading.Thread(target=_follow_parent, daemon=True).start()

    def note(value: Any) -> None:
        connection.send(("note", value))

    work: Work | None = None
    try:
        while True:
            task = connection.recv()
            try:
                if work is None:
                    work = make()
                    connection.send(("open", None))
                answer = ("done", work(task, note))
            except (Exception, SystemExit) as error:
                text = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
                failure = Failure(" ".join(text.split()), isinstance(error, InputError), opening=work is None)
                answer = ("failed", failure)
            connection.send(answer)
    except (EOFError, OSError):
        return  # the parent has closed the connection


def _follow_parent() -> None:
    """End this process once its parent has ended, in whatever way, even in the middle of a task."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
