"""Renders the four clips of docs/own-data.md: pond skaters, whose long thin legs belong to the box.

    python examples/own_data/clips.py CLIPS

writes CLIPS/one.mp4 ... four.mp4; CLIPS/fixes/one.csv ..., what a person would correct: every 15th box, drawn a little
inexactly; and CLIPS/truth/one.csv ..., the true boxes, which nobody has of clips of one's own.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.data.render import Clip, Scene
from tracker.data.sprites import SPRITES, Easel, Sprite, hsv
from tracker.live.sinks.boxes import Boxes
from tracker.live.sinks.video import Video
from tracker.live.step import ONLY, Step
from tracker.tracking.result import Result

SEEDS = {"one": 1, "two": 2, "three": 3, "four": 4}
FRAMES = 90
SIZE = (400, 300)
EVERY = 15  # frames from one corrected box to the next
SLIP = 1.0  # pixels that a corner drawn by hand is off, standard deviation


def skater(rng: np.random.Generator, phase: float) -> Sprite:
    """A pond skater: a slim body on four long legs and two short ones; `phase` in turns makes it row."""
    easel = Easel()
    body = hsv(rng.uniform(10, 50), rng.uniform(0.2, 0.5), rng.uniform(0.14, 0.3))
    back = hsv(rng.uniform(10, 50), rng.uniform(0.2, 0.5), rng.uniform(0.45, 0.65))
    leg = hsv(rng.uniform(10, 50), 0.35, 0.12)
    row = 0.16 * math.sin(2 * math.pi * phase)
    for side in (-1, 1):
        for knee, foot in (((0.22, 0.5), (0.55 + row, 0.93)), ((-0.3, 0.45), (-0.93, 0.8 - row / 2))):
            middle, end = (knee[0], side * knee[1]), (foot[0], side * foot[1])
            easel.paint(easel.cover(easel.stroke((0.05, side * 0.06), middle, 0.045)), leg)
            easel.paint(easel.cover(easel.stroke(middle, end, 0.03)), leg)
        easel.paint(easel.cover(easel.stroke((0.35, side * 0.06), (0.72, side * 0.2), 0.04)), leg)
    shape = easel.cover(easel.ellipse(0.03, 0, 0.52, 0.1))
    easel.paint(shape, body)
    easel.paint(easel.cover(easel.ellipse(-0.05, 0, 0.34, 0.05)), back)
    easel.paint(easel.cover(easel.ellipse(0.5, 0, 0.09, 0.08)), body)
    return easel.done()


class Plain(Step):
    """A frame to be written without anything drawn on it."""

    @cached_property
    def drawn(self) -> NDArray[np.uint8]:
        return np.asarray(self.image, np.uint8)


def write_clip(folder: Path, name: str, seed: int, frames: int = FRAMES) -> None:
    """One clip with its true and its corrected boxes."""
    scene = Scene(Clip(frames, SIZE, seed, target="skater", ground="pond", length=0.30, occluded=0))
    rng = np.random.default_rng([seed, 15])  # the hand that draws
    files = (Boxes(folder / "truth" / f"{name}.csv"), Boxes(folder / "fixes" / f"{name}.csv"))
    with Video(folder / f"{name}.mp4") as video, files[0] as truth, files[1] as fixes:
        for index in range(frames):
            drawn = scene.draw(index)
            step = Plain(index, drawn.frame, {ONLY.id: Result(drawn.box, 1.0, False)})
            video.write(step)
            truth.write(step)
            if index % EVERY == 0 or index == frames - 1:
                corners = np.round(np.array(drawn.box.xyxy) + rng.normal(0, SLIP, 4))
                fixes.write(replace(step, results={ONLY.id: Result(Box.from_xyxy(*corners.tolist()), 1.0, False)}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="CLIPS")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another set of four (default: 0)")
    args = parser.parse_args()
    SPRITES.register("skater")(skater)
    for name, seed in SEEDS.items():
        write_clip(args.folder, name, 4 * args.seed + seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
