"""What comes as it comes: the browser's camera, streams, slow browsers."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers import FRAMES, START, TemplateTracker, draw_frame, index_of, read_video, true_box
from tests.web.serving import Page, Served, serving, until
from tracker.box import Box, iou
from tracker.live.followers import Copies

CAMERA = {"kind": "camera", "width": 160, "height": 120, "fps": 25}


@pytest.fixture(scope="module")
def server(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("sessions"), videos=video.parent, sessions=20, streams=True) as served:
        yield served


def jpeg(index: int) -> bytes:
    return cv2.imencode(".jpg", draw_frame(index), [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def with_camera(server: Served) -> str:
    path = server.session()
    answer = server.ask("POST", path + "/source", CAMERA)
    assert answer.json["kind"] == "camera" and not answer.json["seekable"]
    return path


def send(page: Page, index: int) -> dict[str, object]:
    page.connection.send(jpeg(index))
    return page.of("frame")


def test_the_camera_of_the_browser(server: Served, tmp_path: Path) -> None:
    path = with_camera(server)
    with server.page(path) as page:
        assert send(page, 0) | {"fps": 0} == {
            "type": "frame",
            "frame": 0,
            "time": 0.0,
            "fps": 0,
            "playing": True,
            "direction": 1,
            "status": "",
            "targets": [],
            "picture": False,
        }
        page.do("add", box=list(START.xywh), frame=0)
        page.of("targets")
        boxes = {index: send(page, index)["targets"] for index in range(1, 30)}
    overlaps = [iou(shown[0]["box"], true_box(index).xywh) for index, shown in boxes.items()]  # type: ignore[index]
    assert np.mean(overlaps) > 0.7
    rows = [json.loads(line) for line in server.ask("GET", path + "/download/jsonl").body.splitlines()]
    assert [row["frame"] for row in rows] == list(range(30))
    (tmp_path / "camera.mp4").write_bytes(server.ask("GET", path + "/download/video").body)
    frames = read_video(tmp_path / "camera.mp4")
    assert len(frames) == 30 and index_of(frames[20]) == 20
    picture = server.ask("GET", path + "/frame/7.jpg").body
    assert index_of(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)) == 7


def test_a_box_on_a_camera_frame_that_has_passed_is_followed_from_there(server: Served) -> None:
    with server.page(with_camera(server)) as page:
        for index in range(5):
            send(page, index)
        page.do("add", box=list(true_box(2).xywh), frame=2)
        page.of("targets")
        for index in range(5, 15):
            shown = send(page, index)["targets"]
        assert iou(shown[0]["box"], true_box(14).xywh) > 0.7  # type: ignore[index]


def test_a_paused_camera_is_answered_but_not_tracked(server: Served) -> None:
    with server.page(with_camera(server)) as page:
        send(page, 0)
        page.do("pause")
        assert send(page, 1)["frame"] == 0
        page.do("play")
        assert send(page, 2)["frame"] == 1


@pytest.mark.parametrize("do", [{"do": "seek", "frame": 0}, {"do": "step"}, {"do": "play", "direction": -1}])
def test_a_camera_does_not_go_back(server: Served, do: dict[str, object]) -> None:
    with server.page(with_camera(server)) as page:
        send(page, 0)
        page.connection.send(json.dumps(do))
        assert "newest" in page.of("error")["error"]


class Stream(BaseHTTPRequestHandler):
    """Motion JPEG, as simple cameras send it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            for index in range(10_000):
                data = jpeg(index % FRAMES)
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data))
                self.wfile.write(data + b"\r\n")
                time.sleep(0.03)
        except OSError:
            return  # the client has left

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def stream() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stream) as camera:
        camera.daemon_threads = True
        threading.Thread(target=camera.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{camera.server_address[1]}/video.mjpg"
        camera.shutdown()


def test_a_stream_is_shown_paused_drawn_on_and_tracked(server: Served, stream: str) -> None:
    path = server.session()
    answer = server.ask("POST", path + "/source", {"kind": "stream", "url": stream})
    assert answer.status == 200, answer
    assert answer.json["kind"] == "stream" and not answer.json["seekable"] and answer.json["width"] == 160
    with server.page(path) as page:
        page.until(lambda m: m["type"] == "frame" and m["frame"] > 3)
        page.do("pause")
        paused = page.until(lambda m: m["type"] == "frame" and not m["playing"])
        page.until(lambda m: m.get("picture", False) and not m["playing"]) if not paused["picture"] else None
        index = index_of(cv2.imdecode(np.frombuffer(page.pictures[-1], np.uint8), cv2.IMREAD_COLOR))
        page.do("add", box=list(true_box(min(index, 50)).xywh))
        page.of("targets")
        page.do("play")
        page.until(lambda m: m["type"] == "frame" and m["frame"] >= paused["frame"] + 10)
        page.do("pause")
        page.until(lambda m: m["type"] == "frame" and not m["playing"])
    frames = server.ask("GET", path + "/timeline").json["targets"][0]["frames"]
    assert frames == list(range(paused["frame"], frames[-1] + 1)) and len(frames) > 10
    assert server.ask("GET", path + "/download/video").status == 200
    assert server.ask("DELETE", path).status == 200


def test_a_stream_that_is_not_there_is_one_line(server: Served) -> None:
    path = server.session()
    answer = server.ask("POST", path + "/source", {"kind": "stream", "url": "http://127.0.0.1:9/none"})
    assert answer.status == 415 and "127.0.0.1:9" in answer.error
    assert server.ask("POST", path + "/source", CAMERA).status == 200, "a failed source may be replaced"


def test_a_browser_that_acknowledges_nothing_gets_two_pictures_and_all_results(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.do("add", box=list(START.xywh))
        page.do("play")
        last = page.until(lambda m: m.get("status") == "end", ack=False)
        assert len(page.pictures) == 2 and not last["picture"]
        page.do("ack", frame=page.frames[0]["frame"])
        shown = page.until(lambda m: m.get("picture", False))
        assert shown["frame"] == FRAMES - 1, "the picture that was due is sent as soon as there is room"
    assert len(server.ask("GET", path + "/timeline").json["targets"][0]["frames"]) == FRAMES


def test_results_are_sent_sixty_times_a_second_at_most(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        begin = time.monotonic()
        page.track(list(START.xywh))
        seconds = time.monotonic() - begin
        assert len(page.frames) <= 60 * seconds + 6
    assert len(server.ask("GET", path + "/timeline").json["targets"][0]["frames"]) == FRAMES


def test_a_second_page_takes_the_session_over(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as first:
        first.of("frame")
        with server.page(path) as second:
            assert second.of("hello")["source"]["frames"] == FRAMES
            with pytest.raises(Exception, match="4000"):
                while True:
                    first.next()
            second.do("step")
            assert second.until(lambda m: m["type"] == "frame" and m["frame"] == 1)


def test_tracking_goes_on_while_the_page_is_away(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.do("add", box=list(START.xywh))
        page.do("play")
        page.until(lambda m: m["type"] == "frame" and m["frame"] > 2)

    def frames() -> int:
        return len(server.ask("GET", path + "/timeline").json["targets"][0]["frames"])

    assert until(lambda: frames() == FRAMES)


def test_what_is_recorded_of_a_camera_is_limited(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=0.2) as server, server.page(with_camera(server)) as page:
        shown = [send(page, index) for index in range(8)]
        assert [words["frame"] for words in shown] == [0, 1, 2, 3, 4, 4, 4, 4]
        assert "limit" in str(shown[-1]["status"]) and not shown[-1]["playing"]


def test_a_failing_tracker_ends_its_session_only(
    video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class Fails(Copies):
        def update(self, frame: np.ndarray) -> dict:
            if len(self._trackers) > 1:
                raise RuntimeError("no more memory\non this device")
            return super().update(frame)

    with serving(tmp_path, lambda: Fails(TemplateTracker()), videos=video.parent) as server:
        bad, good = server.with_file(), server.with_file()
        with server.page(bad) as page:
            page.do("add", box=list(START.xywh))
            page.do("add", box=[60, 60, 20, 20])
            page.do("play")
            assert "another session" in page.of("error")["error"]
        server.tracked(good)
    said = [line for line in capfd.readouterr().err.splitlines() if line]
    assert len(said) == 1 and "no more memory on this device" in said[0]


def test_boxes_that_cannot_be_tracked_are_one_line(server: Served) -> None:
    with server.page(server.with_file()) as page:
        for box in ([500, 10, 20, 20], [10, 10, 0, 5], [10, 10, -4, 5]):
            page.do("add", box=box)
            assert "box" in page.of("error")["error"]
        assert Box(*START.xywh) == START
