"""`siamsa evaluate trax`: a tracker behind the TraX protocol, for vot-toolkit to drive."""

from __future__ import annotations

import argparse

from tracker.cli.evaluation.common import add_choice, choice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa evaluate trax`."""
    add_choice(parser)


def run(args: argparse.Namespace) -> int:
    """Answer the client until it has finished."""
    from tracker.evaluation.adapters import trax
    from tracker.evaluation.running.trackers import open_tracker

    trax.require_client()
    trax.library()
    entry = open_tracker(choice(args))
    trax.serve(entry.follower, entry.label)
    return 0
