"""`siamsa demo`: render a sample clip whose boxes are known, track it, and show how well that went."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box, iou
from tracker.cli.options import add_runtime, add_set, load_tracker
from tracker.data.render import Clip, Scene
from tracker.drawing.sheet import contact_sheet
from tracker.errors import InputError
from tracker.live.engine import Summary
from tracker.live.loop import track
from tracker.live.sinks import Sink
from tracker.live.sinks.boxes import Boxes
from tracker.live.sinks.video import Video
from tracker.live.sources import open_source
from tracker.live.step import Step
from tracker.live.stop import Stop
from tracker.tracking.result import Result

HELP = "render a sample clip with known boxes, track it and show how well that went"
SEED = 2  # of the sample: a ladybird among leaves, and another one
PICTURES = 8  # in the contact sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa demo`."""
    add = parser.add_argument
    add("--output", default="runs/demo", metavar="DIR", help="folder for the results, replaced (default: runs/demo)")
    add("--frames", type=int, default=120, metavar="N", help="length of the sample (default: 120)")
    add("--size", default="640x480", metavar="WxH", help="width and height of the sample, pixels (default: 640x480)")
    add("--seed", type=int, default=SEED, metavar="N", help=f"another sample: who, where, over what (default: {SEED})")
    add("--checkpoint", metavar="FILE", help="trained weights (default: those that come with the project)")
    add_runtime(parser)
    add("--threads", type=int, default=0, metavar="N", help="CPU threads for the network (default 0: torch decides)")
    add_set(parser)


def run(args: argparse.Namespace) -> int:
    """Render, track, write and report; the exit code is 0, or 130 and 143 after Ctrl-C and SIGTERM."""
    if args.frames < 2:
        raise InputError(f"--frames: must be 2 or more, got {args.frames}")
    clip = Clip(args.frames, _size(args.size), args.seed)
    folder = Path(args.output)
    follower = load_tracker(args)
    with Stop().on_signals() as stop, _workplace(folder) as new:
        scene, album = Scene(clip), Album()
        print(f"rendering {clip.frames} frames of {args.size}: {scene.target}, {scene.ground}", flush=True)
        truth = _render(scene, new, stop)
        if not stop:
            sinks = [Boxes(new / "boxes.csv"), Video(new / "tracked.mp4"), album]
            with open_source(str(new / "sample.mp4")) as source:
                summary = track(source, follower, truth[0], sinks, stop=stop)
        if stop:
            print(f"stopped by {stop.reason}; nothing was written to {folder}")
            return stop.exit_code
        cv2.imwrite(str(new / "contact_sheet.png"), album.sheet(truth))
        files = sorted(new.iterdir())
        for file in files:
            os.replace(file, folder / file.name)
    _report(summary, album.results, truth)
    print(f"wrote {', '.join(file.name for file in files)} in {folder}")
    return 0


class Plain(Step):
    """A frame to be written without anything drawn on it."""

    @cached_property
    def drawn(self) -> NDArray[np.uint8]:
        return np.asarray(self.image, np.uint8)


class Album(Sink):
    """Keeps all results, and the frames (which a sample has few of) for the contact sheet."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self._frames: list[NDArray[np.uint8]] = []

    def write(self, step: Step) -> None:
        self.results.append(step.result)
        self._frames.append(np.asarray(step.image, np.uint8))

    def sheet(self, truth: Sequence[Box]) -> NDArray[np.uint8]:
        """Frames from first to last with tracked and true boxes."""
        chosen = sorted({round(i) for i in np.linspace(0, len(self.results) - 1, PICTURES)})
        return contact_sheet(
            [self._frames[i] for i in chosen],
            [self.results[i] for i in chosen],
            [truth[i] for i in chosen],
            captions=[f"frame {i}" for i in chosen],
        )

    def __enter__(self) -> Album:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})[x×,](\d{1,5})", text.strip().lower())
    if not found:
        raise InputError(f"--size: expected WxH in pixels, such as 640x480, got {text!r}")
    return int(found[1]), int(found[2])


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A folder within `folder`, for files that are moved there when all are complete; leaves nothing else behind.

    Raises InputError where nothing can be written.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = tempfile.TemporaryDirectory(prefix=".new-", dir=folder)
    except OSError as error:
        raise InputError(f"--output {folder}: cannot be written ({error.strerror or error})") from None
    try:
        with new as name:
            yield Path(name)
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _render(scene: Scene, folder: Path, stop: Stop) -> list[Box]:
    """Write sample.mp4 and truth.csv; the true boxes of the frames."""
    truth = []
    with Video(folder / "sample.mp4") as video, Boxes(folder / "truth.csv") as boxes:
        for index in range(scene.clip.frames):
            drawn = scene.draw(index)
            truth.append(drawn.box)
            step = Plain(index, drawn.frame, {1: Result(drawn.box, 1.0, False)})
            video.write(step)
            boxes.write(step)
            if stop:
                break
    return truth


def _report(summary: Summary, results: Sequence[Result], truth: Sequence[Box]) -> None:
    overlap = iou([r.box.xywh for r in results[1:]], [box.xywh for box in truth[1 : len(results)]])
    lost = f"; {summary.lost} frames lost" if summary.lost else ""
    print(f"mean overlap {overlap.mean():.3f} over {len(overlap)} frames (lowest {overlap.min():.2f}){lost}")
    each = {stage: 1000 * spent / summary.frames for stage, spent in summary.seconds.items()}
    times = ", ".join(f"{stage} {spent:.1f} ms" for stage, spent in each.items())
    print(f"{summary.fps:.1f} frames/s end to end; a frame takes: {times} (reading overlaps with the rest)")


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("demo")
