"""`siamsa evaluate score`: score folders of results against annotations."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tracker.cli.evaluation.common import add_material, material


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate score`."""
    add_material(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures and curves")
    parser.add_argument("--per-sequence", action="store_true", help="print a line a sequence too")


def run(args: argparse.Namespace) -> int:
    """Print the ranking, and write it where --json says."""
    from tracker.atomic import write_whole
    from tracker.evaluation.scoring import notes, tables
    from tracker.evaluation.scoring import score as scoring

    benchmark, sequences, trackers, rules = material(args)
    scores = scoring.score(benchmark, sequences, trackers, rules)
    if args.json is not None:
        write_whole(args.json, json.dumps(scores, indent=1, allow_nan=False) + "\n")
    print(tables.ranking(scores))
    for part in ("per_attribute", "per_sequence") if args.per_sequence else ():
        if text := tables.details(scores, part):
            print("\n" + text)
    if len({tuple(entry["per_sequence"]) for entry in scores.values()}) > 1:
        print("the trackers were not scored on the same sequences; --common scores those that all have")
    for line in notes.lines(benchmark, sequences, trackers, args.annotations):
        print(line, file=sys.stderr)
    return 0
