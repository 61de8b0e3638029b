"""Bad websockets and what is said on them."""

from __future__ import annotations

import json
import time
from contextlib import closing, suppress

import numpy as np
from websockets.exceptions import ConnectionClosed

from tests.web.abuse import GONE, bad, box_of, broken, frame, handshake, raw, said, shut_out, upgraded
from tests.web.serving import START, Served

SIDE = (60000).to_bytes(2, "big")
JPEG_BOMB = b"\xff\xd8\xff\xc0\0\x11\x08" + 2 * SIDE + b"\3\1\x11\0\2\x11\1\3\x11\1\xff\xd9"
PNG_BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0" + bytes(100)


def text(**values: object) -> str:
    return json.dumps(values)


# Commands
said("text that is no JSON", "play")
said("an empty message", "")
said("a list as a command", "[]")
said("a command nested 5000 deep", "[" * 5000)
said("a command without a name", text(box=START))
said("an unknown command", text(do="format"))
said("a command that is an attribute", text(do="__class__"))
said("a command that is a number", text(do=7))
said("a box of NaN", '{"do":"add","box":[NaN,1,2,3]}')
said("a box of infinity", '{"do":"add","box":[1e999,1,20,20]}')
said("a box of texts", json.dumps(box_of(["1", "2", "3", "4"])))
said("a box of three", json.dumps(box_of([1, 2, 3])))
said("a box of lists", json.dumps(box_of([[1], 2, 3, 4])))
said("a box of true", json.dumps(box_of([True, 2, 3, 4])))
said("no box", text(do="add"))
said("a box outside of the frame", json.dumps(box_of([5000, 10, 20, 20])))
said("a box without size", json.dumps(box_of([10, 10, 0, 20])))
said("a box of negative size", json.dumps(box_of([10, 10, -5, 20])))
said("a box far away", json.dumps(box_of([1e15, 1e15, 1e15, 1e15])))
said("a box with huge digits", '{"do":"add","box":[' + "9" * 5000 + ",1,2,3]}")
said("a name that is a number", text(do="add", box=START, name=5))
said("a target that is not there", text(do="remove", id=9), text(do="redraw", id=9, box=START), text(do="rename", id=9))
said("a target that is a text", text(do="remove", id="1"))
said("a seek beyond the end", text(do="seek", frame=60), text(do="add", box=START, frame=600))
said("a negative frame", text(do="seek", frame=-1))
said("half a frame", text(do="seek", frame=1.5))
said("a direction of 2", text(do="play", direction=2))
said("a direction of true", text(do="play", direction=True))
said("a speed of 1000", text(do="speed", rate=1000))
said("a speed of -1", text(do="speed", rate=-1))
said("a picture for a video", b"\xff\xd8\xff")
said("a command of 20 KB", text(do="add", name="a" * 20_000), closes=1009)
said("a message of 10 MB", "a" * (10 << 20), closes=1009)
said("a picture of 10 MB", bytes(10 << 20), camera=True, closes=1009)

# Pictures
said("a JPEG that claims 60000x60000", JPEG_BOMB, camera=True)
said("a PNG that claims 60000x60000", PNG_BOMB, camera=True)
said("an empty picture", b"", camera=True)
said("noise as a picture", np.random.default_rng(0).bytes(5000), camera=True)
said("noise behind a head of JPEG", b"\xff\xd8\xff\xe0" + np.random.default_rng(1).bytes(5000), camera=True)
said("a picture without pixels", JPEG_BOMB.replace(SIDE, bytes(2)), camera=True)
said("a box before the first picture", json.dumps(box_of(START)), camera=True)

# Frames of the protocol
broken("a frame without mask", frame(1, b'{"do":"play"}', mask=False))
broken("reserved bits", frame(1, b"{}", first=0xF0))
broken("an unknown kind of frame", frame(5, b"{}"))
broken("a continuation of nothing", frame(0, b"{}"))
broken("a text within a text", frame(1, b"{", first=0), frame(1, b"{}"))
broken("a ping in pieces", frame(9, b"a", first=0))
broken("a ping of 200 bytes", frame(9, b"a" * 200))
broken("a close of one byte", frame(8, b"a"))
broken("a close with a code of its own", frame(8, (99).to_bytes(2, "big")))
broken("text that is not UTF-8 on a websocket", frame(1, b"\xff\xfe\xfd"))
broken("a length of 2^63", b"\x81\xff" + b"\xff" * 8 + bytes(4))
broken("a length of 4 GB", b"\x82\xff" + (1 << 32).to_bytes(8, "big") + bytes(4))
broken("pieces without end", *[frame(2, bytes(65536), first=0), *[frame(0, bytes(65536), first=0)] * 100])
broken("noise on a websocket", np.random.default_rng(2).bytes(3000))


@bad("a websocket of another site")
def cross_origin(server: Served) -> None:
    shut_out(server, server.with_file(), origin="http://evil.example")


@bad("a websocket without origin's host")
def null_origin(server: Served) -> None:
    shut_out(server, server.with_file(), additional_headers={"Origin": "null"})


@bad("a websocket of an unknown session")
def unknown_socket(server: Served) -> None:
    shut_out(server, f"/api/sessions/{'f' * 32}", status=404)


@bad("a websocket where there is none")
def misplaced_socket(server: Served) -> None:
    got = raw(server, handshake(server, "/api/info"))
    assert got.startswith(b"HTTP/1.1 4"), got[:100]


@bad("a websocket of an old version")
def old_socket(server: Served) -> None:
    got = raw(server, handshake(server, server.with_file()).replace(b"Version: 13", b"Version: 1"))
    assert got.startswith(b"HTTP/1.1 4"), got[:100]


@bad("commands without a source")
def no_source(server: Served) -> None:
    with server.page(server.session()) as page:
        page.do("play")
        assert "no source" in page.of("error")["error"]


@bad("a flood of commands")
def flood(server: Served) -> None:
    with server.page(server.with_file()) as page:
        with suppress(ConnectionClosed):
            for _ in range(3000):
                page.do("step", direction=-1)
        page.connection.close()


@bad("a flood of seeks back and forth")
def seeks(server: Served) -> None:
    with server.page(server.with_file()) as page:
        for i in range(500):
            page.do("seek", frame=59 * (i % 2))
        assert page.until(lambda m: m["type"] == "frame" and m["frame"] == 59), "the last one counts"


@bad("a flood of acknowledgements")
def acknowledgements(server: Served) -> None:
    with server.page(server.with_file()) as page:
        for i in range(2000):
            page.do("ack", frame=i)
        page.do("step")
        assert page.until(lambda m: m["type"] == "frame" and m["frame"] == 1)


@bad("a flood of pings")
def pings(server: Served) -> None:
    path = server.with_file()
    with closing(upgraded(server, path)) as connection, suppress(*GONE):
        connection.sendall(frame(9, b"a" * 100) * 5000)


@bad("pictures faster than they are worked on")
def impatient_camera(server: Served) -> None:
    path = server.session()
    server.ask("POST", path + "/source", {"kind": "camera", "width": 64, "height": 64, "fps": 25})
    with server.page(path) as page:
        for _ in range(200):
            page.connection.send(JPEG_BOMB)
        assert page.of("error")


@bad("too many targets")
def targets(server: Served) -> None:
    with server.page(server.with_file()) as page:
        for _ in range(17):
            page.do("add", box=START)
        assert "16 targets" in page.of("error")["error"]


@bad("a reader that takes nothing")
def slow_reader(server: Served) -> None:
    """It plays as fast as it goes, acknowledges everything and never reads: its socket fills up."""
    path = server.with_file()
    with closing(upgraded(server, path, 4096)) as connection, suppress(*GONE):
        say = [text(do="speed", rate=0)]
        for turn in range(40):
            say += [text(do="redraw" if turn else "add", id=1, box=START), text(do="ack", frame=turn)]
            say += [text(do="play", direction=1 - 2 * (turn % 2))]
            connection.sendall(b"".join(frame(1, t.encode()) for t in say))
            say = []
            time.sleep(0.03)
    assert server.ask("GET", path + "/timeline").json["targets"][0]["frames"][1:], "it tracked"


@bad("100 websockets of one session")
def many_sockets(server: Served) -> None:
    path = server.with_file()
    opened = []
    with suppress(*GONE):
        for _ in range(100):
            opened.append(upgraded(server, path))
    for connection in opened:
        connection.close()
