"""What a session keeps: frame numbers that hold in every download, real time, what was removed, and itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from tests.helpers import FRAMES, START, index_of, read_video, true_box
from tests.web.serving import Served, serving
from tests.web.test_server_live import send, with_camera

GAP = 0.08  # seconds between two pictures


@pytest.fixture(scope="module")
def server(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("sessions"), videos=video.parent, sessions=20) as served:
        yield served


def rows(server: Served, path: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in server.ask("GET", path + "/download/jsonl").body.splitlines()]


def video_of(server: Served, path: str, folder: Path) -> Path:
    file = folder / "video.mp4"
    answer = server.ask("GET", path + "/download/video")
    assert answer.status == 200, answer
    file.write_bytes(answer.body)
    return file


def test_the_numbers_of_a_camera_s_boxes_are_those_of_its_video_and_its_clock_is_right(
    server: Served, tmp_path: Path
) -> None:
    path = with_camera(server)  # which says that it has 25 frames/s
    with server.page(path) as page:
        for index in range(20):
            begin = time.monotonic()
            last = send(page, index)
            if index == 9:
                page.do("add", box=list(true_box(9).xywh), frame=9)
                page.of("targets")
            time.sleep(max(0.0, begin + GAP - time.monotonic()))
    assert last["frame"] == 19 and 0.95 * 19 * GAP < float(str(last["time"])) < 1.6 * 19 * GAP
    assert [row["frame"] for row in rows(server, path)] == list(range(9, 20))
    file = video_of(server, path, tmp_path)
    frames = read_video(file)
    assert [index_of(frames[i]) for i in (0, 9, 19)] == [0, 9, 19]
    capture = cv2.VideoCapture(str(file))
    assert 0.6 / GAP < capture.get(cv2.CAP_PROP_FPS) < 1.05 / GAP
    capture.release()


def test_a_pause_is_no_time_of_the_recording(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.live.web.feeds.PAUSE", 0.3)
    with server.page(with_camera(server)) as page:
        for index in range(6):
            last = send(page, index)
            time.sleep(0.5 if index == 3 else 0.05)
    assert float(str(last["time"])) < 5 * 0.1


def test_the_numbers_of_a_file_s_boxes_are_those_of_its_video(server: Served, tmp_path: Path) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.do("add", box=list(true_box(30).xywh), frame=30)
        page.do("step")
        page.until(lambda m: m.get("frame") == 31)
    assert [row["frame"] for row in rows(server, path)] == [30, 31]
    frames = read_video(video_of(server, path, tmp_path))
    assert len(frames) == FRAMES and [index_of(frames[i]) for i in (0, 30, FRAMES - 1)] == [0, 30, FRAMES - 1]


def test_drawn_boxes_are_rows(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.do("add", box=list(START.xywh))
        page.of("targets")
    assert [row["frame"] for row in rows(server, path)] == [0]
    assert server.ask("GET", path + "/download/mot").status == 200


def test_a_removed_target_comes_back_with_its_results(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.track()
        page.do("add", box=[60, 60, 20, 20], name="other")
        page.of("targets")
        before = server.ask("GET", path + "/timeline").json["targets"]
        page.do("remove", id=1)
        assert [one["id"] for one in page.of("targets")["known"]] == [2]
        page.do("restore", id=1)
        assert [one["id"] for one in page.of("targets")["known"]] == [1, 2]
        assert server.ask("GET", path + "/timeline").json["targets"] == before
        page.do("restore", id=1)
        assert "no removed target 1" in page.of("error")["error"]
        page.do("redraw", id=1, box=list(true_box(20).xywh), frame=20)
        page.do("step")
        shown = page.until(lambda m: m["type"] == "frame" and m["frame"] == 21)
        assert [one["id"] for one in shown["targets"]] == [1]


def test_what_is_taken_back_finds_no_room_where_others_came(tmp_path: Path, video: Path) -> None:
    with serving(tmp_path, videos=video.parent, targets=1) as server, server.page(server.with_file()) as page:
        page.do("add", box=[20, 20, 20, 20])
        page.do("remove", id=1)
        page.do("add", box=[30, 30, 20, 20])
        page.do("restore", id=1)
        assert "1 targets" in page.of("error")["error"]


def test_the_timeline_has_the_places_for_trails(server: Served) -> None:
    path = server.with_file()
    server.tracked(path)
    target = server.ask("GET", path + "/timeline").json["targets"][0]
    found = {int(row["frame"]): row for row in rows(server, path)}
    for frame, x, y in zip(target["frames"], target["x"], target["y"], strict=True):
        assert x == pytest.approx(found[frame]["x"] + found[frame]["w"] / 2, abs=0.1)
        assert y == pytest.approx(found[frame]["y"] + found[frame]["h"] / 2, abs=0.1)


def test_a_session_whose_page_says_that_somebody_is_there_stays_and_the_other_is_told_why_it_ends(
    tmp_path: Path, video: Path
) -> None:
    with (
        serving(tmp_path, videos=video.parent, idle=0.8) as server,
        server.page(server.with_file()) as page,
        server.page(server.with_file()) as silent,
    ):
        page.of("frame")
        end = time.monotonic() + 2
        while time.monotonic() < end:
            page.do("here")
            time.sleep(0.2)
        page.do("step")
        assert page.until(lambda m: m.get("frame") == 1)
        with pytest.raises(Exception, match=r"4001.*nothing was heard of it for 0\.8 s"):
            while True:
                silent.next(ack=False)
