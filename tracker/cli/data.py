"""`siamsa data`: look after the folders of benchmarks and of training data."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "Check the folder of a benchmark, or render clips to train on."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa data`."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="check|render")
    check = parts.add_parser("check", help="list what is missing or damaged in the folder of a benchmark")
    check.add_argument("benchmark", metavar="BENCHMARK", help="otb100, uav123, vot2016, ... or a YAML file")
    check.add_argument("--root", required=True, type=Path, metavar="DIR", help="folder of the benchmark")
    check.add_argument("--images", action="store_true", help="decode every image, not only the first and last ones")

    render = parts.add_parser("render", help="render clips with known boxes, in GOT-10k layout, to train on")
    render.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder of the clips")
    render.add_argument("--clips", type=int, default=40, metavar="N", help="how many (default: 40)")
    render.add_argument("--frames", type=int, default=24, metavar="N", help="frames of each (default: 24)")
    render.add_argument("--seed", type=int, default=100, metavar="N", help="of the first clip (default: 100)")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit code."""
    return {"check": _check, "render": _render}[args.part](args)


def _render(args: argparse.Namespace) -> int:
    from tqdm import trange

    from tracker.data.rendered import write_clip
    from tracker.errors import InputError

    if args.clips < 1 or args.frames < 2 or args.seed < 0:
        raise InputError("data render: needs --clips of 1 or more, --frames of 2 or more, --seed of 0 or more")
    for i in trange(args.clips, unit="clip", disable=None):
        write_clip(args.output / f"rendered_{args.seed + i:05d}", args.seed + i, args.frames, (640, 480))
    print(f"{args.output}: {args.clips} clips of {args.frames} frames")
    return 0


def _check(args: argparse.Namespace) -> int:
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
