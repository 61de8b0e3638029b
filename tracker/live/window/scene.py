"""What is drawn on a frame: targets with their states, where they came from, and what the network thinks."""

from __future__ import annotations

from collections import deque

from tracker.box import Box
from tracker.drawing.draw import Image, Style, to_bgr8
from tracker.drawing.overlay import Mark, draw_map, draw_marks, draw_trail
from tracker.live.engine import Engine
from tracker.live.step import Step

TRAIL = 90  # frames

Points = deque[tuple[float, float] | None]


class Scene:
    """The active target, and what else is to be seen of the targets of an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.trail = False
        self.map = False
        self._active = 0
        self._trails: dict[int, Points] = {}
        self._frame_wh = (0, 0)

    @property
    def active(self) -> int | None:
        """Id of the target that keys act on; None where there is none."""
        ids = self.engine.targets
        if self._active not in ids:
            # What was active has been removed: the next one is, or the last.
            self._active = next((id for id in ids if id > self._active), max(ids, default=self._active))
        return self._active if ids else None

    @active.setter
    def active(self, id: int) -> None:
        self._active = id

    def next(self) -> None:
        """Another target becomes active, in turn."""
        ids = list(self.engine.targets)
        if (active := self.active) is not None:
            self._active = ids[(ids.index(active) + 1) % len(ids)]

    def at(self, point: tuple[float, float]) -> int | None:
        """The smallest target that covers a place of the frame, by its id."""
        found = [
            (result.box.area, id) for id, result in self.engine.current.results.items() if _covers(result.box, point)
        ]
        return min(found)[1] if found else None

    def follow(self, step: Step) -> None:
        """Keep where the targets are in a frame that is done with. The trail of a target that is re-drawn breaks."""
        size = (step.image.shape[1], step.image.shape[0])
        if size != self._frame_wh:
            self._trails, self._frame_wh = {}, size
        self._trails = {id: self._trails.get(id, deque(maxlen=TRAIL)) for id in step.results}
        for id, result in step.results.items():
            if id in step.given:
                self._trails[id].append(None)
            self._trails[id].append(None if result.lost else result.box.centre)

    def paint(self, picture: Image, step: Step, scale: float = 1.0, text: int | None = None) -> None:
        """Draw on the picture of a step's frame, which is `scale` times as large as the frame, in place.

        `text` is the height of a capital in pixels, by default in proportion to the picture.
        """
        style = Style.for_frame(picture.shape[1], picture.shape[0])
        style = style if text is None else Style(style.line, text)
        if self.map and self.active is not None and (found := self.engine.score_map(self.active)):
            draw_map(picture, found[0], _scaled(found[1], scale))
        if self.trail:
            for id, result in step.results.items():
                points = [*self._trails.get(id, ())]
                points.append(None if result.lost or id in step.given else result.box.centre)
                scaled = [None if p is None else (p[0] * scale, p[1] * scale) for p in points]
                draw_trail(picture, scaled, step.targets[id].colour, style.line)
        draw_marks(picture, self.marks(step, scale), style)

    def marks(self, step: Step, scale: float = 1.0, without: int | None = None) -> list[Mark]:
        """The targets of a step as they are drawn, on a picture `scale` times as large as the frame."""
        marks = []
        for id, result in step.results.items():
            if id == without:
                continue
            target, box = step.targets[id], _scaled(result.box, scale)
            marks.append(Mark(target.label, target.colour, box, result.score, result.state, id == self.active))
        return marks

    def picture(self, step: Step) -> Image:
        """A new picture of a step in the size of its frame, with all that is drawn on it."""
        picture = to_bgr8(step.image)
        self.paint(picture, step)
        return picture


def _scaled(box: Box, scale: float) -> Box:
    return Box(*(value * scale for value in box.xywh))


def _covers(box: Box, point: tuple[float, float]) -> bool:
    x1, y1, x2, y2 = box.xyxy
    return x1 <= point[0] <= x2 and y1 <= point[1] <= y2
