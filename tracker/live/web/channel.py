"""The way to one browser: only the newest frame waits, and a picture is sent only when those before it were drawn."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from numpy.typing import NDArray

from tracker.live.web.jpeg import to_browser

Message = dict[str, Any]
UNSEEN = 2  # pictures that may be on their way
WORDS = 32  # other messages that may wait; the oldest are dropped
PAUSE = 1 / 60  # seconds between two messages about frames, at least
WIDEST = 1280


class Channel:
    """Filled by the thread of the run, emptied by `pump` in the event loop. Memory is bounded at any speed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: Executor, widest: int = WIDEST) -> None:
        self._loop, self._pool, self._widest = loop, pool, widest
        self._guard = threading.Lock()
        self._wake = asyncio.Event()
        self._words: deque[Message] = deque(maxlen=WORDS)
        self._frame: tuple[Message, NDArray[Any] | None] | None = None
        self._owed: tuple[Message, NDArray[Any]] | None = None  # the newest frame, whose picture was not sent
        self._unseen: deque[int] = deque(maxlen=UNSEEN)
        self.closed = False

    def say(self, message: Message) -> None:
        """Send a message that is not about a frame."""
        with self._guard:
            self._words.append(message)
        self._ring()

    def show(self, message: Message, image: NDArray[Any] | None) -> None:
        """Send a frame in place of the one that waits; `image` is its picture, where the browser has none."""
        with self._guard:
            self._frame = (message, image)
        self._ring()

    def seen(self, frame: int) -> None:
        """The browser has drawn the picture of a frame, and those before it."""
        if frame in self._unseen:
            while self._unseen.popleft() != frame:
                pass
            self._wake.set()

    def _ring(self) -> None:
        if not self.closed:
            try:
                self._loop.call_soon_threadsafe(self._wake.set)
            except RuntimeError:  # the loop has ended
                self.closed = True

    async def pump(self, send_text: Callable[[str], Any], send_bytes: Callable[[bytes], Any]) -> None:
        """Send what there is, until it is closed, or a send fails."""
        while not self.closed:
            await self._wake.wait()
            self._wake.clear()
            for message in self._take_words():
                await send_text(json.dumps(message))
            shown = self._take_frame()
            if shown is not None:
                await self._send(shown[0], shown[1], send_text, send_bytes)
                await asyncio.sleep(PAUSE)

    def close(self) -> None:
        """Let `pump` end; its cancellation alone may be lost where a send is just done."""
        self.closed = True
        self._wake.set()

    def _take_words(self) -> list[Message]:
        with self._guard:
            words = list(self._words)
            self._words.clear()
            return words

    def _take_frame(self) -> tuple[Message, NDArray[Any] | None] | None:
        """The frame that waits; or the last one again, now that its picture can be sent."""
        with self._guard:
            shown, self._frame = self._frame, None
            if shown is None and self._owed is not None and len(self._unseen) < UNSEEN:
                shown = self._owed
            if shown is not None:
                self._owed = None
            return shown

    async def _send(
        self,
        message: Message,
        image: NDArray[Any] | None,
        send_text: Callable[[str], Any],
        send_bytes: Callable[[bytes], Any],
    ) -> None:
        picture = b""
        if image is not None and len(self._unseen) < UNSEEN:
            self._unseen.append(message["frame"])
            picture = await self._loop.run_in_executor(self._pool, to_browser, image, self._widest)
        elif image is not None:
            self._owed = (message, image)
        await send_text(json.dumps(message | {"picture": bool(picture)}))
        if picture:
            await send_bytes(picture)
