"""Shared by the tests of frames and boxes: a drawn video with known boxes, and a small real tracker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracker.box import Box
from tracker.drawing.draw import to_bgr8
from tracker.live.opencv import quiet
from tracker.tracking.result import Result

quiet()
ROOT = Path(__file__).resolve().parents[1]
SIZE = (160, 120)
FRAMES = 60
START = Box(20, 40, 24, 24)


def mark(image: np.ndarray, index: int) -> None:
    """Write a frame's number into its top-left corner: eight blocks, dark or bright, which survive lossy codecs.

    Odd frames are inverted, so that every frame is coded afresh and damage does not stay in the mark.
    """
    for bit in range(8):
        image[:16, 16 * bit : 16 * bit + 16] = 235 if (index >> bit ^ (index if bit else 0)) & 1 else 20


def index_of(image: np.ndarray) -> int:
    """The frame's number, read back from its mark."""
    gray = to_bgr8(image).mean(axis=2)
    bits = [int(gray[4:12, 16 * bit + 4 : 16 * bit + 12].mean() > 128) for bit in range(8)]
    return bits[0] + sum((value ^ bits[0]) << bit for bit, value in enumerate(bits[1:], start=1))


def true_box(index: int) -> Box:
    """Where the target is: it moves 1.5 pixels a frame to the right and sways."""
    return Box(round(START.x + 1.5 * index), START.y + round(12 * np.sin(index / 9)), START.w, START.h)


def draw_frame(index: int) -> np.ndarray:
    """A frame `(120, 160, 3)`: soft clutter, a blocky target at `true_box(index)`, a mark of its number."""
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8), (0, 0), 4)
    blocks = rng.integers(0, 2, (6, 6, 1), np.uint8) * np.array([200, 220, 240], np.uint8) + 10
    box = true_box(index)
    x, y = int(box.x), int(box.y)
    target = cv2.resize(blocks, (int(box.w), int(box.h)), interpolation=cv2.INTER_NEAREST)
    w = min(target.shape[1], SIZE[0] - x)
    image[y : y + target.shape[0], x : x + w] = target[:, :w]
    mark(image, index)
    return image


def write_video(path: Path, count: int = FRAMES, fps: float = 25.0) -> Path:
    """The drawn frames as a video, MJPG in .avi and MPEG-4 elsewhere."""
    codec = "MJPG" if path.suffix == ".avi" else "mp4v"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, SIZE)
    assert writer.isOpened()
    for index in range(count):
        writer.write(draw_frame(index))
    writer.release()
    return path


def read_video(path: Path) -> list[np.ndarray]:
    """All frames of a video."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        ok, image = capture.read()
        if not ok:
            return frames
        frames.append(image)


def damage(path: Path, at: float = 0.5, length: int = 3000) -> Path:
    """Overwrite bytes in the middle of a file."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * at)
    data[start : start + length] = bytes(length)
    path.write_bytes(data)
    return path


class TemplateTracker:
    """Normalised cross-correlation around the last place: weak, but a tracker."""

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay

    def init(self, frame: np.ndarray, box: Box) -> None:
        self.box = box
        self.template = self._cut(frame, box, 0)[0]

    def update(self, frame: np.ndarray) -> Result:
        time.sleep(self.delay)
        area, (left, top) = self._cut(frame, self.box, 24)
        if any(a < t for a, t in zip(area.shape, self.template.shape, strict=True)):
            return Result(self.box, 0.0, True)
        _, score, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(area, self.template, cv2.TM_CCOEFF_NORMED))
        self.box = Box(left + x, top + y, self.box.w, self.box.h)
        return Result(self.box, max(0.0, score), score < 0.5)

    @staticmethod
    def _cut(frame: np.ndarray, box: Box, around: int) -> tuple[np.ndarray, tuple[int, int]]:
        gray = cv2.cvtColor(to_bgr8(frame), cv2.COLOR_BGR2GRAY)
        x, y = max(0, round(box.x) - around), max(0, round(box.y) - around)
        return gray[y : round(box.y + box.h) + around, x : round(box.x + box.w) + around], (x, y)


def shared() -> Path:
    """The folder of benchmarks and oracles beside the repository; skips where it is absent."""
    folder = Path(os.environ.get("SIAMSA_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no benchmarks here: set SIAMSA_SHARED to their folder")
    return folder


needs_xvfb = [
    pytest.mark.needs_xvfb,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Xvfb is for Linux"),
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="Xvfb and xdotool are not installed"
    ),
]


def start_track(*words: object, delay: float = 0.0) -> subprocess.Popen[str]:
    """`siamsa track` as its own process, with the template tracker taking `delay` seconds a frame."""
    code = (
        "import tracker; from tests.helpers import TemplateTracker;"
        f"tracker.load = lambda **settings: TemplateTracker({delay});"
        "from tracker.cli.main import entry; entry('track')"
    )
    program = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
