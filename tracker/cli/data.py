"""`siamsa data`: look after the folders of benchmarks and of training data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.data.datasets import Loaded
    from tracker.data.left_out import LeftOut

HELP = "Check the folder of a benchmark or data set, make an index of it, cut crops, or render clips to train on."
LAYOUT = "native layout of the data set: coco, got10k, lasot, ... (docs/datasets.md)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa data`."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="check|index|crops|render")
    check = parts.add_parser("check", help="list what is missing or damaged in the folder of a benchmark or data set")
    what = check.add_mutually_exclusive_group(required=True)
    what.add_argument("benchmark", nargs="?", metavar="BENCHMARK", help="otb100, uav123, vot2016, ... or a YAML file")
    what.add_argument("--layout", metavar="LAYOUT", help=f"instead of a benchmark: {LAYOUT}")
    check.add_argument("--root", required=True, type=Path, metavar="DIR", help="folder of the benchmark or data set")
    check.add_argument(
        "--images",
        action="store_true",
        help="decode every image; else the first and last ones, and look at both ends of all files",
    )
    check.add_argument("--sheet", type=Path, metavar="FILE", help="with --layout: write a picture of boxes in frames")

    index = parts.add_parser("index", help="write an index of a data set, so that training starts at once")
    index.add_argument("--layout", required=True, metavar="LAYOUT", help=LAYOUT)
    index.add_argument("--root", required=True, type=Path, nargs="+", metavar="DIR", help="folders of data sets")
    index.add_argument("--force", action="store_true", help="make it anew even if it is valid")

    crops = parts.add_parser("crops", help="cut 511-pixel crops around all targets (PySOT's layout), for slow disks")
    crops.add_argument("--layout", required=True, metavar="LAYOUT", help=LAYOUT)
    crops.add_argument("--root", required=True, type=Path, metavar="DIR", help="folder of the data set")
    crops.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder of the crops; a run goes on")
    crops.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default: 1)")
    crops.add_argument("--quality", type=int, default=92, metavar="N", help="of the JPEG files, 1..100 (default: 92)")

    render = parts.add_parser("render", help="render clips with known boxes, in GOT-10k layout, to train on")
    render.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder of the clips")
    render.add_argument("--clips", type=int, default=40, metavar="N", help="how many (default: 40)")
    render.add_argument("--frames", type=int, default=24, metavar="N", help="frames of each (default: 24)")
    render.add_argument("--seed", type=int, default=100, metavar="N", help="of the first clip (default: 100)")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit code."""
    parts = {"check": _check, "index": _index, "crops": _crops, "render": _render}
    return parts[args.part](args)


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
    return _check_data(args) if args.layout else _check_benchmark(args)


def _check_benchmark(args: argparse.Namespace) -> int:
    """Print one line for every damaged sequence, the missing ones in short; 0 if what is there is good, else 2."""
    from tracker.data.datasets import DATASETS
    from tracker.errors import InputError
    from tracker.evaluation.benchmark import benchmark_names, load_benchmark
    from tracker.evaluation.check import check

    if args.sheet:
        raise InputError("data check: --sheet is for data sets; name one with --layout")
    if args.benchmark in DATASETS and args.benchmark not in benchmark_names():
        raise InputError(f"data check: {args.benchmark!r} is the layout of a data set; write --layout {args.benchmark}")
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
    unknown = benchmark.total is not None and not benchmark.sequences
    left = "missing: unknown (its YAML has no list of sequences)" if unknown else f"{len(missing)} missing"
    print(f"{benchmark.title}: {benchmark.of(good + damaged)}, {damaged} damaged, {left}")
    return 2 if damaged else 0


def _check_data(args: argparse.Namespace) -> int:
    """Print one line for everything that is damaged, then what there is; 0 if nothing is damaged, else 2."""
    from tqdm import tqdm

    from tracker.data.checking import check, sheet_place, write_sheet

    _known(args.layout, args.root)
    if args.sheet:
        sheet_place(args.sheet)
    with tqdm(unit="part", disable=None) as bar:
        found = check(args.layout, args.root, args.images, bar.update)
    for line in found.faults:
        print(line)
    print(
        f"{args.root} ({args.layout}): {len(found.tracks)} tracks, {found.boxes} boxes, {found.files} images,"
        f" {found.size / 2**30:.2f} GB; {len(found.faults)} damaged"
    )
    _say_left_out(found.left)
    if args.sheet:
        write_sheet(found.tracks, args.sheet)
        print(f"{args.sheet}: contact sheet")
    return 2 if found.faults else 0


def _index(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from tracker.data.index import build, current

    for folder in args.root:
        _known(args.layout, folder)
        found = None if args.force else current(args.layout, folder)
        if found is not None:
            _say_index(folder, *found, "is valid")
            continue
        with tqdm(unit="clip", disable=None) as bar:
            loaded, path = build(args.layout, folder, bar.update)
        _say_index(folder, loaded, path, "written")
    return 0


def _say_index(folder: Path, loaded: Loaded, path: Path, state: str) -> None:
    boxes = int(loaded.tracks.lengths.sum())
    size = path.stat().st_size / 2**20
    print(f"{folder}: {len(loaded.tracks)} tracks, {boxes} boxes; {path} ({size:.1f} MB) {state}")
    for line in loaded.left.damaged.values():
        print(line)
    _say_left_out(loaded.left)


def _say_left_out(left: LeftOut) -> None:
    for note in left.notes:
        print(note)
    if text := str(left):
        print(f"left out: {text}")


def _crops(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from tracker.data.index import open_folder
    from tracker.data.precut import precut
    from tracker.errors import InputError

    _known(args.layout, args.root)
    if args.workers < 1 or not 1 <= args.quality <= 100:
        raise InputError("data crops: needs --workers of 1 or more and --quality from 1 to 100")
    loaded = open_folder(args.layout, args.root)
    with tqdm(unit="crop", total=int(loaded.tracks.lengths.sum()), disable=None) as bar:
        damaged = precut(loaded.tracks, args.output, args.quality, args.workers, bar.update)
        cut = bar.total
    left = loaded.left.damaged
    for line in (*left.values(), *damaged):
        print(line)
    bad = f"{len(damaged)} image{' is' if len(damaged) == 1 else 's are'} damaged"
    print(f"{args.output}: crops of {len(loaded.tracks)} tracks, {cut} boxes wanted; {bad}")
    return 1 if damaged or left else 0


def _known(layout: str, folder: Path) -> None:
    """Raise InputError for an unknown layout or a folder that is not there."""
    from tracker.data.datasets import DATASETS
    from tracker.errors import InputError

    try:
        DATASETS[layout]
    except ValueError as error:
        raise InputError(f"data: {error}") from None
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; --root is the folder of the data set")


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("data")
