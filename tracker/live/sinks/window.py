"""The run as it goes, in a window."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType

import cv2
import numpy as np

from tracker.live.display import DEFAULT_SCREEN, release, screen_size
from tracker.live.select import close_window, is_open
from tracker.live.sinks.base import SINKS, Sink, Step
from tracker.live.stop import Stop

TITLE = "siamsa: Space pauses, . shows the next frame, q or Esc ends"
END = (27, ord("q"))
PAUSE, NEXT = ord(" "), ord(".")


@SINKS.register("window")
class Window(Sink):
    """Shows every frame; Space pauses and goes on, `.` goes on for one frame and pauses there.

    `q`, Esc or closing the window ends the run with everything written.
    A window that fails is said so once, and the run goes on without it.
    """

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        self.shown = True
        self.paused = False

    def __enter__(self) -> Window:
        width, height = screen_size() or DEFAULT_SCREEN
        self._limit = (width * 0.95, height * 0.85)
        self._guard(lambda: cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL))
        release()
        return self

    def write(self, step: Step) -> None:
        if self.shown:
            self._guard(lambda: self._show(step))

    def _show(self, step: Step) -> None:
        image = step.drawn
        height, width = image.shape[:2]
        scale = min(1.0, self._limit[0] / width, self._limit[1] / height)
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        cv2.imshow(TITLE, image)
        key = cv2.waitKey(1) & 0xFF
        self.paused = key == NEXT or self.paused != (key == PAUSE)
        while self.paused and not self.stop and is_open(TITLE):
            key = cv2.waitKey(30) & 0xFF
            self.paused = key != PAUSE
            if key == NEXT or key in END:
                break
        if key in END or not is_open(TITLE):
            self.stop.request("the window")

    def _guard(self, act: Callable[[], object]) -> None:
        try:
            act()
        except cv2.error as error:
            self.shown = False
            print(f"siamsa: the window failed, tracking goes on without it ({error.err})", file=sys.stderr)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.shown:
            self._guard(lambda: close_window(TITLE))
