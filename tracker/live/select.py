"""Drawing the boxes of the targets on the first frame with the mouse."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import cv2
from numpy.typing import NDArray

from tracker.box import Box
from tracker.drawing.draw import Image
from tracker.drawing.overlay import Mark, draw_marks
from tracker.drawing.panel import Hint, draw_hints
from tracker.drawing.selection import draw_cross, draw_selection, readout
from tracker.live.targets import TargetInfo
from tracker.live.window.selection import Selection
from tracker.live.window.surface import Surface
from tracker.live.window.view import View

TITLE = "siamsa: draw a box around the target"
REACH = 8  # window pixels from an edge within which the mouse takes it
ROWS = 2
ACCEPT = ("enter", "space")
CANCEL = ("esc", "c", "q")
MORE = ("tab", "n")
BACK = ("backspace", "delete", "x")
ADJUST: tuple[Hint, ...] = (("drag", "corner, edge, inside"), ("arrows", "move"), ("[ ]", "width"), ("{ }", "height"))


class Picker:
    """State of the selection; the window only passes keys and mouse events and shows `canvas()`.

    `done` are the boxes that were accepted so far, `box` is the one in the making. All in pixels of the frame.
    """

    def __init__(self, image: NDArray[Any], limit: tuple[int, int], several: bool = False) -> None:
        """`limit` is the largest width and height to show; a larger frame is shown smaller."""
        self._image, self._limit = image, limit
        self.selection = Selection((image.shape[1], image.shape[0]), REACH)
        self.several = several
        self.done: list[Box] = []
        self._pointer: tuple[int, int] | None = None
        self.fit(None)

    def fit(self, window: tuple[int, int] | None) -> None:
        """Make a view for a window of this size; None: one that is as large as its picture."""
        self.view = View(self.selection.size, self._limit, ROWS, window)
        self.selection.reach = REACH / self.view.scale
        self.changed = True
        self._blank = self.view.canvas(self._image)

    @property
    def box(self) -> Box | None:
        """The box in the making; None where there is none or it is a slip."""
        return self.selection.box

    def mouse(self, event: int, x: int, y: int) -> None:
        """One mouse event in window pixels."""
        point = self.view.to_frame(x, y)
        self.changed = True
        self._pointer = (x, y)
        if event == cv2.EVENT_LBUTTONDOWN:
            self.selection.press(point)
        elif event == cv2.EVENT_MOUSEMOVE:
            self.selection.move(point)
        elif event == cv2.EVENT_LBUTTONUP and self.selection.dragging:
            self.selection.move(point)
            self.selection.release()

    def key(self, name: str) -> list[Box] | None:
        """One key by its name. The boxes where this ends it (none: cancelled), else None."""
        self.changed, name = True, name.lower()
        if name in CANCEL:
            return []
        if self.selection.key(name) or self.selection.dragging:
            return None
        if name in BACK:
            if self.box is None and self.done:
                self.done.pop()
            self.selection.clear()
        elif name in ACCEPT and (self.box is not None or self.done):
            return self.done + ([self.box] if self.box is not None else [])
        elif name in MORE and self.several and self.box is not None:
            self.done.append(self.box)
            self.selection.clear()
        return None

    @property
    def hints(self) -> list[Hint]:
        """What can be done now, the most important first."""
        if self.box is not None:
            more: list[Hint] = [("Tab", "one more")] if self.several else []
            return [("Enter", "track"), *more, ("Esc", "cancel"), *ADJUST]
        if self.done:
            boxes = "1 box" if len(self.done) == 1 else f"{len(self.done)} boxes"
            return [("drag", "draw one more"), ("Enter", f"track {boxes}"), ("x", "take back"), ("Esc", "cancel")]
        return [("drag", "draw a box around the target"), ("Esc", "cancel")]

    def canvas(self) -> Image:
        """What the window shows: the frame with the boxes, and a bar of hints below so that nothing is covered."""
        view, canvas = self.view, self._blank.copy()
        picture = view.frame_of(canvas)
        targets = [TargetInfo(i + 1) for i in range(len(self.done) + 1)]
        if self.box is not None:
            draw_selection(picture, view.scaled(self.box), targets[-1].colour, readout(self.box), view.unit)
        elif self._pointer is not None and not self.selection.dragging:
            draw_cross(picture, self._pointer[0] - view.origin[0], self._pointer[1] - view.origin[1])
        drawn = zip(targets, self.done, strict=False)
        draw_marks(picture, [Mark(t.label, t.colour, view.scaled(box)) for t, box in drawn])
        draw_hints(view.bar_of(canvas), self.hints, view.unit, ROWS)
        return canvas


def pick_boxes(image: NDArray[Any], several: bool = True, surface: Surface | None = None) -> list[Box]:
    """Let the user draw boxes on a frame, and return them in pixels of the frame; none where it was cancelled.

    Drag to draw; drag a corner, an edge or the inside to adjust, arrow keys move and brackets size by a pixel; Tab or
    `n` goes on to one more, Enter or Space ends, Esc, `c`, `q` or closing the window cancels. `surface` is entered by
    the caller and stays open; without it a window is opened for this. Raises InputError where there is no display.
    """
    with Surface() if surface is None else nullcontext(surface) as surface:
        picker = Picker(image, surface.limit, several)
        surface.hand_to(TITLE, picker.mouse)
        while True:
            if (size := surface.size) not in (None, picker.view.window):
                picker.fit(size)
            if picker.changed:
                picker.changed = False
                surface.show(picker.canvas())
            boxes = picker.key(name) if (name := surface.key(0.02)) else None
            if boxes is not None:
                return boxes
            if surface.closed:
                return []


def pick_box(image: NDArray[Any]) -> Box | None:
    """Let the user draw one box as `pick_boxes` does; None where it was cancelled."""
    boxes = pick_boxes(image, several=False)
    return boxes[0] if boxes else None
