"""One pass over the OTB100 sequences that are there: success and precision of each, their means, and frames a second.

    python benchmarks/otb.py --root OTB100 [--checkpoint FILE] [--set tracking.penalty_k=0.1 ...]

Success is the area under the curve of overlap thresholds 0:0.05:1 (strictly greater), precision the share of frames
whose centre is at most 20 pixels off. `siamsa evaluate` does the same for other benchmarks, trackers and protocols,
keeps results, and resumes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from tracker.cli.main import script
from tracker.evaluation.benchmark import load_benchmark
from tracker.evaluation.measures.metrics import mean, one_pass
from tracker.evaluation.readers import open_reader
from tracker.evaluation.running.protocols import PROTOCOLS
from tracker.evaluation.running.trackers import Choice, open_tracker


def main() -> int:
    """Track, score and print."""
    args = _parse()
    benchmark = load_benchmark(args.benchmark)
    reader = open_reader(benchmark, args.root)
    choice = Choice(
        args.tracker, args.checkpoint, args.experiment, tuple(args.set), args.device, args.precision, args.threads
    )
    entry = open_tracker(choice)
    names = [name for name in reader.available() if not args.only or name in args.only]
    scores, frames, tracking, reading = [], 0, 0.0, 0.0
    print(f"{entry.label} on {benchmark.title}: {benchmark.of(len(names))}, one pass")
    print(f"{'sequence':<16}{'frames':>8}{'success':>10}{'precision':>11}{'frames/s':>10}")
    for name in names:
        sequence = reader.read(name)
        done = PROTOCOLS["ope"](entry.follower, sequence)
        score = one_pass(sequence.boxes, np.array(done.rows))
        print(
            f"{name:<16}{len(sequence):>8}{score.success:>10.3f}{score.precision:>11.3f}{done.fps:>10.1f}", flush=True
        )
        scores.append(score)
        frames, tracking, reading = frames + len(sequence), tracking + sum(done.seconds), reading + done.reading
    total = mean(scores)
    print(f"{'mean':<16}{frames:>8}{total.success:>10.3f}{total.precision:>11.3f}{frames / tracking:>10.1f}")
    print(f"{benchmark.of(len(scores))}; tracking {tracking:.1f} s, reading images {reading:.1f} s")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--root", required=True, help="folder of the sequences")
    parser.add_argument(
        "--benchmark", default="otb100", help="otb100, otb50 or another with one pass (default: otb100)"
    )
    parser.add_argument(
        "--tracker", default="siamsa", help="siamsa, kcf, csrt, mil or module:factory (default: siamsa)"
    )
    parser.add_argument("--checkpoint", metavar="FILE", help="weights (default: those that are shipped)")
    parser.add_argument("--experiment", metavar="NAME", help="settings that replace those in the checkpoint")
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="a.b=c", help="change settings")
    parser.add_argument("--only", nargs="+", default=[], metavar="SEQUENCE", help="these sequences only")
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"), help="arithmetic")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads (0: as torch decides)")
    return parser.parse_args()


if __name__ == "__main__":
    script(main, Path(__file__).name)
