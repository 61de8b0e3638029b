"""Trials a minute of `siamsa tune` with and without reuse of frames and of the network's maps, and their ratio.

    python benchmarks/speed/tuning.py [--trials 20] [--clips 3] [--frames 40] [--size 480x360] [--near]

Renders clips and follows them with the same constants in the same order, remembering nothing, frames only, or both, in
one process and one thread. Constants are drawn at random over the default ranges; with `--near`, over a tenth of them
around the present ones, which is where a search is after its first trials. The figures must be equal bit for bit.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tracker.cli.main import script
from tracker.data.rendered import write_clip
from tracker.errors import InputError
from tracker.evaluation.benchmark import load_benchmark
from tracker.evaluation.sequence import Sequence
from tracker.tracking.load import load
from tracker.tuning.objective import OBJECTIVES
from tracker.tuning.reuse import Frames, Remembering
from tracker.tuning.search import sequences_of
from tracker.tuning.space import DEFAULTS, Values, current, parse_ranges, with_values

PLENTY = 1e9  # bytes


class Way:
    """A tracker that remembers some things or nothing, what its trials gave, and the seconds that they took."""

    def __init__(self, sequences: tuple[Sequence, ...], frames: bool, maps: bool) -> None:
        self.tracker: Any = load(threads=1)
        self.config = self.tracker.config
        self.runtime = Remembering(self.tracker.runtime, PLENTY)
        if maps:
            self.tracker.runtime = self.runtime
        held = Frames(PLENTY)
        self.sequences = tuple(replace(s, read=held) for s in sequences) if frames else sequences
        self.figures: list[float] = []
        self.seconds: list[float] = []

    def trial(self, values: Values) -> None:
        """Follow all clips with these constants."""
        benchmark = load_benchmark("folder")
        started = time.perf_counter()
        self.tracker.config = with_values(self.config, values)
        parts = [OBJECTIVES["ope"].measure(benchmark, self.tracker, s) for s in self.sequences]
        self.figures.append(OBJECTIVES["ope"].total(benchmark, parts))
        self.seconds.append(time.perf_counter() - started)


def constants(count: int, config: Any, near: bool) -> list[Values]:
    """The present constants, then random ones."""
    rng, ranges = random.Random(0), parse_ranges(DEFAULTS)
    start = current(ranges, config)
    found = [start]
    for _ in range(count - 1):
        drawn = {r.name: rng.uniform(r.low, r.high) for r in ranges}
        moved = {r.name: start[r.name] + 0.1 * (drawn[r.name] - (r.low + r.high) / 2) for r in ranges}
        found.append(moved if near else drawn)
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--trials", type=int, default=20, metavar="N")
    parser.add_argument("--clips", type=int, default=3, metavar="N")
    parser.add_argument("--frames", type=int, default=40, metavar="N")
    parser.add_argument("--size", default="480x360", metavar="WxH")
    parser.add_argument("--near", action="store_true", help="constants near the present ones")
    args = parser.parse_args()
    width, height = (int(v) for v in args.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, args.clips + 1):
            write_clip(Path(folder) / f"clip{seed}", seed, args.frames, (width, height))
        sequences = sequences_of(load_benchmark("folder"), Path(folder))
        names = ("nothing", "frames", "frames and maps")
        ways = [Way(sequences, frames, maps) for frames, maps in ((False, False), (True, False), (True, True))]
        for values in constants(args.trials, ways[0].config, args.near):
            for way in ways:  # in turns, so that the machine's other work slows all of them alike
                way.trial(values)
    if any(way.figures != ways[0].figures for way in ways):
        raise InputError("the figures with and without reuse differ")
    for name, way in zip(names, ways, strict=True):
        ratio = sum(ways[0].seconds) / sum(way.seconds)
        print(f"remembering {name:16} {60 * args.trials / sum(way.seconds):6.1f} trials a minute, {ratio:.2f} times")
    last = ways[2].runtime
    print(f"{100 * last.known / last.asked:.0f} % of the crops were known; all figures equal bit for bit")
    return 0


if __name__ == "__main__":
    script(main, Path(__file__).name)
