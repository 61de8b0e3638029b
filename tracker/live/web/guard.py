"""What every request passes before anything is done for it, and every answer on its way back."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs

from tracker.live.web.settings import LOCAL, ServeSettings
from tracker.live.web.trouble import report
from tracker.live.web.wire import Refused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
ANY_ADDRESS = ("0.0.0.0", "::", "")
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self' ws://{host} wss://{host}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


class Guard:
    """Checks size of the head, host, origin and token; adds headers; turns every error into a line of JSON."""

    def __init__(self, app: App, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings
        self._names = {*LOCAL, settings.host, *settings.names}
        if settings.host in ANY_ADDRESS:
            self._names |= {socket.gethostname(), socket.getfqdn()}
        self._names = {name.lower() for name in self._names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._settings.body_wait)
        try:
            self._check(scope)
            await self._app(scope, receive, answer)
        except Refused as refused:
            await answer.refuse(refused.status, refused.line)
        except (asyncio.TimeoutError, ConnectionError):  # the client takes no more
            if not answer.begun:
                await answer.refuse(408, "the client took too long")
        except Exception as error:
            if type(error).__name__ not in ("ClientDisconnect", "ClientDisconnected", "WebSocketDisconnect"):
                report(error)
                await answer.refuse(500, "the server failed on this request")

    def _check(self, scope: Scope) -> None:
        """Raise Refused for what is not let in."""
        headers = scope["headers"]
        if scope["http_version"] not in ("1.0", "1.1"):
            raise Refused(400, "this version of HTTP is not spoken")
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > 4096:
            raise Refused(414, "the address is too long")
        if any(ord(letter) < 32 for letter in scope["path"]):
            raise Refused(404, "there is no such address")
        if len(headers) > 100 or sum(len(k) + len(v) for k, v in headers) > self._settings.header_bytes:
            raise Refused(431, "the head of the request is too large")
        hosts = [value.decode("latin-1").lower() for key, value in headers if key == b"host"]
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            raise Refused(403, "this host name is not the server's (see --allow-host)")
        origin = header(scope, b"origin")
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if changes and origin and origin.lower() not in (f"http://{hosts[0]}", f"https://{hosts[0]}"):
            raise Refused(403, "requests from other sites are not taken")
        if self._settings.token and scope["path"].startswith("/api") and not self._has_token(scope):
            raise Refused(401, "a token is needed: open the address that the server printed")

    def _is_ours(self, host: str) -> bool:
        if not HOST.fullmatch(host):
            return False
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if name in self._names:
            return True
        if self._settings.host not in ANY_ADDRESS:
            return False
        try:
            ip_address(name)  # of one of this machine's networks; no other site's name can be made to mean it
        except ValueError:
            return False
        return True

    def _has_token(self, scope: Scope) -> bool:
        given = (
            header(scope, b"x-token")
            or (parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=50).get("token") or [""])[0]
        )
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._settings.token.encode())


class _Answer:
    """`send` of ASGI with headers added, and with a limit on how long a client may take over a piece."""

    def __init__(self, scope: Scope, send: Send, wait: float) -> None:
        self._scope, self._send, self._wait = scope, send, wait
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            message["headers"] = [*message.get("headers", []), *self._headers()]
        self.begun = True
        await asyncio.wait_for(self._send(message), self._wait)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        host = header(self._scope, b"host").lower()
        policy = POLICY.format(host=host if HOST.fullmatch(host) else "localhost")
        values = {**HEADERS, "content-security-policy": policy}
        return [(key.encode(), value.encode("latin-1")) for key, value in values.items()]

    async def refuse(self, status: int, line: str) -> None:
        """Answer with an error, where nothing was answered yet; what is left of the body is not waited for."""
        if self.begun:
            return
        kind = "http.response"
        if self._scope["type"] == "websocket":
            if "websocket.http.response" not in self._scope.get("extensions", {}):
                await self({"type": "websocket.close", "code": 1008, "reason": line[:100]})
                return
            kind = "websocket.http.response"
        body = json.dumps({"error": line}).encode()
        head = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        headers = [(key.encode(), value.encode()) for key, value in head.items()]
        await self({"type": f"{kind}.start", "status": status, "headers": headers})
        await self({"type": f"{kind}.body", "body": body})


def header(scope: Scope, name: bytes) -> str:
    """A header's value, empty where it is missing; the first where there are several."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
