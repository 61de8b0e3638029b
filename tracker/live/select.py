"""Drawing the box of the target on the first frame with the mouse."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.drawing.draw import INK, SKY, WHITE, Image, draw_box, put_text, to_bgr8
from tracker.live.display import DEFAULT_SCREEN, release, screen_size

TITLE = "siamsa: draw a box around the target"
HINTS = {
    "empty": "drag a box around the target    Esc: cancel",
    "drawn": "Enter or Space: track it    drag: draw again    Esc: cancel",
}
BAR = 30  # height of the hint bar below the frame, pixels
TEXT = 10
ACCEPT = (13, 10, 32, 141)  # 141: Enter of the number pad
CANCEL = (27, ord("c"), ord("q"))
SMALLEST = 3  # frame pixels; a shorter drag is a slip of the mouse


class Picker:
    """State of the selection, in pixels of the frame; the window only passes mouse events and shows `canvas()`."""

    def __init__(self, image: NDArray[Any], limit: tuple[int, int]) -> None:
        """`limit` is the largest width and height to show; a larger frame is shown smaller."""
        self.height, self.width = image.shape[:2]
        self.scale = min(1.0, limit[0] / self.width, max(1, limit[1] - BAR) / self.height)
        size = (max(1, round(self.width * self.scale)), max(1, round(self.height * self.scale)))
        shown = to_bgr8(image)
        if self.scale < 1:
            shown = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._shown: Image = shown
        self._start: tuple[float, float] | None = None
        self._end: tuple[float, float] | None = None
        self.dragging = False

    def mouse(self, event: int, x: int, y: int, flags: int = 0, data: object = None) -> None:
        """One mouse event in window pixels."""
        point = (min(max(x / self.scale, 0), self.width), min(max(y / self.scale, 0), self.height))
        if event == cv2.EVENT_LBUTTONDOWN:
            self._start = self._end = point
            self.dragging = True
        elif self.dragging and event in (cv2.EVENT_MOUSEMOVE, cv2.EVENT_LBUTTONUP):
            self._end = point
            self.dragging = event != cv2.EVENT_LBUTTONUP

    @property
    def box(self) -> Box | None:
        """The box drawn so far, in pixels of the frame; None where there is none or it is a slip."""
        if self._start is None or self._end is None:
            return None
        (x1, x2), (y1, y2) = (sorted(pair) for pair in zip(self._start, self._end, strict=True))
        box = Box.from_xyxy(x1, y1, x2, y2)
        return box if min(box.w, box.h) >= SMALLEST else None

    def canvas(self) -> Image:
        """What the window shows: the frame with the box, and a bar of hints below so that nothing is covered."""
        height, width = self._shown.shape[:2]
        hint = HINTS["empty" if self.box is None or self.dragging else "drawn"]
        blank = np.zeros((BAR, 4096, 3), np.uint8)
        text = put_text(blank, hint, (0, BAR), TEXT, WHITE)
        canvas = np.full((height + BAR, max(width, text + 20), 3), INK, np.uint8)
        canvas[:height, :width] = self._shown
        if self.box is not None:
            draw_box(canvas, Box(*(value * self.scale for value in self.box.xywh)), SKY, 2)
        put_text(canvas, hint, (10, height + (BAR + TEXT) // 2), TEXT, WHITE)
        return canvas


def pick_box(image: NDArray[Any]) -> Box | None:
    """Let the user draw a box on a frame, and return it in pixels of the frame; None where it was cancelled.

    Drag to draw, drag again to redraw, Enter or Space to accept, Esc, `c`, `q` or closing the window to cancel. Ask
    `has_display()` first: without one, OpenCV aborts the process.
    """
    width, height = screen_size() or DEFAULT_SCREEN
    picker = Picker(image, (round(width * 0.95), round(height * 0.85)))
    cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
    try:
        cv2.imshow(TITLE, picker.canvas())
        cv2.setMouseCallback(TITLE, picker.mouse)
        release()
        while True:
            cv2.imshow(TITLE, picker.canvas())
            key = cv2.waitKey(20) & 0xFF
            if key in ACCEPT and picker.box is not None and not picker.dragging:
                return picker.box
            if key in CANCEL or not is_open(TITLE):
                return None
    finally:
        close_window(TITLE)


def is_open(title: str) -> bool:
    """Whether a window of this title is still there: the user may have closed it."""
    try:
        return cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:
        return False


def close_window(title: str) -> None:
    """Close a window, if it is there, and let the window system act on it."""
    if is_open(title):
        cv2.destroyWindow(title)
        cv2.waitKey(1)
