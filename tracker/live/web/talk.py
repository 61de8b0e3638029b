"""The websocket of a session: commands and camera pictures in, frames and news out."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.websockets import WebSocket

from tracker.live.web.channel import WIDEST, Channel
from tracker.live.web.session import Session
from tracker.live.web.sessions import Sessions
from tracker.live.web.settings import ServeSettings
from tracker.live.web.wire import Refused, parse

REPLACED, TOO_LARGE, GOODBYE = 4000, 1009, 2.0
TEXT = 16384  # characters of a command


class Talk:
    """One connection."""

    def __init__(self, websocket: WebSocket, session: Session, limits: ServeSettings) -> None:
        self._socket, self._session, self._limits = websocket, session, limits
        self._end: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def hold(self) -> None:
        """Talk until one side ends it. A connection that the session had before is closed."""
        session = self._session
        await self._socket.accept()
        if session.leave is not None:
            session.leave(REPLACED, "another page has taken over this session")
        session.leave = leave = self.leave
        widest = self._socket.query_params.get("w", "")
        width = int(widest) if widest.isascii() and widest.isdigit() and 64 <= int(widest[:6]) < WIDEST else WIDEST
        channel = Channel(asyncio.get_running_loop(), session.pool, width)
        session.channel = channel
        self._greet(channel)
        pump = channel.pump(self._socket.send_text, self._socket.send_bytes)
        listening: asyncio.Future[Any] = asyncio.create_task(self._listen(channel))
        pumping: asyncio.Future[Any] = asyncio.create_task(pump)
        try:
            await asyncio.wait([listening, pumping, self._end], return_when=asyncio.FIRST_COMPLETED)
        finally:
            channel.close()
            for task in (listening, pumping):
                task.cancel()
            await asyncio.gather(listening, pumping, return_exceptions=True)
            session.hear()  # from now on it counts as gone
            if session.channel is channel:
                session.channel = None
            if session.leave is leave:
                session.leave = None
        if self._end.done():
            code, why = self._end.result()
            await asyncio.wait_for(self._socket.close(code, why), GOODBYE)

    def leave(self, code: int, why: str) -> None:
        """End it from this side."""
        if not self._end.done():
            self._end.set_result((code, why))

    def _greet(self, channel: Channel) -> None:
        if self._session.run is not None:
            self._session.run.greet()
        else:
            place = {"frame": 0, "playing": False, "direction": 1, "rate": 1.0}
            channel.say({"type": "hello", "source": None, "targets": [], "known": [], **place})

    async def _listen(self, channel: Channel) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._session.hear()
            try:
                if message.get("bytes") is not None:
                    self._session.running().picture(message["bytes"])
                else:
                    self._obey(channel, message.get("text") or "")
            except Refused as refused:
                if refused.status == 413:
                    self.leave(TOO_LARGE, refused.line)
                about = {} if message.get("bytes") is None else {"about": "picture"}
                channel.say({"type": "error", "error": refused.line, **about})

    def _obey(self, channel: Channel, text: str) -> None:
        words = parse(text, TEXT)
        do = words.text("do", 20)
        if do == "ack":
            channel.seen(words.integer("frame"))
        elif do != "here":  # which says no more than that somebody is there
            self._session.running().post(do, words)


async def talk(websocket: WebSocket, sessions: Sessions, limits: ServeSettings) -> None:
    """The endpoint. Raises Refused before it is accepted."""
    session = sessions.get(websocket.path_params["id"])
    await Talk(websocket, session, limits).hold()
