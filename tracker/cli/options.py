"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import argparse
from typing import Any

import tracker


def add_set(parser: argparse.ArgumentParser) -> None:
    """`--set a.b=c [a.b=c ...]`, collected in `args.set`."""
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change settings, such as tracking.window_influence=0.4 (`siamsa config EXPERIMENT` lists them)",
    )


def add_runtime(parser: argparse.ArgumentParser) -> None:
    """`--device` and `--precision`, as text for `tracker.device`."""
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument(
        "--precision",
        choices=("auto", "fp32", "bf16"),
        default="auto",
        help="arithmetic of the network; auto: bf16 where the hardware has it (default: auto)",
    )


def add_network(
    parser: argparse.ArgumentParser, threads: int = 0, meaning: str = "CPU threads of the network (0: torch decides)"
) -> None:
    """Which weights and settings a command tracks with, and how; `threads` is the default of what `meaning` says."""
    add = parser.add_argument
    add("--checkpoint", metavar="FILE", help="weights (default: those that come with the project)")
    add("--experiment", metavar="NAME", help="experiment whose settings replace those in the checkpoint")
    add("--threads", type=int, default=threads, metavar="N", help=f"{meaning} (default: {threads})")
    add_runtime(parser)
    add_set(parser)


def load_tracker(args: argparse.Namespace) -> Any:
    """The tracker that these options ask for."""
    return tracker.load(
        checkpoint=args.checkpoint,
        experiment=getattr(args, "experiment", None),
        device=args.device,
        precision=args.precision,
        overrides=args.set,
        threads=args.threads,
    )
