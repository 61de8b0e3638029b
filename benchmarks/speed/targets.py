"""What more targets cost, what the engine adds to the tracker's own time, and memory over a long stream.

    python benchmarks/speed/targets.py [--frames 150] [--repeat 3] [--memory 30000]

Targets are the patterned squares of the source `synthetic:640x480`, whose true boxes are known; frames are drawn before
the clock starts. Everything is measured in turns in one run, and the best of each is taken. --memory follows one target
over so many frames instead (30,000 are 20 minutes at 25 frames/s), and prints the process's resident size on the way.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from benchmarks.speed.tracking import resident
from tracker.box import iou
from tracker.cli.main import script
from tracker.live.engine import Engine
from tracker.live.sources import Frame, Source, Span, open_source
from tracker.live.sources.synthetic import TARGETS, Synthetic
from tracker.tracking.load import load
from tracker.tracking.multi_tracker import MultiTracker
from tracker.tracking.siamese_tracker import Tracker

ADDRESS = "synthetic:640x480"


class Drawn(Source):
    """Frames from memory."""

    def __init__(self, frames: list[Frame]) -> None:
        super().__init__("drawn")
        self.frames = frames

    @classmethod
    def claims(cls, address: str) -> bool:
        return False

    def open(self) -> None:
        self.count = len(self.frames)

    def read(self) -> Iterator[Frame]:
        return iter(self.frames)


def own_time(tracker: Tracker, frames: list[Frame], scene: Synthetic) -> float:
    """Seconds a frame that one target takes without an engine."""
    images = [frame.image for frame in frames if frame.image is not None]
    tracker.init(images[0], scene.box(0))
    begin = time.perf_counter()
    for image in images[1:]:
        tracker.update(image)
    return (time.perf_counter() - begin) / (len(images) - 1)


def engine_time(tracker: Tracker, frames: list[Frame], scene: Synthetic, targets: int) -> tuple[float, float]:
    """Seconds a frame that the engine takes with so many targets, and their mean overlap with the true boxes."""
    overlaps: list[float] = []
    with Drawn(frames) as source, Engine(source, MultiTracker(tracker)) as engine:
        for target in range(targets):
            engine.add(scene.box(0, target))
        for step in engine:
            boxes = [step.results[id].box.xywh for id in sorted(step.results)]
            true = [scene.box(step.index, target).xywh for target in range(targets)]
            overlaps.extend(np.asarray(iou(boxes, true)).tolist())
    return engine.summary.elapsed / (len(frames) - 1), float(np.mean(overlaps))


def costs(tracker: Tracker, count: int, repeat: int) -> None:
    """Measure one target with and without the engine, and more targets, in turns."""
    with open_source(ADDRESS, Span(stop=count)) as scene:
        assert isinstance(scene, Synthetic)
        frames = list(scene)
    alone = []
    engines: dict[int, list[float]] = {}
    found: dict[int, float] = {}
    for _ in range(repeat):
        alone.append(own_time(tracker, frames, scene))
        for targets in (1, 2, 4, TARGETS):
            seconds, found[targets] = engine_time(tracker, frames, scene, targets)
            engines.setdefault(targets, []).append(seconds)
    one = min(engines[1])
    own = min(alone)
    print(f"tracker alone: {1000 * own:.1f} ms a frame; the engine with one target: {one / own:.3f} times that")
    for targets, seconds in engines.items():
        best = min(seconds)
        print(
            f"{targets} target{'s' * (targets > 1)}: {1 / best:.1f} frames/s, {best / one:.2f} times the time of one; "
            f"mean overlap {found[targets]:.3f}"
        )


def memory(tracker: Tracker, count: int) -> None:
    """Resident size of the process while one target is followed through a long stream."""
    with open_source(ADDRESS, Span(stop=count)) as source, Engine(source, MultiTracker(tracker)) as engine:
        assert isinstance(source, Synthetic)
        engine.add(source.box(0))
        for step in engine:
            if step.index % max(1, count // 10) == 0 or step.index == count - 1:
                print(f"frame {step.index}: {resident():.0f} MB", flush=True)
    print(f"{engine.summary.fps:.1f} frames/s")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--frames", type=int, default=150, metavar="N", help="(default: 150)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="turns (default: 3)")
    parser.add_argument("--memory", type=int, metavar="N", help="measure memory over so many frames instead")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--threads", type=int, default=0, metavar="N")
    args = parser.parse_args()
    tracker = load(device=args.device, precision=args.precision, threads=args.threads)
    if args.memory:
        memory(tracker, args.memory)
    else:
        costs(tracker, args.frames, args.repeat)
    return 0


if __name__ == "__main__":
    script(main, Path(__file__).name)
