"""Frames a second and memory of `siamsa track` over a long video, with and without writing the tracked video.

    python benchmarks/speed/tracking.py [--frames 2000] [--size 640x480] [--checkpoint FILE] [--set a.b=c ...]

Renders a clip once, repeats it back and forth into a video of the length asked for, and tracks that from end to end.
Memory is the process's resident size after a tenth of the frames and at the end: it should not grow.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np

from tracker.box import Box
from tracker.cli.main import script
from tracker.data.render import render_clip
from tracker.errors import InputError
from tracker.live.loop import track
from tracker.live.sinks import Sink
from tracker.live.sinks.boxes import Boxes
from tracker.live.sinks.video import Video
from tracker.live.sources import open_source
from tracker.live.step import Step
from tracker.tracking.load import load

RENDERED = 60


class Memory(Sink):
    """Resident size of the process in megabytes, frame by frame."""

    def __init__(self) -> None:
        self.megabytes: list[float] = []

    def write(self, step: Step) -> None:
        self.megabytes.append(resident())

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def resident() -> float:
    """Resident size in megabytes (Linux; 0 elsewhere)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6


def write_video(path: Path, frames: int, size: tuple[int, int]) -> Box:
    """A video that plays a rendered clip forth and back; returns the target's first box."""
    clip = list(render_clip(frames=min(frames, RENDERED), size=size, seed=2))
    order = [*range(len(clip)), *range(len(clip) - 2, 0, -1)]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 30, size)
    if not writer.isOpened():
        raise InputError(f"{path}: OpenCV cannot write mp4v video here")
    for i in range(frames):
        writer.write(np.asarray(clip[order[i % len(order)]][0]))
    writer.release()
    return clip[0][1]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--frames", type=int, default=2000, metavar="N")
    parser.add_argument("--size", default="640x480", metavar="WxH")
    parser.add_argument("--checkpoint", metavar="FILE")
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="a.b=c")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--threads", type=int, default=0, metavar="N")
    args = parser.parse_args()
    width, height = (int(v) for v in args.size.split("x"))
    follower = load(args.checkpoint, precision=args.precision, overrides=args.set, threads=args.threads)
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "input.mp4"
        box = write_video(video, args.frames, (width, height))
        for writes in (True, False):
            memory = Memory()
            outputs: list[Sink] = [Boxes(Path(folder) / "b.csv"), Video(Path(folder) / "o.mp4")] if writes else []
            with open_source(str(video)) as source:
                done = track(source, follower, box, [*outputs, memory], progress=False)
            each = ", ".join(f"{stage} {1000 * spent / done.frames:.1f}" for stage, spent in done.seconds.items())
            early, late = memory.megabytes[args.frames // 10], memory.megabytes[-1]
            print(
                f"{'video and boxes written' if writes else 'nothing written'}: {done.fps:.1f} frames/s over "
                f"{done.frames} frames (ms a frame: {each}); memory {early:.0f} MB, at the end {late:.0f} MB"
            )
    return 0


if __name__ == "__main__":
    script(main, Path(__file__).name)
