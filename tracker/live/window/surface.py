"""One OpenCV window: opened, shown, asked for keys, closed by us or by the user."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import cv2

from tracker.drawing.draw import Image
from tracker.errors import InputError
from tracker.live.display import DEFAULT_SCREEN, NO_DISPLAY, release, screen_size
from tracker.live.window.keys import name_of

Mouse = Callable[[int, int, int], None]  # cv2.EVENT_*, x, y in pixels of the picture
NAME = "siamsa"  # OpenCV's, of the only window


class Surface:
    """The window, as a context manager: there from the first picture on, for one user after the other (`hand_to`).

    The first picture makes its size; later ones are to have the `size` that it has then, which the user may change.
    Raises cv2.error where the window system fails.
    """

    def __init__(self) -> None:
        self._title, self._mouse = NAME, lambda event, x, y: None
        self._shown = False
        self._screen = DEFAULT_SCREEN

    def hand_to(self, title: str, mouse: Mouse) -> None:
        """Give it another title, and its mouse events to `mouse`. Its place on the screen and its size stay."""
        self._title, self._mouse = title, mouse
        if self._shown and not self.closed:
            cv2.setWindowTitle(NAME, title)

    @property
    def limit(self) -> tuple[int, int]:
        """The largest width and height that a picture should have on this screen."""
        width, height = self._screen
        return round(width * 0.95), round(height * 0.85)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the window; None before the first picture, and where the window system does not say."""
        if not self._shown or self.closed:
            return None
        _, _, width, height = cv2.getWindowImageRect(NAME)
        return (width, height) if width > 0 and height > 0 else None

    @property
    def closed(self) -> bool:
        """Whether the user has closed it."""
        if not self._shown:
            return False
        try:
            return cv2.getWindowProperty(NAME, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error:
            return True

    def show(self, picture: Image) -> None:
        """Show a picture, unless the window was closed: OpenCV would open it again."""
        if self._shown:
            if not self.closed:
                cv2.imshow(NAME, picture)
            return
        # Not AUTOSIZE: a window that is made larger would have white edges, and one made smaller lose lines.
        cv2.namedWindow(NAME, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
        release()
        cv2.resizeWindow(NAME, picture.shape[1], picture.shape[0])
        cv2.imshow(NAME, picture)
        cv2.setWindowTitle(NAME, self._title)
        cv2.setMouseCallback(NAME, self._on_mouse)
        self._shown = True

    def key(self, seconds: float) -> str:
        """Serve the window for a while, at least a millisecond; the name of the key that was pressed, or empty."""
        return name_of(cv2.waitKeyEx(max(1, round(seconds * 1000))))

    def _on_mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        self._mouse(event, x, y)

    def __enter__(self) -> Surface:
        """Make ready. Raises InputError where there is no display: OpenCV would abort the process."""
        screen = screen_size()  # before the window is there: finding out opens others for a moment
        if screen is None:
            raise InputError(NO_DISPLAY)
        self._screen = screen
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        release()
        if self._shown and not self.closed:
            cv2.destroyWindow(NAME)
            cv2.waitKey(1)  # the window system acts on it
