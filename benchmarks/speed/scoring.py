"""How fast results are scored: ours against the plain loops that the definitions are usually written as, in one run.

    python benchmarks/speed/scoring.py --benchmark otb100 --results DIR --annotations DIR
    python benchmarks/speed/scoring.py --benchmark vot2016 --results DIR --annotations DIR

One pass: both read the text files and make success, precision and normalised precision; the loop does it frame by
frame and threshold by threshold, and the numbers must agree. Supervised: the time to EAO from the text files.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tracker.cli.main import script
from tracker.evaluation.benchmark import Benchmark, load_benchmark
from tracker.evaluation.measures.metrics import NORMALISED, OVERLAPS, PIXELS
from tracker.evaluation.scoring import score as scoring
from tracker.evaluation.scoring.results import TrackerResults, tracker_folders


def ours(benchmark: Benchmark, folder: Path, trackers: list[TrackerResults]) -> dict[str, dict]:
    """Scores by this project."""
    return scoring.score(benchmark, scoring.from_folder(benchmark, folder), trackers, scoring.Rules())


def loops(benchmark: Benchmark, folder: Path, trackers: list[TrackerResults]) -> dict[str, tuple[float, float, float]]:
    """Success, precision and normalised precision by loops over sequences, thresholds and frames."""
    names = benchmark.sequences or [path.stem for path in folder.glob("*.txt")]
    truths = {name: rows_of(folder / f"{name}.txt") for name in names if (folder / f"{name}.txt").is_file()}
    out = {}
    for tracker in trackers:
        sums, count = [0.0, 0.0, 0.0], 0
        for name, truth in truths.items():
            path = tracker.find(name)
            if path is not None:
                sums = [a + b for a, b in zip(sums, one_sequence(truth, rows_of(path)), strict=True)]
                count += 1
        out[tracker.name] = (sums[0] / count, sums[1] / count, sums[2] / count)
    return out


def rows_of(path: Path) -> list[list[float]]:
    """The numbers of each line."""
    with path.open(encoding="utf-8") as file:
        return [[float(part) for part in line.replace("\t", ",").strip().split(",")] for line in file]


def one_sequence(truth: list[list[float]], boxes: list[list[float]]) -> tuple[float, float, float]:
    """Metrics of one sequence, invalid ground truth as the PySOT toolkit has it."""
    overlaps, errors, norms = [], [], []
    for (x, y, w, h), (px, py, pw, ph) in zip(truth, boxes, strict=True):
        if not (w > 0 and h > 0):
            overlaps.append(-1.0)
            errors.append(-1.0)
            norms.append(-1.0)
            continue
        common = max(0.0, min(x + w, px + pw) - max(x, px)) * max(0.0, min(y + h, py + ph) - max(y, py))
        overlaps.append(common / (w * h + pw * ph - common))
        dx, dy = x + w / 2 - px - pw / 2, y + h / 2 - py - ph / 2
        errors.append(math.hypot(dx, dy))
        norms.append(math.hypot(dx / w, dy / h))
    success = [sum(value > threshold for value in overlaps) / len(truth) for threshold in OVERLAPS.tolist()]
    precision = [sum(value <= threshold for value in errors) / len(truth) for threshold in PIXELS.tolist()]
    norm = [sum(value <= threshold for value in norms) / len(truth) for threshold in NORMALISED.tolist()]
    return sum(success) / len(success), precision[20], sum(norm) / len(norm)


def timed(works: list[Callable[[], dict[str, Any]]], repeats: int) -> tuple[list[dict[str, Any]], list[float]]:
    """What each of `works` gives, and the shortest of its runs in seconds; they take turns, so that a busy machine is
    busy for all of them."""
    best = [math.inf] * len(works)
    values: list[dict[str, Any]] = [{} for _ in works]
    for _ in range(repeats):
        for i, work in enumerate(works):
            started = time.perf_counter()
            values[i] = work()
            best[i] = min(best[i], time.perf_counter() - started)
    return values, best


def fresh(args: argparse.Namespace) -> list[TrackerResults]:
    """The trackers, with nothing remembered of an earlier run."""
    return tracker_folders(args.results, args.annotations, args.trackers)


def main() -> int:
    """Time both, check that they agree, print."""
    args = _parse()
    benchmark = load_benchmark(args.benchmark)
    works: list[Callable[[], dict[str, Any]]] = [lambda: ours(benchmark, args.annotations, fresh(args))]
    if benchmark.protocol == "ope":
        works.append(lambda: loops(benchmark, args.annotations, fresh(args)))
    (mine, *others), (quick, *slower) = timed(works, args.repeats)
    names = ", ".join(mine)
    if not others:
        print(f"{benchmark.title}, {names}: A, R and EAO from text files in {quick:.2f} s")
        return 0
    plain, slow = others[0], slower[0]
    for name, figures in plain.items():
        same = (mine[name]["success"], mine[name]["precision"], mine[name]["norm_precision"])
        if max(abs(a - b) for a, b in zip(figures, same, strict=True)) > 1e-9:
            print(f"{name}: the loop gives {figures}, ours {same}", file=sys.stderr)
            return 1
    print(f"{benchmark.title}, {names}: ours {quick:.2f} s, plain loop {slow:.2f} s, {slow / quick:.1f} times as fast")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--benchmark", default="otb100", help="otb100, uav123, vot2016, ...")
    parser.add_argument("--results", type=Path, required=True, help="DIR/<tracker>/<sequence>.txt")
    parser.add_argument("--annotations", type=Path, required=True, help="DIR/<sequence>.txt")
    parser.add_argument("--trackers", nargs="+", help="only these")
    parser.add_argument("--repeats", type=int, default=7, help="runs of each in turns; the best counts (default: 7)")
    return parser.parse_args()


if __name__ == "__main__":
    script(main, Path(__file__).name)
