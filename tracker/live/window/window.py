"""The run as it goes, in a window that steers it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import cv2

from tracker.box import Box
from tracker.drawing.draw import WHITE, Image, Style
from tracker.drawing.overlay import draw_marks
from tracker.drawing.panel import ALERT, TEXT, draw_field, draw_hints, draw_keys, draw_status, draw_toast
from tracker.drawing.selection import draw_selection, readout
from tracker.live.engine import Engine
from tracker.live.select import REACH
from tracker.live.step import Step
from tracker.live.window.controls import KEYS, Controls
from tracker.live.window.pace import Pace
from tracker.live.window.recorder import Recorder
from tracker.live.window.scene import Scene
from tracker.live.window.surface import Surface
from tracker.live.window.view import View

TITLE = "siamsa: h shows the keys"
TICK = 0.02  # seconds between two looks at mouse and window, while nothing else is due


class Window:
    """Shows every step of an engine, and lets keys and mouse edit its targets; `h` shows which.

    >>> with Window(engine, folder) as window:
    ...     for step in engine:
    ...         window.show(step)

    `q`, Esc or closing the window ends the run with everything written. A window that fails is said so once, and the
    run goes on without it. Recordings and screenshots go to `folder`; `saved` holds their paths. A `surface` is entered
    by the caller and stays open; without it the window has its own.
    """

    def __init__(
        self, engine: Engine, folder: str | Path = ".", several: bool = True, surface: Surface | None = None
    ) -> None:
        """`several`: whether a target may be added to another one; the outputs may be for one only."""
        source = engine.source
        fps = source.fps / source.span.stride
        self.engine = engine
        self.shown = True
        self.scene = Scene(engine)
        self.pace = Pace(fps, source.live)
        self.recorder = Recorder(folder, fps)
        self.controls = Controls(engine, self.scene, self.pace, self.recorder, several)
        self._own, self._surface = surface is None, surface or Surface()
        self._view: View | None = None
        self._base: tuple[object, Image] | None = None
        self._news = ""

    @property
    def saved(self) -> list[Path]:
        """The recordings and screenshots that were made."""
        return self.recorder.saved

    def __enter__(self) -> Window:
        if self._own:
            self._surface.__enter__()
        self._guard(lambda: self._surface.hand_to(TITLE, self._mouse))
        return self

    def show(self, step: Step) -> None:
        """Show a step until the next one is due; what the user does meanwhile is done to the step in hand."""
        if self.shown:
            self._guard(lambda: self._show(step))
        if not step.status:
            self.controls.finish_frame()

    def _show(self, step: Step) -> None:
        controls, pace = self.controls, self.pace
        self._news = step.status or ("" if step.readable else "unreadable frame")
        controls.changed = True
        if not step.status:
            pace.begin(time.monotonic())
        while not self.engine.stop:
            if controls.changed or self._was_resized:
                controls.changed = False
                self._surface.show(self.canvas())
            if controls.holding:
                pace.rest()
            left = TICK if controls.holding else 0.0 if step.status else pace.wait(time.monotonic())
            if name := self._surface.key(min(left, TICK)):
                controls.key(name)
            elif self._surface.closed:
                self.engine.stop.request("the window")
            elif left <= TICK and not controls.holding:
                return
            controls.tick()

    @property
    def _was_resized(self) -> bool:
        size = self._surface.size
        return self._view is not None and size not in (None, self._view.window)

    def canvas(self) -> Image:
        """What the window shows: the frame with its targets, panels on it, and a bar below."""
        step, view = self.engine.current, self._view_of(self.engine.current)
        if self._base is None or self._base[0] is not step.image:
            self._base = (step.image, view.canvas(step.image))
        canvas = self._base[1].copy()
        picture = view.frame_of(canvas)
        controls = self.controls
        if controls.editing:
            self._draw_editing(picture, step, view, controls.editing.box)
        else:
            self.scene.paint(picture, step, view.scale, view.unit + 1)
        above = canvas[: view.picture[1]]
        if controls.help:
            draw_keys(above, KEYS, view.unit)
        if controls.naming:
            target = self.engine.targets[controls.naming.target]
            draw_field(above, f"name of {target.label}", controls.naming.text, view.unit, target.colour)
        if controls.message:
            draw_toast(above, controls.message, view.unit, ALERT if controls.wrong else TEXT)
        bar = view.bar_of(canvas)
        if hints := controls.hints:
            draw_hints(bar, hints, view.unit)
        else:
            paused, recording = self.pace.paused, self.recorder.recording
            draw_status(bar, self._words(step), view.unit, paused=paused, alert=self._news, recording=recording)
        return canvas

    def _draw_editing(self, picture: Image, step: Step, view: View, box: Box | None) -> None:
        """The box in the making, and the other targets in the background."""
        redrawn = self.controls.target
        draw_marks(picture, self.scene.marks(step, view.scale, redrawn), Style(2, view.unit))
        if box is not None:
            colour = WHITE if redrawn is None else self.engine.targets[redrawn].colour
            draw_selection(picture, view.scaled(box), colour, readout(box), view.unit)

    def _words(self, step: Step) -> list[str]:
        """What the bar says, the most important first."""
        count = self.engine.source.count
        words = [f"frame {step.index}" + (f" / {count - 1}" if count else "")]
        if self.pace.paused:
            words.append("paused")
        elif self.pace.rate:
            words.append(f"{self.pace.rate:.1f} fps")
        if not self.pace.live and self.pace.interval:
            words.append(self.pace.speed)
        targets = len(self.engine.targets)
        words.append("1 target" if targets == 1 else f"{targets} targets")
        return words

    def _view_of(self, step: Step) -> View:
        size = (step.image.shape[1], step.image.shape[0])
        if self._view is None or self._view.size != size or self._was_resized:
            self._view, self._base = View(size, self._surface.limit, window=self._surface.size), None
            self.controls.reach = REACH / self._view.scale
        return self._view

    def _mouse(self, event: int, x: int, y: int) -> None:
        if self._view is not None:
            self.controls.mouse(event, self._view.to_frame(x, y))

    def _guard(self, act: Callable[[], object]) -> None:
        try:
            act()
        except cv2.error as error:
            self.shown = False
            print(f"siamsa: the window failed, tracking goes on without it ({error.err})", file=sys.stderr)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.controls.close()
        if self._own and self.shown:
            self._guard(lambda: self._surface.__exit__(kind, error, trace))
