"""uvicorn, set up for guests that cannot be trusted, and for a clean end."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tracker.errors import InputError
from tracker.live.followers import Follower
from tracker.live.stop import Stop
from tracker.live.web.app import create_app
from tracker.live.web.settings import ServeSettings

GRACE = 3  # seconds that requests in progress get at the end
MESSAGE = 65536  # bytes that a websocket's message may have beyond a picture


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises InputError where the address is taken, or not this machine's."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"--port {port}: another program uses it; choose another one (0: any free one)") from None
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise InputError(f"--host {host} --port {port}: cannot be listened on ({reason})") from None


class Http(H11Protocol):
    """HTTP with a limit on the time for the head of a request and on connections, and with errors as JSON."""

    limits = ServeSettings()
    _upgraded = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.limits.header_wait, self._give_up)
        if len(self.connections) > self.limits.connections:
            idle = (other for other in self.connections if isinstance(other, Http) and other._is_idle)
            next(idle, self).transport.close()  # another that asks for nothing makes room

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_idle or self._upgraded:
            self._timer.cancel()
        elif self._timer.cancelled():  # the head of a further request has begun
            self._timer = self.loop.call_later(self.limits.header_wait, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        body = json.dumps({"error": "this is not a valid HTTP request, or its head is too large"}).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        try:
            for part in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(part) or b"")
        except h11.LocalProtocolError:
            pass  # an answer has begun: there is no place for another
        self.transport.close()

    def _give_up(self) -> None:
        if self._is_idle and not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """A server that a Stop ends, in the main thread or another."""

    def __init__(self, config: uvicorn.Config, stop: Stop) -> None:
        super().__init__(config)
        self._stop = stop

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The Stop has them."""
        yield

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or bool(self._stop)


def serve(
    settings: ServeSettings, make_follower: Callable[[], Follower], listener: socket.socket, stop: Stop | None = None
) -> None:
    """Serve until `stop` says so. All sessions have ended and their files are gone when it returns."""
    protocol = type("Http", (Http,), {"limits": settings})
    config = uvicorn.Config(
        create_app(settings, make_follower),
        http=protocol,
        ws="auto",
        ws_max_size=settings.picture_bytes + MESSAGE,
        ws_per_message_deflate=False,  # pictures do not shrink, and what is small when packed may be large
        h11_max_incomplete_event_size=settings.header_bytes,
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config, Stop() if stop is None else stop)
    asyncio.run(server.serve(sockets=[listener]))
