"""Kinds of bad requests by name. Each is a function that asserts that it ends in a 4xx, an error message or a close."""

from __future__ import annotations

import base64
import os
import socket
import struct
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.web.serving import START, Served

Case = Callable[[Served], None]
CASES: dict[str, Case] = {}
WAIT = 10.0
CAMERA = {"kind": "camera", "width": 640, "height": 480, "fps": 25}
HOST = b"Host: 127.0.0.1\r\n"
GONE = (ConnectionError, BrokenPipeError)


def bad(name: str) -> Callable[[Case], Case]:
    """Add a function to the list."""

    def add(case: Case) -> Case:
        assert name not in CASES
        CASES[name] = case
        return case

    return add


def refused(name: str, method: str, path: str, body: Any = None, *statuses: int, **headers: str) -> None:
    """Add a request that gets one of `statuses`; `@` in its path is a new session, `@@` one with a video."""

    def case(server: Served) -> None:
        at = path.replace("@@", server.with_file()) if "@@" in path else path
        at = at.replace("@", server.session()) if "@" in at else at
        answer = server.ask(method, at, body, {key.replace("_", "-"): value for key, value in headers.items()})
        assert answer.status in statuses, answer
        assert method == "HEAD" or "\n" not in answer.error

    assert name not in CASES
    CASES[name] = case


def said(name: str, *messages: Any, camera: bool = False, closes: int | None = None) -> None:
    """Add messages of a websocket; each is answered by an error, or the last one closes it with a code."""

    def case(server: Served) -> None:
        path = server.session() if camera else server.with_file()
        if camera:
            server.ask("POST", path + "/source", CAMERA)
        with server.page(path) as page:
            page.of("hello")
            try:
                for message in messages:
                    page.connection.send(message)
                    if closes is None:
                        assert "\n" not in page.of("error")["error"]
                while closes is not None:
                    page.next()
            except ConnectionClosed as end:
                # A close while data is on its way may be lost on the way to the client.
                assert end.rcvd is None or end.rcvd.code == closes, end

    assert name not in CASES
    CASES[name] = case


def raw(server: Served, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send bytes and return what comes until the server closes."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=WAIT)) as connection:
        with suppress(*GONE):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        return rest(connection)


def rest(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    got = b""
    with suppress(*GONE):
        while data := connection.recv(65536):
            got += data
    return got


def sent(name: str, *pieces: bytes, starts: tuple[bytes, ...] = (b"HTTP/1.1 4",), pause: float = 0.0) -> None:
    """Add bytes after which the server answers with a 4xx (or nothing, where `starts` is empty) and closes."""

    def case(server: Served) -> None:
        got = raw(server, *pieces, pause=pause)
        assert not got or got.startswith(starts), got[:200]

    assert name not in CASES
    CASES[name] = case


def frame(opcode: int, data: bytes, mask: bool = True, first: int = 0x80) -> bytes:
    """A websocket frame, by hand."""
    length = len(data)
    form, code = ("!B", ()) if length < 126 else ("!BH", (126,)) if length < 65536 else ("!BQ", (127,))
    size = struct.pack(form, *code, length)
    if not mask:
        return bytes([first | opcode]) + size + data
    key = os.urandom(4)
    body = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[:1024])) + data[1024:]  # long ones may be noise
    return bytes([first | opcode, size[0] | 0x80]) + size[1:] + key + body


def handshake(server: Served, path: str, **headers: str) -> bytes:
    """The head that asks for a websocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path}/live HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def upgraded(server: Served, path: str, buffer: int = 65536) -> socket.socket:
    """A websocket as a bare connection; `buffer` is how many bytes wait for a reader on this side."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(WAIT)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(handshake(server, path))
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(1)
    assert got.startswith(b"HTTP/1.1 101"), got
    return connection


def broken(name: str, *frames: bytes) -> None:
    """Add websocket frames that break its rules: the server closes the connection."""

    def case(server: Served) -> None:
        with closing(upgraded(server, server.with_file())) as connection:
            with suppress(*GONE):
                connection.sendall(b"".join(frames))
            rest(connection)  # it returns, so the connection was closed

    assert name not in CASES
    CASES[name] = case


def shut_out(server: Served, path: str, query: str = "", status: int = 403, **options: Any) -> None:
    """A websocket that is not opened; with old versions of uvicorn the connection is closed without an answer."""
    try:
        with server.page(path, query, **options):
            raise AssertionError("it was let in")
    except InvalidStatus as error:
        assert error.response.status_code == status, error
    except ConnectionError:
        return


def box_of(values: Any) -> dict[str, Any]:
    return {"do": "add", "box": values}


assert START  # the box that cases leave alone
