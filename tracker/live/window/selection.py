"""A box that is drawn and adjusted with mouse and keys."""

from __future__ import annotations

from tracker.box import Box
from tracker.live.window.keys import ARROWS

SMALLEST = 3  # frame pixels; a shorter drag is a slip of the mouse
SIZES = {"[": (-1, 0), "]": (1, 0), "{": (0, -1), "}": (0, 1), "-": (-1, -1), "+": (1, 1), "=": (1, 1)}
SIZES.update({f"shift+{name}": step for name, step in ARROWS.items()})

Point = tuple[float, float]
Part = tuple[int, int]  # -1 the left or upper edge, 1 the right or lower one, 0 none; (0, 0): the inside


class Selection:
    """Corners and edges can be dragged, the inside moves the box, a drag elsewhere draws a new one.

    All in pixels of a frame of `size` (width, height), which the box does not leave; it has whole pixels. `reach` is
    how far from an edge the mouse still takes it.
    """

    def __init__(self, size: tuple[int, int], reach: float, box: Box | None = None) -> None:
        self.size = size
        self.reach = reach
        self.dragging = False
        self._edges = None if box is None else _inside(list(box.xyxy), size)
        self._before = self._edges
        self._from: Point = (0, 0)
        self._part: Part = (1, 1)

    @property
    def box(self) -> Box | None:
        """The box as it is, in pixels of the frame; None where there is none, or it is a slip."""
        if self._edges is None:
            return None
        x1, y1, x2, y2 = (round(value) for value in _sorted(self._edges))
        return Box(x1, y1, x2 - x1, y2 - y1) if min(x2 - x1, y2 - y1) >= SMALLEST else None

    def part_at(self, point: Point) -> Part | None:
        """What the mouse would take here: a corner, an edge, the inside, or None for nothing."""
        if self.box is None:
            return None
        x1, y1, x2, y2 = self.box.xyxy
        parts = []
        for value, low, high in ((point[0], x1, x2), (point[1], y1, y2)):
            if not low - self.reach <= value <= high + self.reach:
                return None
            inner = min(self.reach, (high - low) / 4)  # a small box keeps an inside
            parts.append(-1 if value < low + inner else 1 if value > high - inner else 0)
        return parts[0], parts[1]

    def press(self, point: Point) -> None:
        """The button goes down."""
        part = self.part_at(point)
        self._before, self._from, self.dragging = self._edges, point, True
        if part is None:
            part, self._edges = (1, 1), [*point, *point]
        self._part, self._start = part, list(self._edges or [])

    def move(self, point: Point) -> None:
        """The mouse moves; nothing happens unless the button is down."""
        if not self.dragging:
            return
        step = (point[0] - self._from[0], point[1] - self._from[1])
        if self._part == (0, 0):
            self._edges = _moved(self._start, step, self.size)
            return
        edges = list(self._start)
        for axis, part in enumerate(self._part):
            if part:
                at = axis if part < 0 else axis + 2
                edges[at] = min(max(edges[at] + step[axis], 0), self.size[axis])
        self._edges = edges

    def release(self) -> None:
        """The button comes up: a slip leaves the box as it was."""
        self.dragging = False
        self._edges = self._before if self.box is None or self._edges is None else _sorted(self._edges)

    def key(self, name: str) -> bool:
        """Move or size by one pixel, by the name of a key; False where it is another key, or there is no box."""
        if self._edges is None or self.dragging or not (name in ARROWS or name in SIZES):
            return False
        if name in ARROWS:
            self._edges = _moved(self._edges, ARROWS[name], self.size)
            return True
        edges = list(self._edges)
        for axis, step in enumerate(SIZES[name]):
            edges[axis + 2] = max(min(edges[axis + 2] + step, self.size[axis]), edges[axis] + SMALLEST)
        self._edges = edges
        return True

    def clear(self) -> None:
        """No box any more."""
        self._edges = self._before = None
        self.dragging = False


def _sorted(edges: list[float]) -> list[float]:
    (x1, x2), (y1, y2) = sorted(edges[0::2]), sorted(edges[1::2])
    return [x1, y1, x2, y2]


def _moved(edges: list[float], step: Point, size: tuple[int, int]) -> list[float]:
    """Edges moved by `step`, or as much of it as keeps them inside."""
    moved = list(edges)
    for axis in (0, 1):
        low, high = edges[axis], edges[axis + 2]
        by = min(max(step[axis], -low), size[axis] - high)
        moved[axis], moved[axis + 2] = low + by, high + by
    return moved


def _inside(edges: list[float], size: tuple[int, int]) -> list[float] | None:
    """The part of a box that is in the frame; None where too little is."""
    x1, y1, x2, y2 = (min(max(value, 0), size[i % 2]) for i, value in enumerate(edges))
    return [x1, y1, x2, y2] if min(x2 - x1, y2 - y1) >= SMALLEST else None
