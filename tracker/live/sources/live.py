"""Sources that do not wait: read in a thread, the newest frame wins, and a lost connection is made again."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator

from tracker.errors import InputError
from tracker.live.sources.base import Frame, Source, Span
from tracker.live.sources.reception import Connection, Newest, Reception, Waits

HUNG = 3  # threads that may hang at once before no further one is started


class LiveSource(Source):
    """A source read through connections; a subclass says in `connect` which.

    Its frames are counted as they are taken, so indices have no gaps. Where nothing comes, iteration yields news about
    twice a second; the first frame is waited for without news, and its absence is an InputError.
    """

    live = True
    waits = Waits()

    def __init__(self, address: str, span: Span | None = None) -> None:
        super().__init__(address, span)
        self._newest = Newest()
        self._receptions: list[Reception] = []  # the last one works, those before it hang

    @abstractmethod
    def connect(self) -> Connection:
        """A new connection, not yet open. Called in the thread that will use it."""

    def open(self) -> None:
        try:
            reception = self._receive()
            reception.settled.wait(self.waits.call)
            if reception.connection is None:
                raise self._refusal(reception, "does not answer")
            self.fps = reception.connection.fps
        except BaseException:  # also Ctrl-C while it is waited for
            self.close()
            raise

    def read(self) -> Iterator[Frame]:
        index, began = 0, False
        heard, told = time.monotonic(), float("-inf")
        while self.span.stop is None or index < self.span.stop:
            # Asked before: what ends a connection comes after its last picture.
            over, down = self._receptions[-1].over, self._receptions[-1].down
            picture = self._newest.take(0.0 if over or (down and not began) else self.waits.news)
            self.dropped = self._newest.dropped
            if picture is not None:
                image, heard = picture
                if index in self.span:
                    began = True
                    yield Frame(index, image, time=heard)
                index += 1
                continue
            reception, now = self._working(), time.monotonic()
            silent = now - heard
            if not began and not (over and index) and (down or silent >= self.waits.call):
                raise self._refusal(reception, "answers, but sends no picture")
            if over or (self.gives_up is not None and silent > self.gives_up):
                self.ended = self._reason(reception)
                return
            if reception.over:
                continue  # its last picture may wait
            if began and (reception.down or silent >= self.waits.silence) and now - told >= self.waits.news:
                told = now
                yield Frame(self.span.following(index), None, f"reconnecting, {int(silent)} s")

    def close(self) -> None:
        for reception in self._receptions:
            reception.stop()
        for reception in self._receptions:
            if reception.is_alive() and not reception.hangs:
                reception.join(self.waits.close)

    def _receive(self, down: bool = False) -> Reception:
        reception = Reception(self.connect, self._newest, self.waits, down)
        self._receptions.append(reception)
        reception.start()
        return reception

    def _working(self) -> Reception:
        """The thread that is read from: another one where it hangs, which it is left to do."""
        if self._receptions[-1].hangs:
            self._receptions = [r for r in self._receptions if r.is_alive()]
            if len(self._receptions) < HUNG:
                self._receptions[-1].stop()
                return self._receive(down=True)
        return self._receptions[-1]

    def _reason(self, reception: Reception) -> str:
        """Why it ended; empty for the natural end of a recording."""
        if not reception.over:
            return f"no frame for {self.gives_up:g} s" + (f" ({reception.failure})" if reception.failure else "")
        frames = reception.connection.frames if reception.connection is not None else None
        if frames is None or reception.received >= 0.9 * frames:  # in some containers the number is an estimate
            return ""
        return f"the connection broke off after {reception.received} of about {frames} frames"

    def _refusal(self, reception: Reception, says: str) -> InputError:
        """What is wrong where there is no first frame."""
        if isinstance(reception.failure, InputError):
            return reception.failure
        return InputError(f"{self.address}: {reception.failure or says}")
