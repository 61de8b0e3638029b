"""The server as a page uses it: a video, targets, playing both ways, timeline and downloads."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers import FRAMES, damage, index_of, read_video, true_box
from tests.web.serving import START, Served, serving, until
from tracker.box import Box, iou
from tracker.formats import read_rows


@pytest.fixture(scope="module")
def server(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    videos = tmp_path_factory.mktemp("videos")
    shutil.copy(video, videos / "drawn.mp4")
    (videos / "notes.txt").write_text("not a video")
    (videos / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42 and nothing else")
    outside = tmp_path_factory.mktemp("outside") / "secret.mp4"
    shutil.copy(video, outside)
    os.symlink(outside, videos / "link.mp4")
    with serving(tmp_path_factory.mktemp("sessions"), videos=videos, sessions=20) as served:
        yield served


def mean_overlap(boxes: dict[int, Box]) -> float:
    return float(np.mean([iou(box.xywh, true_box(frame).xywh) for frame, box in boxes.items()]))


def test_what_the_server_offers(server: Served) -> None:
    about = server.ask("GET", "/api/info").json
    drawn = {"name": "drawn.mp4", "frames": FRAMES, "fps": 25.0, "width": 160, "height": 120}
    assert about["videos"] == [drawn], "no text, nothing damaged, no link that leads out of the folder"
    assert about["unreadable"] == ["broken.mp4"] and about["omitted"] == 0
    assert about["uploads"] and not about["streams"]
    assert about["limits"]["upload_mb"] == 500


def test_the_page_asks_no_other_host(server: Served) -> None:
    answer = server.ask("GET", "/")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_track_a_video_from_a_drawn_box(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        hello = page.of("hello")
        assert hello["source"]["frames"] == FRAMES and hello["source"]["seekable"]
        last = page.track()
        assert last["frame"] == FRAMES - 1 and not last["playing"]
        if not last["picture"]:  # two were on their way
            page.until(lambda m: m.get("picture", False) and m["frame"] == FRAMES - 1)
        picture = cv2.imdecode(np.frombuffer(page.pictures[-1], np.uint8), cv2.IMREAD_COLOR)
        assert index_of(picture) == FRAMES - 1, "the last picture comes, whatever was dropped before"
    timeline = server.ask("GET", path + "/timeline").json
    (target,) = timeline["targets"]
    assert target["frames"] == list(range(FRAMES)) and len(target["states"]) == len(target["scores"]) == FRAMES
    assert target["given"] == [0]
    part = server.ask("GET", path + "/timeline?from=10&to=12").json["targets"][0]
    assert part["frames"] == [10, 11, 12]


@pytest.mark.parametrize("form", ["csv", "jsonl", "mot", "coco"])
def test_boxes_are_downloaded_and_read_again(server: Served, tmp_path: Path, form: str) -> None:
    path = server.with_file()
    server.tracked(path)
    answer = server.ask("GET", f"{path}/download/{form}")
    assert answer.status == 200 and "attachment" in answer.headers["content-disposition"]
    file = tmp_path / answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
    file.write_bytes(answer.body)
    rows = read_rows(file)
    assert [row.frame for row in rows] == list(range(FRAMES))
    assert mean_overlap({row.frame: row.box for row in rows}) > 0.7


def test_the_video_is_downloaded(server: Served, tmp_path: Path) -> None:
    path = server.with_file()
    server.tracked(path)
    answer = server.ask("GET", f"{path}/download/video")
    assert answer.headers["content-type"] == "video/mp4"
    (tmp_path / "drawn.mp4").write_bytes(answer.body)
    frames = read_video(tmp_path / "drawn.mp4")
    assert len(frames) == FRAMES and [index_of(frames[i]) for i in (20, 40)] == [20, 40]


def test_backward_from_any_frame(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.do("seek", frame=30)
        page.until(lambda m: m.get("frame") == 30)
        page.do("add", box=list(true_box(30).xywh), name="ball")
        page.do("speed", rate=0)
        page.do("play", direction=-1)
        page.until(lambda m: m.get("status") == "end")
        timeline = server.ask("GET", path + "/timeline").json["targets"][0]
        assert timeline["frames"] == list(range(31)) and timeline["name"] == "ball"
        page.do("seek", frame=30)
        page.do("play", direction=1)
        page.until(lambda m: m.get("status") == "end" and m["frame"] == FRAMES - 1)
    rows = [json.loads(line) for line in server.ask("GET", f"{path}/download/jsonl").body.splitlines()]
    boxes = {row["frame"]: Box(row["x"], row["y"], row["w"], row["h"]) for row in rows}
    assert sorted(boxes) == list(range(FRAMES)) and mean_overlap(boxes) > 0.7


def test_redrawing_replaces_what_follows_up_to_the_next_drawn_box(server: Served) -> None:
    path = server.with_file()
    wrong = [100, 70, 24, 24]
    with server.page(path) as page:
        page.do("speed", rate=0)
        page.do("add", box=wrong)
        page.do("redraw", id=1, box=list(true_box(40).xywh), frame=40)
        page.do("seek", frame=0)
        page.do("play")
        page.until(lambda m: m.get("status") == "end")
        before = boxes_of(server, path)
        page.do("redraw", id=1, box=list(true_box(20).xywh), frame=20)
        page.do("play")
        page.until(lambda m: m.get("status") == "end")
        after = boxes_of(server, path)
    assert all(before[frame] == after[frame] for frame in (*range(20), *range(40, FRAMES)))
    assert mean_overlap({frame: before[frame] for frame in range(20, 40)}) < 0.2
    assert mean_overlap({frame: after[frame] for frame in range(20, FRAMES)}) > 0.7
    given = server.ask("GET", path + "/timeline").json["targets"][0]["given"]
    assert given == [0, 20, 40]


def boxes_of(server: Served, path: str) -> dict[int, Box]:
    rows = [json.loads(line) for line in server.ask("GET", f"{path}/download/jsonl").body.splitlines()]
    return {row["frame"]: Box(row["x"], row["y"], row["w"], row["h"]) for row in rows}


def test_playing_over_results_shows_them_and_tracks_on(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.do("add", box=START)
        for _ in range(3):
            page.do("step")
        page.until(lambda m: m.get("frame") == 3 and m["type"] == "frame")
        before = server.ask("GET", path + "/timeline").json["targets"][0]
        page.do("add", box=[10, 90, 20, 20], frame=2)
        page.until(lambda m: m["type"] == "targets" and m["frame"] == 2)
        page.do("speed", rate=0)
        page.do("play")
        page.until(lambda m: m.get("status") == "end")
    first, second = server.ask("GET", path + "/timeline").json["targets"]
    assert first["scores"][:4] == before["scores"] and first["frames"] == list(range(FRAMES))
    assert second["frames"] == list(range(2, FRAMES))


def test_targets_are_renamed_and_removed(server: Served) -> None:
    path = server.with_file()
    with server.page(path) as page:
        page.do("add", box=START)
        page.do("add", box=[60, 60, 20, 20])
        page.do("rename", id=2, name="  second\n\x07one ")
        shown = page.until(lambda m: m["type"] == "targets" and m["known"][-1]["name"] == "second one")
        assert [known["id"] for known in shown["known"]] == [1, 2]
        page.do("step")
        page.do("remove", id=2, keep=True)
        page.do("step")
        page.until(lambda m: m["type"] == "frame" and m["frame"] == 2)
        first, second = server.ask("GET", path + "/timeline").json["targets"]
        assert (first["frames"], second["frames"]) == ([0, 1, 2], [0, 1])
        page.do("remove", id=2)
        assert len(page.of("targets")["known"]) == 1
        page.do("add", box=START)
        assert page.of("targets")["known"][-1]["id"] == 3, "an id is never used again"


def test_an_answer_carries_the_number_of_its_command(server: Served) -> None:
    with server.page(server.with_file()) as page:
        page.do("add", box=START, n=7)
        assert page.of("targets")["n"] == 7
        page.do("redraw", id=1, box=[-50, 0, 20, 20], n=8)
        assert page.of("error")["n"] == 8
        page.do("redraw", id=1, box=START, n="9")
        assert page.of("error")["error"].startswith("n: ")
        page.do("redraw", id=1, box=START)
        assert "n" not in page.of("targets")


def test_scrubbing_gives_any_frame_of_any_width(server: Served) -> None:
    path = server.with_file()
    for index in (45, 3, 44):
        answer = server.ask("GET", f"{path}/frame/{index}.jpg")
        picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
        assert answer.headers["content-type"] == "image/jpeg" and index_of(picture) == index
    small = cv2.imdecode(np.frombuffer(server.ask("GET", f"{path}/frame/3.jpg?w=80").body, np.uint8), 1)
    assert small.shape == (60, 80, 3)


def test_an_upload_becomes_the_source(server: Served, video: Path) -> None:
    path = server.session()
    answer = server.ask("PUT", path + "/upload?name=../../my%20clip.mp4", video.read_bytes())
    assert answer.status == 200 and answer.json["frames"] == FRAMES
    assert "clip" in answer.json["name"]
    server.tracked(path)
    name = server.ask("GET", path + "/download/csv").headers["content-disposition"]
    assert "/" not in name and "my_clip.csv" in name


def test_a_damaged_upload_is_tracked_over_its_gaps(server: Served, video: Path, tmp_path: Path) -> None:
    copy = damage(Path(shutil.copy(video, tmp_path / "copy.mp4")))
    path = server.session()
    assert server.ask("PUT", path + "/upload", copy.read_bytes()).status == 200
    server.tracked(path)
    assert server.ask("GET", path + "/timeline").json["targets"][0]["frames"] == list(range(FRAMES))


def test_sessions_do_not_see_each_other(server: Served) -> None:
    one, two = server.with_file(), server.with_file()
    server.tracked(one)
    assert server.ask("GET", one + "/timeline").json["targets"]
    assert server.ask("GET", two + "/timeline").json["targets"] == []
    assert server.ask("GET", two + "/download/csv").status == 409
    with server.page(two) as page:
        assert page.of("hello")["known"] == []


def test_two_sessions_track_at_once(server: Served) -> None:
    paths = [server.with_file(), server.with_file()]
    threads = [threading.Thread(target=server.tracked, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for path in paths:
        assert mean_overlap(boxes_of(server, path)) > 0.7


def test_a_removed_session_leaves_nothing(server: Served) -> None:
    before = set(server.folder.rglob("*"))
    path = server.with_file()
    with server.page(path) as page:
        page.of("frame")
        assert server.ask("DELETE", path).status == 200
        with pytest.raises(Exception, match="4001"):
            while True:
                page.next()
    assert server.ask("GET", path + "/timeline").status == 404
    assert until(lambda: set(server.folder.rglob("*")) <= before)


def test_an_idle_session_is_removed_with_its_folder(video: Path, tmp_path: Path) -> None:
    with serving(tmp_path, idle=0.6) as server:
        path, other = server.session(), server.session()
        assert server.ask("PUT", path + "/upload", video.read_bytes()).status == 200
        (root,) = tmp_path.iterdir()
        assert len(list(root.glob("session-*"))) == 2
        end = time.monotonic() + 2
        while time.monotonic() < end:  # this one is used
            assert server.ask("GET", other + "/timeline").status == 409
            time.sleep(0.1)
        assert server.ask("GET", path + "/timeline").status == 404
        assert until(lambda: len(list(root.glob("session-*"))) == 1)
    assert not list(tmp_path.iterdir()), "nothing is left when the server ends"


def test_there_are_only_so_many_sessions(tmp_path: Path) -> None:
    with serving(tmp_path, sessions=2) as server:
        first, _ = server.session(), server.session()
        refused = server.ask("POST", "/api/sessions")
        assert refused.status == 429 and "2 sessions" in refused.error
        server.ask("DELETE", first)
        assert server.ask("POST", "/api/sessions").status == 200
