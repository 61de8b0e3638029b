"""`siamsa evaluate report`: a page with plots, tables and frames of failures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tracker.cli.evaluation.common import add_material, material


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate report`."""
    add_material(parser)
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="where report.html and the rest go (default: runs/report/BENCHMARK)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a report that is there")


def run(args: argparse.Namespace) -> int:
    """Write the report."""
    from tracker.evaluation.report import data, strips, write
    from tracker.evaluation.scoring import notes
    from tracker.evaluation.scoring.tables import HEADS, value

    output = args.output or Path("runs/report") / Path(args.benchmark).stem.lower()
    write.check_free(output, args.overwrite)
    benchmark, sequences, trackers, rules = material(args)
    report = data.gather(benchmark, sequences, trackers, rules)
    shown = strips.worst_failures(benchmark, sequences, trackers, report)
    files = write.write_report(report, shown, args.root is not None, output)
    first = report.measured[0]
    print(f"{report.protocol}; {report.coverage}")
    alike = sum(entry.covered == first.covered for entry in report.measured)
    others = "" if report.alike else " on the most sequences"
    figure = f"{HEADS[report.main]} {value(first.figures[report.main])}"
    print(f"best of {alike}{others}: {first.tracker}, {figure}")
    print(f"wrote {files[-1]} and {len(files) - 1} files beside it")
    for line in notes.lines(benchmark, sequences, trackers, args.annotations):
        print(line, file=sys.stderr)
    return 0
