"""`siamsa evaluate vot`: vot-toolkit's analysis of results, beside ours."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracker.errors import InputError

HEADS = {
    "accuracy": "accuracy",
    "failures": "failures",
    "failures_per_sequence": "failures a sequence, by length",
    "eao": "EAO",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate vot`."""
    add = parser.add_argument
    add("--benchmark", required=True, metavar="NAME", help="vot2013 to vot2019, or a YAML file that names a `stack`")
    add("--root", required=True, type=Path, metavar="DIR", help="folder of the benchmark; a part of it is enough")
    add("--results", required=True, nargs="+", type=Path, metavar="DIR", help="as for `siamsa evaluate score`")
    add("--trackers", nargs="+", metavar="NAME", help="only these folders of --results")
    add(
        "--output",
        type=Path,
        metavar="DIR",
        help="the workspace of the toolkit, made anew (default: runs/vot/BENCHMARK)",
    )
    add("--json", type=Path, metavar="FILE", help="write all figures")
    add("--timeout", type=float, default=3600, metavar="S", help="seconds for each part of the toolkit (default: 3600)")


def run(args: argparse.Namespace) -> int:
    """Print both sets of numbers; 1 where the toolkit fails."""
    from tracker.atomic import write_whole
    from tracker.evaluation.adapters import vot, vot_workspace
    from tracker.evaluation.benchmark import load_benchmark
    from tracker.evaluation.scoring import score as scoring
    from tracker.evaluation.scoring.results import trackers_of

    if args.timeout <= 0:
        raise InputError(f"--timeout: must be greater than 0, got {args.timeout:g}")
    vot.require()
    benchmark = load_benchmark(args.benchmark)
    present = scoring.from_root(benchmark, args.root)
    trackers = trackers_of(args.results, args.root, args.trackers)
    sequences = scoring.common(benchmark, present, trackers)
    workspace = vot_workspace.make(args.output or Path("runs/vot") / benchmark.name, benchmark, sequences, trackers)
    scores = scoring.score(benchmark, sequences, trackers, scoring.Rules(benchmark.invalid))
    less = len(present) - len(sequences)
    left_out = f"; {less} more lack a result of some tracker" if less else ""
    print(f"{benchmark.title}, {benchmark.of(len(sequences))}{left_out}")
    print(f"vot-toolkit works in {workspace.folder}", flush=True)
    try:
        analysis = vot.analyse(workspace, args.timeout)
    except vot.ToolkitError as error:
        print(f"siamsa: {error}", file=sys.stderr)
        return 1
    compared = vot.compare(scores, analysis)
    if args.json is not None:
        write_whole(args.json, json.dumps(compared, indent=1, allow_nan=False) + "\n")
    _show(compared)
    return 0


def _show(compared: Mapping[str, Any]) -> None:
    from tracker.evaluation.scoring.tables import grid, value

    rows = [["tracker", "measure", "ours", "theirs", "difference"]]
    for name, entry in compared["trackers"].items():
        for measure, title in HEADS.items():
            if entry["theirs"][measure] is None and entry["ours"][measure] is None:
                continue
            figures = [value(entry[side][measure], measure) for side in ("ours", "theirs")]
            gap, digits = entry["difference"][measure], 1 if measure == "failures" else 4
            rows.append([name, title, *figures, "-" if gap is None else f"{gap:+.{digits}f}"])
    print(grid(rows))
    print(f"ours: {compared['ours']}\ntheirs: {compared['theirs']}\ndocs/protocols.md says why they differ")
    print(f"the toolkit's files: {compared['report']}, {compared['analysis']}")
