"""One OpenCV window: opened, shown, asked for keys, closed by us or by the user."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import cv2

from tracker.drawing.draw import Image
from tracker.errors import InputError
from tracker.live.display import DEFAULT_SCREEN, NO_DISPLAY, release, screen_size
from tracker.live.window.keys import name_of

Mouse = Callable[[int, int, int], None]  # cv2.EVENT_*, x, y in pixels of the window


class Surface:
    """A window of one title, as a context manager. Raises cv2.error where the window system fails."""

    def __init__(self, title: str, mouse: Mouse) -> None:
        self.title = title
        self._mouse = mouse
        self._shown = False
        self._screen = DEFAULT_SCREEN

    @property
    def limit(self) -> tuple[int, int]:
        """The largest width and height that a picture should have on this screen."""
        width, height = self._screen
        return round(width * 0.95), round(height * 0.85)

    @property
    def closed(self) -> bool:
        """Whether the user has closed it."""
        if not self._shown:
            return False
        try:
            return cv2.getWindowProperty(self.title, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error:
            return True

    def show(self, picture: Image) -> None:
        """Show a picture, unless the window was closed: OpenCV would open it again."""
        if self.closed:
            return
        cv2.imshow(self.title, picture)
        if not self._shown:
            cv2.setMouseCallback(self.title, self._on_mouse)
            self._shown = True

    def key(self, seconds: float) -> str:
        """Serve the window for a while, at least a millisecond; the name of the key that was pressed, or empty."""
        return name_of(cv2.waitKeyEx(max(1, round(seconds * 1000))))

    def _on_mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        self._mouse(event, x, y)

    def __enter__(self) -> Surface:
        """Open it. Raises InputError where there is no display: OpenCV would abort the process."""
        screen = screen_size()  # before the window is there: finding out opens others for a moment
        if screen is None:
            raise InputError(NO_DISPLAY)
        self._screen = screen
        cv2.namedWindow(self.title, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
        release()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and not self.closed:
            cv2.destroyWindow(self.title)
            cv2.waitKey(1)  # the window system acts on it
