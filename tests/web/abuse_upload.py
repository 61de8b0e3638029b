"""Bad uploads."""

from __future__ import annotations

import http.client
import io
import socket
import time
import zipfile
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from tests.web.abuse import CAMERA, GONE, HOST, WAIT, bad, raw, refused
from tests.web.serving import Served

MP4_HEAD = b"\0\0\0\x1cftypisom\0\0\2\0isomiso2mp41"
PNG_BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0" + bytes(100)
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
ZIP = io.BytesIO()
with zipfile.ZipFile(ZIP, "w") as archive:
    archive.writestr("clip.mp4", b"0" * 1000)

# Uploads
refused("text as a video", "PUT", "@/upload", b"Dear server, track this.\n" * 100, 415)
refused("nothing as a video", "PUT", "@/upload", b"", 400)
refused("a zip as a video", "PUT", "@/upload", ZIP.getvalue(), 415)
refused("a play list that names a file", "PUT", "@/upload", PLAYLIST, 415)
refused("a play list with bytes behind it", "PUT", "@/upload", PLAYLIST + bytes(5000), 415)
refused("a script for FFmpeg", "PUT", "@/upload", b"ffconcat version 1.0\nfile /etc/passwd\n", 415)
refused("a PNG that claims 60000x60000 as a video", "PUT", "@/upload", PNG_BOMB, 415)
refused("a head of MP4 without video", "PUT", "@/upload", MP4_HEAD + bytes(2000), 415)
refused("noise behind a head of MP4", "PUT", "@/upload", MP4_HEAD + np.random.default_rng(0).bytes(50_000), 415)
refused("noise behind a head of Matroska", "PUT", "@/upload", b"\x1a\x45\xdf\xa3" + bytes(50_000), 415)


def head(path: str, length: int) -> bytes:
    """The head of an upload of so many bytes."""
    return f"PUT {path}/upload HTTP/1.1\r\n".encode() + HOST + b"Content-Length: %d\r\n\r\n" % length


@bad("an upload that stops")
def stalled_upload(server: Served) -> None:
    assert raw(server, head(server.session(), 50_000), MP4_HEAD, pause=0.1).startswith(b"HTTP/1.1 408")


@bad("an upload that is cut off")
def cut_upload(server: Served) -> None:
    path = server.session()
    with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        connection.sendall(head(path, 50_000) + MP4_HEAD)
    time.sleep(0.1)
    assert server.ask("POST", path + "/source", CAMERA).status == 200


@bad("an upload of 1 GB by its length")
def declared(server: Served) -> None:
    assert raw(server, head(server.session(), 1 << 30), MP4_HEAD).startswith(b"HTTP/1.1 413")


@bad("an upload in chunks without end")
def endless(server: Served) -> None:
    def chunks() -> object:
        yield MP4_HEAD
        for _ in range(100_000):
            yield bytes(65536)

    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)) as connection:
        try:
            connection.request(
                "PUT", server.session() + "/upload", chunks(), {"Transfer-Encoding": "chunked"}, encode_chunked=True
            )
        except GONE:
            return
        assert connection.getresponse().status == 413


def _video(folder: Path, size: tuple[int, int], count: int) -> bytes:
    path = folder / f"made{size[0]}x{count}.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, size)
    for _ in range(count):
        writer.write(np.zeros((size[1], size[0], 3), np.uint8))
    writer.release()
    return path.read_bytes()


@bad("a video of too many pixels")
def large_video(server: Served) -> None:
    answer = server.ask("PUT", server.session() + "/upload", _video(server.folder, (1300, 100), 2))
    assert answer.status == 413 and "1300x100" in answer.error


@bad("a video that is too long")
def long_video(server: Served) -> None:
    answer = server.ask("PUT", server.session() + "/upload", _video(server.folder, (16, 16), 25 * 31))
    assert answer.status == 413 and "31 s" in answer.error


@bad("an MP4 that is cut short")
def truncated(server: Served) -> None:
    data = (server.folder / "drawn.mp4").read_bytes()
    assert server.ask("PUT", server.session() + "/upload", data[: len(data) // 2]).status == 415


@bad("two uploads to a session at once")
def two_uploads(server: Served) -> None:
    path = server.session()
    with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        connection.sendall(head(path, 50_000) + MP4_HEAD)
        time.sleep(0.2)
        assert server.ask("PUT", path + "/upload", MP4_HEAD).status == 409
