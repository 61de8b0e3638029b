"""What goes wrong around a session: failures, streams that are cut or change, removed folders, no room for more."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.helpers import FRAMES, START, TemplateTracker, draw_frame
from tests.live.test_live_sources import CameraServer
from tests.web.serving import Page, Served, serving, until
from tracker.live.followers import Copies

CAMERA = {"kind": "camera", "width": 160, "height": 120, "fps": 25}
JPEG = cv2.imencode(".jpg", draw_frame(0))[1].tobytes()


@pytest.fixture(scope="module")
def server(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("sessions"), videos=video.parent, sessions=30, streams=True) as served:
        yield served


class Failing(Copies):
    """Breaks down at the first frame that it is to follow."""

    def update(self, frame: np.ndarray) -> dict[int, Any]:
        raise RuntimeError("no more memory")


class Slow(Copies):
    """Warms up over its first frame, then takes a moment for each."""

    warm = False

    def update(self, frame: np.ndarray) -> dict[int, Any]:
        time.sleep(0.05 if self.warm else 1.5)
        self.warm = True
        return super().update(frame)


def with_source(server: Served, **source: Any) -> str:
    path = server.session()
    answer = server.ask("POST", path + "/source", source)
    assert answer.status == 200, answer
    return path


def is_frame(words: dict[str, Any]) -> bool:
    return bool(words["type"] == "frame")


def test_an_error_that_answers_a_picture_says_so(server: Served) -> None:
    with server.page(with_source(server, **CAMERA)) as page:
        for picture in (b"no JPEG", JPEG[: len(JPEG) // 3], JPEG + bytes(4 << 20)):
            page.do("seek", frame=3)
            assert "about" not in page.of("error"), "this one answers a command"
            page.connection.send(picture)
            assert page.of("error")["about"] == "picture"
        page.connection.send(JPEG)
        assert page.of("frame")["playing"]


@pytest.mark.parametrize(
    ("method", "begin", "status"), [("POST /source", b'{"kind": "', b"413"), ("PUT /upload", b"%PDF-1.7", b"415")]
)
def test_who_still_sends_what_is_refused_gets_the_answer(
    server: Served, method: str, begin: bytes, status: bytes
) -> None:
    rest = b"a" * (3 << 20)
    head = f"{method.replace(' ', ' ' + server.session())} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    head += f"Content-Length: {len(begin) + 2 * len(rest)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head.encode() + begin + rest)  # more than is taken
        time.sleep(0.3)
        client.sendall(rest)
        assert client.recv(12) == b"HTTP/1.1 " + status


def test_a_picture_for_a_session_without_a_camera(server: Served) -> None:
    with server.page(server.with_file()) as page:
        page.connection.send(JPEG)
        assert page.of("error")["about"] == "picture"


def test_a_failure_is_told_and_nothing_plays_any_more(video: Path, tmp_path: Path) -> None:
    with serving(tmp_path, lambda: Failing(TemplateTracker()), videos=video.parent) as server:
        with server.page(server.with_file()) as page:
            page.do("add", box=list(START.xywh))
            page.do("play")
            page.of("error")
            assert page.until(lambda m: is_frame(m) and m["status"] == "failed")["playing"] is False
        with server.page(with_source(server, **CAMERA)) as page:
            page.connection.send(JPEG)
            page.of("frame")
            page.do("add", box=list(START.xywh))
            page.of("targets")
            page.connection.send(JPEG)  # it fails on this one
            assert "about" not in page.of("error")
            assert (page.of("frame")["playing"], page.frames[-1]["status"]) == (False, "failed")
            page.connection.send(JPEG)
            assert page.next()["type"] == "frame", "each picture is answered once, a failure is told once"


def test_the_rate_is_right_from_the_start(video: Path, tmp_path: Path) -> None:
    with serving(tmp_path, lambda: Slow(TemplateTracker()), videos=video.parent) as server:
        with server.page(server.with_file()) as page:
            page.do("add", box=list(START.xywh))
            page.do("speed", rate=0)
            page.do("play")
            page.until(lambda m: is_frame(m) and m["frame"] == 6)
        rates = [words["fps"] for words in page.frames if words["fps"]]
        assert rates and min(rates) > 4 and max(rates) < 21, rates


def test_the_rate_is_that_of_the_video(server: Served) -> None:
    with server.page(server.with_file()) as page:
        page.do("play")
        page.until(lambda m: is_frame(m) and m["frame"] == 20)
    rates = [words["fps"] for words in page.frames if words["fps"]]
    assert 15 < np.median(rates) < 30, rates


def test_who_has_gone_longest_makes_room(tmp_path: Path) -> None:
    with serving(tmp_path, sessions=3, away=1.0) as server:
        first, second, third = (server.session() for _ in range(3))
        assert server.ask("POST", "/api/sessions").status == 429, "all were heard of just now"
        with server.page(second) as page:
            page.of("hello")
            time.sleep(1.3)
            assert server.ask("GET", first + "/timeline").status == 409, "it lives, and is heard of again"
            fourth = server.session()
            assert server.ask("GET", third + "/timeline").status == 404, "it was gone longest"
            assert server.ask("POST", "/api/sessions").status == 429
            (root,) = tmp_path.iterdir()
            assert len(list(root.glob("session-*"))) == 3
        assert server.ask("POST", "/api/sessions").status == 429, "a reload comes back in time"
        time.sleep(1.3)
        fifth = server.session()
        assert server.ask("GET", first + "/timeline").status == 404
        assert [server.ask("GET", path + "/timeline").status for path in (second, fourth, fifth)] == [409] * 3


def test_a_new_session_waits_for_one_that_ends(video: Path, tmp_path: Path) -> None:
    with serving(tmp_path, videos=video.parent, sessions=2, away=0.0) as server:
        paths = [server.with_file() for _ in range(6)]
        assert [server.ask("GET", path + "/timeline").status for path in paths] == [404] * 4 + [200] * 2


def test_a_stream_that_is_cut_comes_back_larger(server: Served) -> None:
    with CameraServer(0, (160, 120), 5) as camera:
        path = with_source(server, kind="stream", url=f"http://127.0.0.1:{camera.server_port}/stream.mjpg")
        with server.page(path) as page:
            page.do("add", box=list(START.xywh))
            before = page.until(lambda m: is_frame(m) and m["frame"] > 5 and m["targets"])
            assert "size" not in before and before["fps"] > 0
            camera.leave()
            news = page.until(lambda m: is_frame(m) and m["status"].startswith("reconnecting, "))
            assert news["playing"] and news["status"].endswith(" s") and news["fps"] == 0
            with CameraServer(camera.server_port, (320, 240), 6):
                after = page.until(lambda m: is_frame(m) and "size" in m)
                assert after["size"] == [320, 240] and after["status"] == "" and after["frame"] > news["frame"]
                page.until(lambda m: m.get("picture", False) and m.get("size") == [320, 240])
                picture = cv2.imdecode(np.frombuffer(page.pictures[-1], np.uint8), cv2.IMREAD_COLOR)
                assert picture.shape == (240, 320, 3)
                page.do("redraw", id=1, box=[250, 180, 30, 30])  # beyond the old size
                assert page.until(lambda m: m["type"] in ("targets", "error"))["type"] == "targets"
                page.do("pause")
                last = page.until(lambda m: is_frame(m) and not m["playing"])
    frames = server.ask("GET", path + "/timeline").json["targets"][0]["frames"]
    assert frames == list(range(frames[0], last["frame"] + 1)), "no frame is missing, and none was counted in between"
    for form in ("csv", "coco", "video"):
        assert server.ask("GET", f"{path}/download/{form}").status == 200


def test_a_stream_that_returns_too_large_ends(video: Path, tmp_path: Path) -> None:
    with serving(tmp_path, streams=True, width=200, height=200) as server, CameraServer(0, (160, 120), 5) as camera:
        path = with_source(server, kind="stream", url=f"http://127.0.0.1:{camera.server_port}/stream.mjpg")
        with server.page(path) as page:
            page.until(lambda m: is_frame(m) and m["frame"] > 2)
            camera.leave()
            with CameraServer(camera.server_port, (320, 240), 6):
                last = page.until(lambda m: is_frame(m) and not m["playing"])
        assert "320x240" in last["status"] and "size" not in last


def upload(server: Served, path: str, video: Path) -> None:
    assert server.ask("PUT", path + "/upload", video.read_bytes()).status == 200
    server.tracked(path)


def camera(server: Served, path: str, video: Path) -> None:
    assert server.ask("POST", path + "/source", CAMERA).status == 200
    with server.page(path) as page:
        send(page, 0)
        page.do("add", box=list(START.xywh))
        page.of("targets")
        send(page, 1)


def send(page: Page, index: int) -> None:
    page.connection.send(cv2.imencode(".jpg", draw_frame(index))[1].tobytes())
    page.of("frame")


@pytest.mark.parametrize("begin", [None, upload, camera])
def test_a_folder_that_was_removed_is_one_line(
    begin: Callable[[Served, str, Path], None] | None, video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path, videos=video.parent) as server:
        path, other = server.session(), server.with_file()
        if begin:
            begin(server, path, video)
        (root,) = tmp_path.iterdir()
        for folder in root.glob("session-*"):
            shutil.rmtree(folder)
        asked = [server.ask("GET", f"{path}/download/{form}") for form in ("csv", "video")] if begin else []
        asked += [server.ask("GET", path + "/frame/1.jpg")] if begin is camera else []
        asked += [server.ask("PUT", path + "/upload", video.read_bytes())] if not begin else []
        asked += [server.ask("POST", path + "/source", CAMERA)] if not begin else []
        for answer in asked:
            assert answer.status == 410 and "start another session" in answer.error, answer
        if begin:
            with server.page(path) as page:
                page.of("hello")
        upload(server, server.session(), video)  # the server goes on
        with server.page(other) as page:  # what needs no folder goes on as well
            page.track()
        assert len(server.ask("GET", other + "/timeline").json["targets"][0]["frames"]) == FRAMES
        assert server.ask("DELETE", path).status == 200
        shutil.rmtree(root)
        answer = server.ask("POST", "/api/sessions")
        assert answer.status == 503 and "\n" not in answer.error
        assert until(lambda: server.ask("GET", "/api/info").status == 200)
    assert "Traceback" not in capfd.readouterr().err
