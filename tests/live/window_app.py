"""A run in a window as a program of its own, paused at the first frame, which tells its state in a file.

Arguments: video, folder for what the window saves, file of the state, boxes of the first frame.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.helpers import TemplateTracker
from tracker.box import Box
from tracker.drawing.draw import Image
from tracker.live.engine import Engine
from tracker.live.followers import Copies
from tracker.live.sources import open_source
from tracker.live.window.window import Window


class Telling(Window):
    """Says what it shows."""

    state = Path()

    def canvas(self) -> Image:
        step, controls = self.engine.current, self.controls
        editing, view = controls.editing, self._view_of(step)
        told = {
            "frame": step.index,
            "boxes": {id: [round(v) for v in result.box.xywh] for id, result in step.results.items()},
            "active": self.scene.active,
            "paused": self.pace.paused,
            "speed": self.pace.speed,
            "trail": self.scene.trail,
            "map": self.scene.map,
            "help": controls.help,
            "recording": self.recorder.recording,
            "editing": editing is not None,
            "drawn": [round(v) for v in editing.box.xywh] if editing and editing.box else None,
            "naming": controls.naming.text if controls.naming else None,
            "names": {id: target.name for id, target in step.targets.items()},
            "saved": [path.name for path in self.saved],
            "message": controls.message,
            "window": view.window,
            "origin": view.origin,
            "scale": view.scale,
        }
        partial = self.state.with_suffix(".partial")
        partial.write_text(json.dumps(told))
        os.replace(partial, self.state)
        return super().canvas()


def main(video: str, folder: str, state: str, *boxes: str) -> None:
    Telling.state = Path(state)
    with (
        open_source(video) as source,
        Engine(source, Copies(TemplateTracker())) as engine,
        Telling(engine, folder) as window,
    ):
        for box in boxes:
            engine.add(Box.parse(box))
        window.pace.paused = True
        for step in engine:
            window.show(step)
    print(engine.summary.frames, engine.stop.reason, *(path.name for path in window.saved))


if __name__ == "__main__":
    main(*sys.argv[1:])
