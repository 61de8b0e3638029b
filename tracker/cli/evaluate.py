"""`siamsa evaluate`: run a tracker over a benchmark; score results, ours or anyone's, and report on them."""

from __future__ import annotations

import argparse
import importlib

# Parts in the order of the help.
PARTS = {
    "run": "run a tracker over a benchmark; started again, it goes on",
    "score": "score folders of results against annotations",
    "report": "the same as a page with plots, tables and frames of failures",
    "got10k": "run and report with the package got10k, its figures beside ours",
    "vot": "analyse results with vot-toolkit and show its numbers beside ours",
    "trax": "serve a tracker over the TraX protocol; a client such as vot-toolkit starts this",
}
HELP = "Run a tracker over a benchmark; score results, ours or anyone's, and report on them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate PART`; each part is the file of that name in `evaluation`."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="|".join(PARTS))
    for name, text in PARTS.items():
        importlib.import_module(f"tracker.cli.evaluation.{name}").add_arguments(parts.add_parser(name, help=text))


def run(args: argparse.Namespace) -> int:
    """Do a part; 0, or 1 where a tracker failed on a sequence, 2 where the material is damaged."""
    return int(importlib.import_module(f"tracker.cli.evaluation.{args.part}").run(args))


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("evaluate")
