"""`siamsa data`: look after the folders of benchmarks."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "Say what is missing or damaged in the folder of a benchmark."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa data check`."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="check")
    check = parts.add_parser("check", help="list what is missing or damaged in the folder of a benchmark")
    check.add_argument("benchmark", metavar="BENCHMARK", help="otb100, uav123, vot2016, ... or a YAML file")
    check.add_argument("--root", required=True, type=Path, metavar="DIR", help="folder of the benchmark")
    check.add_argument("--images", action="store_true", help="decode every image, not only the first and last ones")


def run(args: argparse.Namespace) -> int:
    """Print one line for every damaged sequence, the missing ones in short; 0 if what is there is good, else 1."""
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.check import check

    benchmark = load_benchmark(args.benchmark)
    missing, good, damaged = [], 0, 0
    for name, problem in check(benchmark, args.root, args.images):
        if problem == "missing":
            missing.append(name)
        elif problem:
            damaged += 1
            print(f"{name}: {problem}")
        else:
            good += 1
    if missing:
        print(f"missing: {', '.join(missing)}")
    print(f"{benchmark.title}: {benchmark.of(good + damaged)}, {damaged} damaged, {len(missing)} missing")
    return 1 if damaged else 0


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("data")
