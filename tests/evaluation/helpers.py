"""Tiny benchmarks in the layouts of the real ones, drawn and written by the tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tests.helpers import shared
from tracker.box import Box
from tracker.cli.main import main
from tracker.evaluation.sequence import Sequence

SIZE = (64, 48)
HELPERS = "tests.evaluation.helpers"


def oracles() -> Path:
    """Published results with their scores; skips where they are absent."""
    import pytest

    folder = shared() / "oracles" / "results"
    if not (folder / "expected.json").is_file():
        pytest.skip(f"no published results in {folder}")
    return folder


def images(folder: Path, numbers: range, digits: int = 4, ending: str = "jpg") -> None:
    """Images whose mean grey level is 10 + 2 * (number % 100)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        image = np.full((SIZE[1], SIZE[0], 3), 10 + 2 * (number % 100), np.uint8)
        assert cv2.imwrite(str(folder / f"{number:0{digits}d}.{ending}"), image)


def table(path: Path, rows: list[tuple[float, ...]], comma: str = ",") -> Path:
    """A text file of numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(comma.join(f"{v:g}" for v in row) + "\n" for row in rows))
    return path


def moving(count: int, start: tuple[float, float, float, float] = (5, 6, 10, 8)) -> list[tuple[float, ...]]:
    """Boxes that move one pixel a frame to the right."""
    x, y, w, h = start
    return [(x + i, y, w, h) for i in range(count)]


def otb(root: Path, name: str = "Couple", numbers: range = range(1, 9), **spelling: str) -> Path:
    """An OTB sequence; returns its folder."""
    folder = root / spelling.get("folder", name)
    images(folder / "img", numbers)
    table(folder / spelling.get("truth", "groundtruth_rect.txt"), moving(len(numbers)))
    return folder


class Mover:
    """Moves its box one pixel a frame to the right; remembers what it was given."""

    def init(self, frame: np.ndarray, box: Box) -> None:
        self.box, self.given, self.grey = box, box, [float(frame.mean())]

    def update(self, frame: np.ndarray) -> Box:
        self.grey.append(float(frame.mean()))
        self.box = Box(self.box.x + 1, self.box.y, self.box.w, self.box.h)
        return self.box


class Still(Mover):
    """Stays where it was put."""

    def update(self, frame: np.ndarray) -> tuple[float, ...]:
        return self.box.xywh


class Fragile(Mover):
    """Returns NaN on dark frames (numbers below 5), and raises on bright ones (above 90)."""

    def update(self, frame: np.ndarray) -> tuple[float, ...]:
        if frame.mean() > 190:
            raise RuntimeError("too bright\nfor me")
        return (float("nan"),) * 4 if frame.mean() < 20 else super().update(frame).xywh


class Leaving(Mover):
    """Wants to end the program in frame 5 of a target that is 11 pixels wide."""

    def update(self, frame: np.ndarray) -> Box:
        if len(self.grey) == 5 and self.given.w == 11:
            raise SystemExit(3)
        return super().update(frame)


def run(root: Path, output: Path, *words: object, tracker: str = "Mover", benchmark: str = "otb100") -> int:
    """`siamsa evaluate run` with a tracker of this module."""
    return main(["evaluate", "run", "--benchmark", benchmark, "--root", str(root), "--output", str(output),
                 "--tracker", f"{HELPERS}:{tracker}", *map(str, words)])  # fmt: skip


def clip(tmp_path: Path, truth: list[tuple[float, ...]], origin: int = 0) -> Sequence:
    """A sequence with this ground truth."""
    images(tmp_path / "clip", range(1, len(truth) + 1))
    frames = tuple(sorted((tmp_path / "clip").glob("*.jpg")))
    return Sequence("clip", frames, np.array(truth, dtype=float), origin)


def stamps(folder: Path) -> dict[str, int]:
    """When each result was written, nanoseconds."""
    return {p.name: p.stat().st_mtime_ns for p in folder.glob("*.txt")}
