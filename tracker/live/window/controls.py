"""What keys and mouse do to a run, apart from the window that passes them."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2

from tracker.box import Box
from tracker.drawing.panel import Hint
from tracker.errors import InputError
from tracker.live.engine import Engine
from tracker.live.window.naming import Naming
from tracker.live.window.pace import Pace
from tracker.live.window.recorder import Recorder
from tracker.live.window.scene import Scene
from tracker.live.window.selection import Selection

MESSAGE = 3.0  # seconds that a message stays
KEYS: tuple[tuple[str, tuple[Hint, ...]], ...] = (
    ("Playback", (("Space", "pause, go on"), (".", "next frame, then pause"), ("+ -", "faster, slower"))),
    ("Save", (("v", "record on, off"), ("s", "screenshot"))),
    ("Run", (("q Esc", "quit, all is kept"),)),
    ("Targets", (("a", "add one"), ("r", "draw again"), ("e", "rename"), ("x Del", "remove"), ("n Tab", "next one"))),
    ("View", (("t", "trails"), ("m", "score map"), ("h", "these keys"))),
)
DRAWING: tuple[Hint, ...] = (("drag", "draw the box"), ("Esc", "back"))
NAMING: tuple[Hint, ...] = (("Enter", "rename"), ("Esc", "back"), ("Backspace", "delete"))
ADJUSTING: tuple[Hint, ...] = (("Esc", "back"), ("arrows", "move"), ("[ ]", "width"), ("{ }", "height"))


class Controls:
    """The state that keys and mouse change. `editing` is the box in the making, of target `target` (None: a new one),
    `naming` the name in the making.

    `message` is to be shown, `wrong` where something failed; `changed` that there is something new to show.
    """

    def __init__(self, engine: Engine, scene: Scene, pace: Pace, recorder: Recorder, several: bool) -> None:
        self.several = several
        self.engine, self.scene, self.pace, self.recorder = engine, scene, pace, recorder
        self.help = False
        self.editing: Selection | None = None
        self.naming: Naming | None = None
        self.target: int | None = None
        self.reach = 8.0  # frame pixels within which the mouse takes an edge
        self.changed = True
        self.message, self.wrong = "", False
        self._said = 0.0
        self._actions: dict[str, Callable[[], None]] = {
            "space": pace.toggle,
            ".": pace.step,
            "+": lambda: self._change_speed(1),
            "=": lambda: self._change_speed(1),
            "-": lambda: self._change_speed(-1),
            "a": self._add,
            "r": self._redraw,
            "e": self._rename,
            "x": self._remove,
            "delete": self._remove,
            "n": scene.next,
            "tab": scene.next,
            "t": self._toggle_trail,
            "m": self._toggle_map,
            "v": self._toggle_record,
            "s": self._screenshot,
            "h": self._toggle_help,
            "?": self._toggle_help,
            "q": self._quit,
            "esc": self._quit,
        }

    def key(self, name: str) -> None:
        """One key, by its name."""
        self.changed = True
        if self.naming is not None:
            return self._type(self.naming, name)
        name = name.lower()
        if self.editing is not None:
            self._edit(self.editing, name)
        elif self.help and name == "esc":
            self.help = False
        elif action := self._actions.get(name):
            action()

    def mouse(self, event: int, point: tuple[float, float]) -> None:
        """One mouse event, at a place in the frame."""
        if self.naming is not None:
            return
        if self.editing is None:
            found = self.scene.at(point) if event == cv2.EVENT_LBUTTONDOWN else None
            if found is not None:
                self.scene.active, self.changed = found, True
            return
        self.changed = True
        if event == cv2.EVENT_LBUTTONDOWN:
            self.editing.press(point)
        elif event == cv2.EVENT_MOUSEMOVE:
            self.editing.move(point)
        elif event == cv2.EVENT_LBUTTONUP and self.editing.dragging:
            self.editing.move(point)
            self.editing.release()

    @property
    def hints(self) -> list[Hint]:
        """What can be done with the name or box in the making, the most important first; none where there is none."""
        if self.naming is not None:
            return list(NAMING)
        if self.editing is None:
            return []
        if self.editing.box is None:
            return list(DRAWING)
        if self.target is not None:
            return [("Enter", "track again"), *ADJUSTING]
        more: list[Hint] = [("Tab", "add, one more")] if self.several else []
        return [("Enter", "add"), *more, *ADJUSTING]

    @property
    def holding(self) -> bool:
        """Whether the frame stays until the user goes on."""
        return self.editing is not None or self.naming is not None or self.pace.held

    def tick(self) -> None:
        """Time passes: a message has been there long enough."""
        if self.message and time.monotonic() - self._said > MESSAGE:
            self.message, self.changed = "", True

    def say(self, text: str, wrong: bool = False) -> None:
        """Say something for a while."""
        self.message, self.wrong, self._said, self.changed = text, wrong, time.monotonic(), True

    def finish_frame(self) -> None:
        """The frame in hand is done with: it goes into trails and recording."""
        step = self.engine.current
        self.scene.follow(step)
        if self.recorder.recording:
            self._try(lambda: self.recorder.write(step, self.scene.picture(step)))

    def close(self) -> None:
        """Complete what is being written."""
        self._try(self.recorder.end)

    def _edit(self, selection: Selection, name: str) -> None:
        if selection.key(name) or selection.dragging:
            return
        if name == "esc":
            self.editing = None
        elif name in ("backspace", "delete", "x"):
            selection.clear()
        elif name in ("enter", "space") and selection.box is not None:
            self._accept(selection.box)
        elif name in ("tab", "n") and selection.box is not None and self.target is None and self._accept(selection.box):
            self._add()
        elif name in self._actions:  # it would do something else; a box is easily left unfinished by accident
            self.say("Enter accepts the box, Esc leaves it" if selection.box else "drag to draw the box, Esc leaves")

    def _type(self, naming: Naming, name: str) -> None:
        if name == "enter":
            self.engine.rename(naming.target, naming.name)
        if name in ("enter", "esc"):
            self.naming = None
        naming.key(name)

    def _accept(self, box: Box) -> bool:
        try:
            if self.target is None:
                self.scene.active = self.engine.add(box)
            else:
                self.engine.redraw(self.target, box)
        except InputError as error:
            self.say(str(error), wrong=True)
            return False
        self.editing = None
        return True

    def _open(self, target: int | None, box: Box | None = None) -> None:
        height, width = self.engine.current.image.shape[:2]
        self.target, self.help = target, False
        self.editing = Selection((width, height), self.reach, box)

    def _add(self) -> None:
        if not self.several and self.engine.targets:
            return self.say("these outputs are for one target; r draws it again")
        self._open(None)

    def _redraw(self) -> None:
        if (active := self.scene.active) is None:
            return self.say("no target to draw again; a adds one")
        self._open(active, self.engine.current.results[active].box)

    def _rename(self) -> None:
        if (active := self.scene.active) is None:
            return self.say("no target to rename; a adds one")
        self.help, self.message = False, ""  # it would cover what is typed
        self.naming = Naming(active, self.engine.targets[active].name)

    def _remove(self) -> None:
        if (active := self.scene.active) is None:
            return self.say("no target to remove; a adds one")
        if not self.several:  # another one after it would have another id, for which these outputs have no place
            return self.say("these outputs are for one target; r draws it again")
        label = self.engine.targets[active].label
        self.engine.remove(active)
        self.say(f"{label} is removed")

    def _change_speed(self, by: int) -> None:
        if self.pace.live:
            return self.say("a live source has its own speed")
        self.pace.change(by)
        self.say(self.pace.speed)

    def _toggle_trail(self) -> None:
        self.scene.trail = not self.scene.trail
        self.say(f"trails {'on' if self.scene.trail else 'off'}")

    def _toggle_map(self) -> None:
        self.scene.map = not self.scene.map
        self.say(f"score map of the active target {'on' if self.scene.map else 'off'}")

    def _toggle_help(self) -> None:
        self.help = not self.help

    def _toggle_record(self) -> None:
        if self.recorder.recording:
            path = self._try(self.recorder.end)
            if path is not None:
                self.say(f"saved {path}")
        elif (path := self._try(self.recorder.start)) is not None:
            self.say(f"recording to {path}")

    def _screenshot(self) -> None:
        picture = self.scene.picture(self.engine.current)
        path = self._try(lambda: self.recorder.screenshot(picture))
        if path is not None:
            self.say(f"saved {path}")

    def _try(self, act: Callable[[], object]) -> object:
        """Do something with files; what goes wrong is said, and the run goes on."""
        try:
            return act()
        except (OSError, InputError) as error:
            self.say(f"not saved: {error}", wrong=True)
            return None

    def _quit(self) -> None:
        self.engine.stop.request("the window")
