"""What a session shows and does: where it is in its feed, what it tracks from there, and the browser's commands."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import NDArray

from tracker.box import Box
from tracker.live.followers import Follower
from tracker.live.web.board import Board
from tracker.live.web.feeds import CameraFeed, Feed, FileFeed, LiveFeed, StreamFeed
from tracker.live.web.jpeg import from_browser
from tracker.live.web.settings import ServeSettings
from tracker.live.web.tracks import Tracks
from tracker.live.web.turns import Turns
from tracker.live.web.wire import Refused

Image = NDArray[Any]
Message = dict[str, Any]
RECENT, RECENT_BYTES = 8, 64 << 20  # live frames that can still be drawn on
RATED = 16  # newest frames of which the rate is shown


class Ear(Protocol):
    """Who hears what a player has to say."""

    def say(self, message: Message) -> None: ...
    def show(self, message: Message, image: Image | None) -> None: ...


class Player:
    """The state of a session. Everything here happens in the thread of its run.

    `moving` says that `go_on` is to be called, not before `due` (on the clock of time.monotonic()).
    """

    def __init__(
        self,
        feed: Feed,
        ear: Ear,
        make_follower: Callable[[], Follower],
        turns: Turns,
        limits: ServeSettings,
    ) -> None:
        self.feed, self.board, self.limits = feed, Board(limits.targets), limits
        self.playing, self.direction, self.rate = isinstance(feed, LiveFeed), 1, 1.0
        self.position, self.status, self.due = 0, "", 0.0
        self.number: dict[str, int] = {}  # "n" of the command that is done, for its answer
        self._ear = ear
        self._image: Image | None = None  # of the position, or the last one that could be read
        self._recent: deque[tuple[int, Image]] = deque(maxlen=RECENT)
        self.tracks = Tracks(self.board, make_follower, turns)
        self._most = limits.seconds * min(max(feed.fps, 1.0), 60.0)  # frames of a recording
        self._done: deque[float] = deque(maxlen=RATED)  # when the newest frames were done, without a break

    @property
    def moving(self) -> bool:
        """Whether there is something to do without being asked."""
        return self.playing and not isinstance(self.feed, CameraFeed)

    def begin(self) -> None:
        """Get the first frame."""
        if isinstance(self.feed, FileFeed):
            self._image = self.feed.at(0)
        elif isinstance(self.feed, StreamFeed):
            self.position = -1
            self.go_on()
        else:
            self.position = -1
        self.hello()

    # --- moving

    def go_on(self) -> None:
        """One frame on in the direction of play."""
        if isinstance(self.feed, StreamFeed):
            self._follow_stream(self.feed)
        elif isinstance(self.feed, FileFeed):
            self._step_file(self.feed, self.direction)
            wait = 1 / (self.feed.fps * self.rate) if self.rate else 0.0
            now = time.monotonic()
            self.due = max(self.due + wait, now - wait)  # a slow frame is made up for by the next one at most

    def _follow_stream(self, feed: StreamFeed) -> None:
        frame = feed.next()
        if frame is None:
            self._halt(feed.ended)
        elif frame.status:
            self.status = frame.status
            self._done.clear()
        elif frame.image is not None and self._has_room() and self._fits(frame.image):
            self.status = ""
            feed.keep(frame.image)
            self._advance(self.position + 1, frame.image)
        self._show()

    def _step_file(self, feed: FileFeed, direction: int) -> None:
        to = self.position + direction
        if not 0 <= to < (feed.count or 0):
            self._halt("end")
        else:
            self._advance(to, feed.at(to))
            if self.playing and not 0 <= to + direction < (feed.count or 0):
                self._halt("end")
        self._show()

    def take(self, data: bytes) -> None:
        """The next picture of the browser's camera. Raises Refused."""
        feed = self.feed
        assert isinstance(feed, CameraFeed)
        image = from_browser(data, self.limits.picture_bytes, (self.limits.width, self.limits.height))
        if self.playing and self._has_room():
            feed.keep(image, data)
            self._advance(self.position + 1, image)
        elif not self.playing and self._image is None:
            self._image = image
        self._show(answer=True)

    def _has_room(self) -> bool:
        """Whether a live recording may grow; else it halts."""
        if self.position + 1 < self._most:
            return True
        self._halt(f"the limit of {self.limits.seconds:g} s is reached")
        return False

    def _fits(self, image: Image) -> bool:
        """Whether a stream has not become too large; else it halts."""
        height, width = image.shape[:2]
        if width <= self.limits.width and height <= self.limits.height:
            return True
        self._halt(f"frames of {width}x{height} pixels are too large")
        return False

    def _halt(self, status: str) -> None:
        self.playing, self.status = False, status

    def _advance(self, to: int, image: Image | None) -> None:
        """Go to a neighbouring frame, and track what has no valid result there."""
        if self._image is not None and self.position >= 0:
            self.tracks.move(self.position, self._image, to, image)
        self._arrive(to, image)
        self._done.append(time.monotonic())  # afterwards: how long the first frame took is not part of the rate

    def _arrive(self, to: int, image: Image | None) -> None:
        self.position = to
        if image is None:
            return
        self._image = image
        if isinstance(self.feed, LiveFeed):
            self._recent.append((to, image))
            while len(self._recent) > 1 and len(self._recent) * image.nbytes > RECENT_BYTES:
                self._recent.popleft()

    # --- what the browser wants

    def play(self, direction: int) -> None:
        """Go on by itself, forward (1) or backward (-1)."""
        if direction < 0:
            self._file()
        self.playing, self.direction, self.status, self.due = True, direction, "", time.monotonic()
        self._done.clear()
        self._show()

    def pause(self) -> None:
        """Stay where it is."""
        self.playing = False
        self._show()

    def step(self, direction: int) -> None:
        """One frame forward or backward."""
        self.playing, self.status = False, ""
        self._step_file(self._file(), direction)

    def seek(self, frame: int) -> None:
        """Go to any frame. Raises Refused beyond the ends."""
        self._go_to(self._file(), frame)
        self._show()

    def speed(self, rate: float) -> None:
        """Play files at this multiple of their own rate; 0: as fast as it goes."""
        self.rate, self.due = rate, time.monotonic()

    def drawn_on(self, frame: int) -> tuple[int, Image]:
        """The frame that the user saw when drawing. A file goes there; of a live source the newest stands in for one
        that is gone. Raises Refused where there is no picture."""
        if frame != self.position and isinstance(self.feed, FileFeed):
            self._go_to(self.feed, frame)
        if self._image is None or self.position < 0:
            raise Refused(409, "there is no picture here to draw on")
        return next((seen for seen in reversed(self._recent) if seen[0] == frame), (self.position, self._image))

    def draw(self, id: int, box: Box, frame: int, image: Image) -> None:
        """Take the user's word for where a target is in a frame that `drawn_on` gave."""
        self.tracks.draw(id, box, frame, image, self.position)
        self._done.clear()  # the picture may have stood still meanwhile, and to begin takes longer than to follow
        self.edited()

    def remove(self, id: int, keep: bool) -> None:
        """Follow a target no longer, and forget what was found of it unless `keep`."""
        self.tracks.remove(id, keep)
        self.edited()

    def restore(self, id: int) -> None:
        """Take a removed target back, with what was found of it. Raises Refused."""
        self.board.restore(id)
        self.edited()

    def _go_to(self, feed: FileFeed, frame: int) -> None:
        if frame >= (feed.count or 0):
            raise Refused(400, f"frame: there are {feed.count} frames, from 0 to {(feed.count or 0) - 1}")
        self.status, self.due = "", time.monotonic()
        if frame != self.position:
            self.position, self._image = frame, feed.at(frame)
            self.status = "" if self._image is not None else "this frame cannot be read"

    def _file(self) -> FileFeed:
        if not isinstance(self.feed, FileFeed):
            raise Refused(409, "a live source has only its newest frame")
        return self.feed

    # --- what it says

    def error(self, line: str, do: str = "") -> None:
        """Tell the browser what was wrong. With a camera's picture this is the answer to it, which it waits for."""
        self._ear.say({"type": "error", "error": line, **self.number, **({"about": do} if do == "picture" else {})})

    def answer(self) -> None:
        """Answer a picture of the browser's camera without a look at it."""
        self._show(answer=True)

    def fail(self, line: str, do: str = "") -> None:
        """Stop for good, at the command `do`."""
        self._halt("failed")
        self.error(line)
        self._show(answer=do == "picture")

    def hello(self) -> None:
        """Tell the browser everything."""
        place = {
            "frame": max(0, self.position),
            "playing": self.playing,
            "direction": self.direction,
            "rate": self.rate,
        }
        shown = {"targets": self.board.shown(self.position), "known": self.board.all()}
        self._ear.say({"type": "hello", "source": self.feed.public, **place, **shown})
        self._show()

    def edited(self) -> None:
        """Tell the browser of other targets, names or boxes."""
        place = {"frame": max(0, self.position), "targets": self.board.shown(self.position)}
        self._ear.say({"type": "targets", **place, "known": self.board.all(), **self.number})
        self._show()

    def _show(self, answer: bool = False) -> None:
        """Show where it is. With a camera this answers a picture, and is said at no other time."""
        camera = isinstance(self.feed, CameraFeed)
        if camera and not answer:
            return
        state = {"playing": self.playing, "direction": self.direction, "status": self.status}
        frame, targets = max(0, self.position), self.board.shown(self.position)
        times = {"time": round(frame / self.feed.fps, 3), "fps": round(self._fps, 1) if self.playing else 0.0}
        message = {"type": "frame", "frame": frame, **times, **state, "targets": targets}
        if not camera and self._image is not None and self._image.shape[1::-1] != self.feed.size:
            message["size"] = list(self._image.shape[1::-1])  # it changed; boxes are in these pixels
        self._ear.show(message, None if camera else self._image)

    @property
    def _fps(self) -> float:
        """Frames a second; 0 while there is nothing to measure."""
        seconds = self._done[-1] - self._done[0] if self._done else 0.0
        return (len(self._done) - 1) / seconds if seconds else 0.0
