"""All sessions of a server: how many there may be, who finds which, and when one ends."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable

from tracker.live.followers import Follower
from tracker.live.web.scratch import make_scratch
from tracker.live.web.session import Session
from tracker.live.web.settings import ServeSettings
from tracker.live.web.turns import Turns
from tracker.live.web.wire import Refused

REMOVED = 4001  # close code of a websocket whose session was removed
PATIENCE = 12.0  # seconds that a new session waits for the end of another


class Sessions:
    """Sessions by their ids, which cannot be guessed. For the event loop."""

    def __init__(self, limits: ServeSettings, make_follower: Callable[[], Follower]) -> None:
        self.root = make_scratch(limits.folder)
        self._limits, self._make_follower, self._turns = limits, make_follower, Turns()
        self._sessions: dict[str, Session] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    async def create(self) -> Session:
        """A new session, where all are taken in place of the one whose browser has gone longest.

        Raises Refused where all are in use.
        """
        while len(self._sessions) + len(self._ending) >= self._limits.sessions:
            gone = max(self._sessions.values(), key=lambda session: session.away, default=None)
            if gone is not None and gone.away >= self._limits.away:
                self.remove(gone, "another one took its place, as all were in use")
            elif not self._ending:
                raise Refused(429, f"there are {self._limits.sessions} sessions already; try again later")
            if not (await asyncio.wait(self._ending, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED))[0]:
                raise Refused(429, "the sessions that end take too long; try again later")
        try:
            session = Session(self.root, self._limits, self._make_follower, self._turns)
        except FileNotFoundError:
            raise Refused(503, "the server's folder for sessions was removed; it must be started again") from None
        self._sessions[session.id] = session
        return session

    def get(self, id: str) -> Session:
        """The session with this id, which was heard of just now. Raises Refused."""
        session = self._sessions.get(id)
        if session is None:
            raise Refused(404, "there is no such session; it may have been removed because nothing was heard of it")
        session.hear()
        return session

    def remove(self, session: Session, why: str = "it was closed") -> asyncio.Task[None]:
        """End a session; the folder is gone when the task is done. `why` is told to its browser."""
        self._sessions.pop(session.id, None)
        if session.leave is not None:
            session.leave(REMOVED, why)
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(session.close))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    async def watch(self) -> None:
        """Remove sessions from which nothing is heard, for ever."""
        while True:
            await asyncio.sleep(min(5.0, self._limits.idle / 4))
            for session in list(self._sessions.values()):
                if time.monotonic() - session.heard > self._limits.idle:
                    self.remove(session, f"nothing was heard of it for {_spoken(self._limits.idle)}")

    async def close(self) -> None:
        """End all sessions, and remove the folder."""
        for session in list(self._sessions.values()):
            self.remove(session, "the server was stopped")
        if self._ending:
            await asyncio.wait(self._ending)
        shutil.rmtree(self.root, ignore_errors=True)


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:g} s"
