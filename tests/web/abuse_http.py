"""Bad requests over HTTP."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import suppress

from tests.web.abuse import CAMERA, GONE, HOST, WAIT, bad, raw, refused, sent
from tests.web.abuse_upload import MP4_HEAD
from tests.web.serving import Served

SOURCE = "@/source"

# Where files are
refused("path traversal", "GET", "/static/../../../../etc/passwd", None, 404)
refused("path traversal, encoded", "GET", "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", None, 404)
refused("path traversal, encoded slashes", "GET", "/static/..%2f..%2f..%2fsettings.py", None, 404)
refused("path traversal, encoded twice", "GET", "/static/%252e%252e/%252e%252e/settings.py", None, 404)
refused("path traversal, backslashes", "GET", "/static/..%5c..%5csettings.py", None, 404)
refused("path traversal, overlong UTF-8", "GET", "/static/%c0%ae%c0%ae/settings.py", None, 404)
refused("an absolute path", "GET", "/static//etc/passwd", None, 404)
refused("a zero byte in a path", "GET", "/static/index.html%00.js", None, 404)
refused("a folder", "GET", "/static/", None, 404)
refused("the server's own code", "GET", "/static/../settings.py", None, 404)
refused("a video outside of the folder", "POST", SOURCE, {"kind": "file", "name": "../secret.mp4"}, 404)
refused("a video by its full path", "POST", SOURCE, {"kind": "file", "name": "/etc/passwd"}, 404)
refused("a link out of the folder", "POST", SOURCE, {"kind": "file", "name": "link.mp4"}, 404)
refused("a hidden video", "POST", SOURCE, {"kind": "file", "name": ".hidden.mp4"}, 404)
refused("a video that is none", "POST", SOURCE, {"kind": "file", "name": "broken.mp4"}, 404, 415)
refused("a name of 5000 characters", "POST", SOURCE, {"kind": "file", "name": "a" * 5000}, 400)

# What there is not
refused("an unknown address", "GET", "/admin", None, 404)
refused("an unknown session", "GET", f"/api/sessions/{'0' * 32}/timeline", None, 404)
refused("a session by a path", "GET", "/api/sessions/..%2f..%2f/timeline", None, 404)
refused("a wrong method", "GET", "/api/sessions", None, 405)
refused("a wrong method on the page", "DELETE", "/", None, 405)
refused("a method of its own", "BREW", "/api/info", None, 405)
refused("TRACE", "TRACE", "/", None, 405)
refused("an unknown form", "GET", "@@/download/exe", None, 404)
refused("a form with a path", "GET", "@@/download/..%2f..%2fcsv", None, 404)
refused("a download before tracking", "GET", "@@/download/csv", None, 409)
refused("a video before tracking", "GET", "@@/download/video", None, 409)
refused("a download without a source", "GET", "@/download/csv", None, 409)
refused("a frame beyond the end", "GET", "@@/frame/60.jpg", None, 404)
refused("a frame before the start", "GET", "@@/frame/-1.jpg", None, 404)
refused("a frame that is no number", "GET", "@@/frame/1e3.jpg", None, 404)
refused("a frame of 20 digits", "GET", "@@/frame/99999999999999999999.jpg", None, 404)
refused("a frame a million pixels wide", "GET", "@@/frame/1.jpg?w=1000000", None, 400)
refused("a frame without width", "GET", "@@/frame/1.jpg?w=0", None, 400)
refused("a timeline from nowhere", "GET", "@@/timeline?from=-5", None, 400)

# Bodies
refused("a source in no JSON", "POST", SOURCE, b"kind=file&name=drawn.mp4", 400)
refused("an empty body", "POST", SOURCE, b"", 400)
refused("a list in place of an object", "POST", SOURCE, [1, 2], 400)
refused("text that is not UTF-8", "POST", SOURCE, b'{"kind": "\xff\xfe"}', 400)
refused("JSON of 2 MB", "POST", SOURCE, b'{"kind": "' + b"a" * (2 << 20) + b'"}', 413)
refused("JSON 30000 deep", "POST", SOURCE, b"[" * 30000, 400)
refused("JSON of 30000 objects in each other", "POST", SOURCE, b'{"a":' * 10000 + b"1" + b"}" * 10000, 400)
refused("a number of 20000 digits", "POST", SOURCE, b'{"kind": ' + b"9" * 20000 + b"}", 400)
refused("a kind that is a number", "POST", SOURCE, {"kind": 5}, 400)
refused("a kind that is not known", "POST", SOURCE, {"kind": "device"}, 400)
refused("a name that is a list", "POST", SOURCE, {"kind": "file", "name": ["drawn.mp4"]}, 400)
refused("a camera of -640 pixels", "POST", SOURCE, CAMERA | {"width": -640}, 400)
refused("a camera of 60000 pixels", "POST", SOURCE, CAMERA | {"width": 60000}, 400)
refused("a camera at NaN frames a second", "POST", SOURCE, b'{"kind":"camera","width":64,"height":64,"fps":NaN}', 400)
refused("a camera at 1e999 frames", "POST", SOURCE, b'{"kind":"camera","width":64,"height":64,"fps":1e999}', 400)
refused("a camera of true pixels", "POST", SOURCE, CAMERA | {"width": True}, 400)
refused("a file in place of a stream", "POST", SOURCE, {"kind": "stream", "url": "file:///etc/passwd"}, 400)
refused("a file as a stream, without scheme", "POST", SOURCE, {"kind": "stream", "url": "/etc/passwd"}, 400)
refused("a chain of schemes", "POST", SOURCE, {"kind": "stream", "url": "concat:file:///etc/passwd"}, 400)
refused("a pipe as a stream", "POST", SOURCE, {"kind": "stream", "url": "pipe:0"}, 400)
refused("a stream without an address", "POST", SOURCE, {"kind": "stream", "url": "http://"}, 400)
refused("a second source", "POST", "@@/source", CAMERA, 409)
refused("an upload beside a source", "PUT", "@@/upload", MP4_HEAD, 409)

# Who asks
refused("a page of another site that posts", "POST", "/api/sessions", None, 403, Origin="http://evil.example")
refused("a page without origin that posts", "POST", "/api/sessions", None, 403, Origin="null")
refused("the same host on another port", "POST", "/api/sessions", None, 403, Origin="http://127.0.0.1:1")
refused("another site that deletes", "DELETE", "@", None, 403, Origin="https://evil.example")
refused("another host's name", "GET", "/api/info", None, 403, Host="evil.example")
refused("a name that only begins like ours", "GET", "/api/info", None, 403, Host="127.0.0.1.evil.example")
refused("a host with a policy in it", "GET", "/", None, 403, Host="localhost; script-src *")

# Heads
refused("a header of 60 KB", "GET", "/api/info", None, 400, 431, X_Large="a" * 60_000)
refused("an address of 10 KB", "GET", "/api/info?" + "a" * 10_000, None, 414)
sent("a header of 5 MB", b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * (5 << 20) + b"\r\n\r\n")
sent("500 headers", b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 500 + b"Connection: close\r\n\r\n")
sent("a header without end", b"GET / HTTP/1.1\r\n" + HOST + b"X: ", *[b"a" * 8192] * 8)
sent("no host", b"GET / HTTP/1.1\r\n\r\n")
sent("two hosts", b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n")
sent("no HTTP", b"\x00\x01\x02 what is this\r\n\r\n")
sent("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n")
sent("a version of its own", b"GET / HTTP/9.9\r\n" + HOST + b"\r\n")
sent("a negative length", b"POST /api/sessions HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\n")
sent("two lengths", b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")
sent("a length beside chunks", b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: x\r\n\r\n")
sent("a header on two lines", b"GET / HTTP/1.1\r\n" + HOST + b"X\r\n : y\r\n\r\n")
sent("a space in the address", b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n")
sent("slowloris", b"GET / HTTP/1.1\r\n" + HOST, *[b"X: y\r\n"] * 12, starts=(b"HTTP/1.1 4",), pause=0.2)
sent("a connection that says nothing", starts=(b"",))


@bad("a body that does not come")
def slow_body(server: Served) -> None:
    head = f"POST {server.session()}/source HTTP/1.1\r\n".encode() + HOST + b"Content-Length: 50\r\n\r\n"
    assert raw(server, head, b'{"kind"', pause=0.1).startswith(b"HTTP/1.1 408")


@bad("requests after the session was removed")
def after_delete(server: Served) -> None:
    path = server.with_file()
    assert server.ask("DELETE", path).status == 200
    asked = [
        ("GET", "/timeline"),
        ("GET", "/frame/1.jpg"),
        ("GET", "/download/csv"),
        ("POST", "/source"),
        ("DELETE", ""),
    ]
    assert {server.ask(method, path + rest, b"{}").status for method, rest in [*asked, ("DELETE", "")]} == {404}


@bad("too many sessions")
def many_sessions(server: Served) -> None:
    made = []
    while (answer := server.ask("POST", "/api/sessions")).status == 200:
        made.append(answer.json["session"])
        assert len(made) < 100
    assert answer.status == 429
    for session in made:
        server.ask("DELETE", f"/api/sessions/{session}")


@bad("200 connections at once")
def many_connections(server: Served) -> None:
    opened = []
    with suppress(*GONE):
        opened = [socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) for _ in range(200)]
    try:
        assert server.ask("GET", "/api/info").status == 200, "who asks for something is served first"
    finally:
        for connection in opened:
            connection.close()


def at_once(server: Served, count: int, path: str) -> set[int]:
    """What so many requests get that come together."""
    statuses: set[int] = set()

    def ask() -> None:
        with suppress(*GONE, http.client.HTTPException):
            statuses.add(server.ask("GET", path).status)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    return statuses


@bad("200 requests at once")
def many_requests(server: Served) -> None:
    assert at_once(server, 200, f"/api/sessions/{'0' * 32}/timeline") == {404}


@bad("frames asked for faster than they are made")
def many_frames(server: Served) -> None:
    assert 200 in (statuses := at_once(server, 40, server.with_file() + "/frame/59.jpg")) and statuses <= {200, 429}


@bad("a download that nobody reads")
def unread_download(server: Served) -> None:
    path = server.with_file()
    server.tracked(path)
    ask = f"GET {path}/download/video HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    opened = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
    for connection in opened:
        connection.sendall(ask)
    time.sleep(0.3)
    for connection in opened:
        connection.close()
