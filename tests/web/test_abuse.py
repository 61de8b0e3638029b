"""What the server must stand: every kind of bad request is refused, and another session goes on undisturbed."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import FRAMES, true_box
from tests.web import abuse_http, abuse_socket, abuse_upload  # noqa: F401  they fill the list
from tests.web.abuse import CASES, shut_out
from tests.web.serving import Served, serving, until

LONGEST_GAP = 2.0  # seconds between two frames of the session that goes on; on a busy machine
TOKEN = "a-word-that-is-known"


class Witness(threading.Thread):
    """A session that tracks the drawn video forward and backward, again and again."""

    def __init__(self, server: Served) -> None:
        super().__init__(daemon=True)
        self.server, self.path = server, server.with_file()
        self.frames, self.gap, self.before = 0, 0.0, time.monotonic()
        self.overlap_at_end: list[float] = []
        self.stop = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with self.server.page(self.path) as page:
                page.do("add", box=list(true_box(0).xywh))
                page.do("play")
                direction = 1
                while not self.stop.is_set():
                    words = page.next()
                    if words["type"] == "error":
                        raise AssertionError(words["error"])
                    if words["type"] != "frame":
                        continue
                    now = time.monotonic()
                    self.frames, self.gap, self.before = self.frames + 1, max(self.gap, now - self.before), now
                    if words["status"] == "end" and (words["frame"] > 0) == (direction > 0):
                        direction = -direction
                        page.do("redraw", id=1, box=list(true_box(words["frame"]).xywh))
                        page.do("play", direction=direction)
        except BaseException as error:  # told by the test
            self.error = error


@pytest.fixture(scope="module")
def server(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("abuse")
    videos = folder / "videos"
    videos.mkdir()
    for name in ("videos/drawn.mp4", "videos/.hidden.mp4", "secret.mp4", "drawn.mp4"):
        shutil.copy(video, folder / name)
    os.symlink(folder / "secret.mp4", videos / "link.mp4")
    (videos / "broken.mp4").write_bytes(abuse_upload.MP4_HEAD)
    limits = {"header_wait": 1.0, "body_wait": 1.5, "upload_mb": 2, "width": 1280, "height": 720, "seconds": 30.0}
    with serving(folder, videos=videos, streams=True, sessions=12, **limits) as served:
        yield served


@pytest.fixture(scope="module")
def witness(server: Served) -> Iterator[Witness]:
    witness = Witness(server)
    witness.start()
    yield witness
    witness.stop.set()
    witness.join(10)


@pytest.mark.parametrize("name", CASES)
def test_a_bad_request_is_refused_and_disturbs_nobody(
    name: str, server: Served, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    session = Served.session
    monkeypatch.setattr(Served, "session", lambda self: made.append(session(self)) or made[-1])
    assert until(lambda: witness.frames > 2)
    before, witness.gap = witness.frames, 0.0
    CASES[name](server)
    assert server.ask("GET", "/api/info").status == 200, "the server is alive"
    assert until(lambda: witness.frames > before + 2), "the other session goes on"
    assert witness.error is None, witness.error
    assert witness.gap < LONGEST_GAP, "the other session had to wait"
    for path in made:
        server.ask("DELETE", path)


def test_there_are_forty_kinds() -> None:
    assert len(CASES) >= 40


def test_the_other_session_tracked_rightly_all_the_while(server: Served, witness: Witness) -> None:
    assert until(lambda: witness.frames > 2 * FRAMES, 60)
    timeline = server.ask("GET", witness.path + "/timeline").json["targets"][0]
    assert timeline["frames"] == list(range(FRAMES)) and timeline["states"].count("t") > 0.9 * FRAMES
    assert witness.error is None


@pytest.fixture(scope="module")
def guarded(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("guarded"), videos=video.parent, token=TOKEN) as served:
        yield served


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/info", {}),
        ("/api/info?token=", {}),
        ("/api/info?token=wrong", {}),
        ("/api/info", {"X-Token": "wrong"}),
        ("/api/info", {"X-Token": TOKEN + "x"}),
        ("/api/info", {"X-Token": TOKEN.upper()}),
        ("/api/info", {"X-Token": "\xe4\xf6"}),
        ("/api/info", {"Authorization": f"Bearer {TOKEN}"}),
        ("/api/info", {"Cookie": f"token={TOKEN}"}),
        ("/api/info?token[]=" + TOKEN, {}),
        ("//api/info", {}),
        ("/API/info", {}),
    ],
)
def test_without_the_token_there_is_nothing(guarded: Served, path: str, headers: dict[str, str]) -> None:
    assert guarded.ask("GET", path, headers=headers).status in (401, 404)
    assert guarded.ask("POST", "/api/sessions", headers=headers).status == 401


def test_the_token_opens(guarded: Served) -> None:
    assert guarded.ask("GET", "/").status == 200, "the page itself tells nothing"
    assert guarded.ask("GET", f"/api/info?token={TOKEN}").status == 200
    answer = guarded.ask("POST", "/api/sessions", headers={"X-Token": TOKEN})
    path = f"/api/sessions/{answer.json['session']}"
    shut_out(guarded, path, status=401)
    shut_out(guarded, path, "?token=wrong", status=401)
    with guarded.page(path, f"?token={TOKEN}") as page:
        assert page.of("hello")["source"] is None
