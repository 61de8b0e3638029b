"""One user's session: a folder, a source, a run, and at most one browser that looks on."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from tracker.errors import InputError
from tracker.live.followers import Follower
from tracker.live.web.channel import Channel
from tracker.live.web.feeds import Feed
from tracker.live.web.player import Player
from tracker.live.web.run import Run
from tracker.live.web.settings import ServeSettings
from tracker.live.web.turns import Turns
from tracker.live.web.wire import Refused

T = TypeVar("T")
HANDS = 3  # threads of a session, beside that of its run
LOOKS = 8  # requests for single frames that may wait


class Session:
    """Its methods are for the event loop, but for `say` and `show`, which its run calls."""

    def __init__(self, root: Path, limits: ServeSettings, make_follower: Callable[[], Follower], turns: Turns) -> None:
        self.id = secrets.token_hex(16)
        self.folder = Path(tempfile.mkdtemp(prefix="session-", dir=root))
        self.run: Run | None = None
        self.channel: Channel | None = None
        self.heard = time.monotonic()  # when something came from the client
        self.leave: Callable[[int, str], None] | None = None  # closes the websocket
        self.closed = threading.Event()
        self.pool = ThreadPoolExecutor(HANDS, thread_name_prefix="hand")
        self.downloading = False
        self._limits, self._make_follower, self._turns = limits, make_follower, turns
        self._opening = False
        self._looks = 0

    def say(self, message: dict[str, Any]) -> None:
        """Pass a message on to whoever looks on."""
        channel = self.channel
        if channel is not None:
            channel.say(message)

    def show(self, message: dict[str, Any], image: NDArray[Any] | None) -> None:
        """Pass a frame on to whoever looks on."""
        channel = self.channel
        if channel is not None:
            channel.show(message, image)

    def hear(self) -> None:
        """Note that something came from the client: the session is in use."""
        self.heard = time.monotonic()

    @property
    def away(self) -> float:
        """Seconds since the browser has gone; 0 while it looks on, or waits for something."""
        if self.leave is not None or self.downloading or self._opening or self._looks:
            return 0.0
        return time.monotonic() - self.heard

    async def call(self, function: Callable[[], T]) -> T:
        """Run something that takes time in a thread of this session. Raises Refused where the session has gone."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, function)
        except RuntimeError:  # the pool is shut down
            raise Refused(404, "this session was removed") from None
        except (OSError, InputError):
            self.check_folder()
            raise

    def check_folder(self) -> None:
        """Raise Refused where the files of this session were removed by somebody else."""
        if not self.folder.is_dir():
            raise Refused(410, "the files of this session were removed on the server; start another session")

    def claim(self) -> None:
        """Reserve the place of the source. Raises Refused where there is one."""
        if self._opening:
            raise Refused(409, "a source is being opened already")
        if self.run is not None:
            raise Refused(409, "the session has a source already; start another session")
        self._opening = True

    def release(self) -> None:
        """Give the place of the source back."""
        self._opening = False

    async def open(self, opening: Callable[[], Feed]) -> Feed:
        """Open a claimed source and start to play it. Raises Refused and InputError."""
        feed = await self.call(opening)
        if self.closed.is_set():
            feed.close()
            raise Refused(404, "this session was removed")
        player = Player(feed, self, self._make_follower, self._turns, self._limits)
        self.run = Run(player)
        self.run.start()
        if self.closed.is_set():  # meanwhile, and before there was a run to end
            await self.call(self.run.close)
            raise Refused(404, "this session was removed")
        return feed

    def running(self) -> Run:
        """The run. Raises Refused where there is no source yet."""
        if self.run is None:
            raise Refused(409, "the session has no source yet")
        return self.run

    async def look(self, index: int, make: Callable[[NDArray[Any]], bytes]) -> bytes:
        """A single frame, made into something in a thread. Raises Refused."""
        feed = self.running().player.feed
        if self._looks >= LOOKS:
            raise Refused(429, "too many frames are asked for at once")
        self._looks += 1
        try:
            made = await self.call(lambda: _made(feed, index, make))
        finally:
            self._looks -= 1
        if made is None:
            raise Refused(404, f"there is no frame {index}, or it cannot be read")
        return made

    def close(self) -> None:
        """End everything and remove the folder. Blocks: for a thread."""
        self.closed.set()
        if self.run is not None:
            self.run.close()
        self.pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _made(feed: Feed, index: int, make: Callable[[NDArray[Any]], bytes]) -> bytes | None:
    image = feed.frame(index)
    return None if image is None else make(image)
