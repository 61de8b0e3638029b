"""The thread of a session: it reads and tracks, and does what the browser says between two frames."""

from __future__ import annotations

import threading
import time

from tracker.errors import InputError
from tracker.live.web.commands import COMMANDS
from tracker.live.web.feeds import CameraFeed
from tracker.live.web.inbox import Inbox
from tracker.live.web.player import Player
from tracker.live.web.trouble import report
from tracker.live.web.wire import Refused, Words

CLOSING = 10.0  # seconds that the end of a session waits for the frame that is worked on
FAILED = "tracking failed; start another session"


class Run(threading.Thread):
    """Drives a player. Commands come through `post` and `picture`, from any thread."""

    def __init__(self, player: Player) -> None:
        super().__init__(name="session", daemon=True)
        self.player = player
        self._inbox = Inbox()
        self._closing = threading.Event()
        self._doing = ""  # the command that was begun last

    def post(self, do: str, words: Words) -> None:
        """Let a command be done. Raises Refused where too many wait, or there is none of this name."""
        if do not in COMMANDS:
            raise Refused(400, f"do: there is no command {do[:20]!r} (known: {', '.join(COMMANDS)})")
        self._inbox.put((do, words))

    def greet(self) -> None:
        """Let the browser be told everything."""
        self.post("hello", Words({}))

    def picture(self, data: bytes) -> None:
        """Take the next picture of the browser's camera. Raises Refused while another one waits."""
        if not isinstance(self.player.feed, CameraFeed):
            raise Refused(409, "this session has no camera: binary messages are not understood")
        self._inbox.put(("picture", data))

    def close(self) -> None:
        """End, and let go of the source. Waits for the frame that is worked on."""
        self._closing.set()
        self._inbox.wake()
        if self.is_alive():
            self.join(CLOSING)
        if not self.is_alive():  # what a hanging read still uses is left to the end of the process
            self.player.feed.close()

    def run(self) -> None:
        try:
            self.player.begin()
            while not self._closing.is_set():
                self._listen()
                if self.player.moving and time.monotonic() >= self.player.due and not self._closing.is_set():
                    self.player.go_on()
        except Exception as error:  # the session ends, the server does not
            report(error)
            self.player.fail(FAILED, self._doing)
        while not self._closing.is_set():  # what is said is answered until the session is closed
            self._inbox.wait(1.0)
            command = self._inbox.get()
            if command is not None and command[0] == "picture":
                self.player.answer()
            elif command is not None:
                self.player.fail(FAILED)

    def _listen(self) -> None:
        """Do what was asked for; wait for it where there is nothing else to do, or until the next frame is due."""
        self._inbox.wait(max(0.0, self.player.due - time.monotonic()) if self.player.moving else 1.0)
        while not self._closing.is_set() and (command := self._inbox.get()) is not None:
            try:
                self._obey(*command)
            except Refused as refused:
                self.player.error(refused.line, command[0])
            except InputError as error:
                self.player.error(" ".join(str(error).split()), command[0])

    def _obey(self, do: str, words: Words | bytes) -> None:
        self._doing, self.player.number = do, {}
        if isinstance(words, bytes):
            self.player.take(words)
        else:
            if "n" in words:
                self.player.number = {"n": words.integer("n")}
            COMMANDS[do](self.player, words)
