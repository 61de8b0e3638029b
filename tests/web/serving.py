"""A real server on a free port in a thread of the test, and clients that talk to it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.helpers import TemplateTracker
from tracker.live.followers import Copies, Follower
from tracker.live.stop import Stop
from tracker.live.web.server import listen, serve
from tracker.live.web.settings import ServeSettings

PATIENCE = 20.0
START = [20, 40, 24, 24]  # of the target in the drawn video


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The line of an error."""
        return str(self.json["error"])


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int
    folder: Path
    token: str = ""

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, timeout: float = PATIENCE
    ) -> Answer:
        """One request; `body` is sent as it is if it is bytes, else as JSON."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as connection:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            found = {key.lower(): value for key, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())

    def session(self) -> str:
        """The path of a new session."""
        answer = self.ask("POST", "/api/sessions")
        assert answer.status == 200, answer
        return f"/api/sessions/{answer.json['session']}"

    def with_file(self, name: str = "drawn.mp4") -> str:
        """The path of a new session with a video of the operator."""
        path = self.session()
        answer = self.ask("POST", path + "/source", {"kind": "file", "name": name})
        assert answer.status == 200, answer
        return path

    @contextmanager
    def page(self, path: str, query: str = "", **options: Any) -> Iterator[Page]:
        """The websocket of a session."""
        address = f"ws://127.0.0.1:{self.port}{path}/live{query}"
        with connect(address, max_size=None, open_timeout=PATIENCE, close_timeout=1, **options) as connection:
            yield Page(connection)

    def tracked(self, path: str) -> None:
        """Add the drawn target to a session and track to the end."""
        with self.page(path) as page:
            page.track()


class Page:
    """What a page does with its websocket: it acknowledges every picture."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.pictures: list[bytes] = []
        self.frames: list[dict[str, Any]] = []

    def do(self, do: str, **values: Any) -> None:
        """Send a command."""
        self.connection.send(json.dumps({"do": do, **values}))

    def next(self, timeout: float = PATIENCE, ack: bool = True) -> dict[str, Any]:
        """The next message; a picture is put into `pictures`."""
        message = self.connection.recv(timeout)
        assert isinstance(message, str), "a picture follows its message"
        words = dict(json.loads(message))
        if words["type"] == "frame":
            self.frames.append(words)
        if words.get("picture"):
            picture = self.connection.recv(timeout)
            assert isinstance(picture, bytes)
            self.pictures.append(picture)
            if ack:
                self.do("ack", frame=words["frame"])
        return words

    def until(self, holds: Callable[[dict[str, Any]], bool], ack: bool = True) -> dict[str, Any]:
        """The first message that fits."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            words = self.next(ack=ack)
            if holds(words):
                return words
        raise AssertionError("no such message came")

    def of(self, kind: str) -> dict[str, Any]:
        """The next message of a type."""
        return self.until(lambda words: words["type"] == kind)

    def track(self, box: list[float] | None = None) -> dict[str, Any]:
        """Add a target on the frame that is shown, and play to the end as fast as it goes."""
        self.do("add", box=START if box is None else box)
        self.do("speed", rate=0)
        self.do("play")
        return self.until(lambda words: words.get("status") == "end")


def follower() -> Follower:
    """Weak, but quick, and without a network."""
    return Copies(TemplateTracker())


@contextmanager
def serving(folder: Path, make_follower: Callable[[], Follower] = follower, **settings: Any) -> Iterator[Served]:
    """A server whose sessions keep their files in `folder`."""
    chosen = ServeSettings(port=0, folder=folder, **settings)
    stop = Stop()
    with listen(chosen.host, 0) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=serve, args=(chosen, make_follower, listener, stop), daemon=True)
        thread.start()
        try:
            yield Served(port, folder, chosen.token)
        finally:
            stop.request("the test")
            thread.join(PATIENCE)
            assert not thread.is_alive(), "the server does not end"


def until(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
