"""`siamsa model`: the parts of a network with output shapes, parameters, multiply-adds and times."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tracker.cli.options import add_runtime, add_set
from tracker.config import load_config

if TYPE_CHECKING:
    from tracker.models.profile import Part, Pass

HELP = "Print the parts of an experiment's network with output shapes, parameters, multiply-adds and times."
COLUMNS = ("output", "parameters", "mult-adds", "ms")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("experiment", help="an experiment's name or a YAML file")
    add_set(parser)
    add_runtime(parser)
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads (default: torch's choice)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="timed runs; the median counts")


def run(args: argparse.Namespace) -> int:
    """Build the network, measure it and print the table."""
    config = load_config(args.experiment, args.set)

    import torch

    from tracker.device import autocast, resolve_device, resolve_precision, set_threads
    from tracker.models.profile import count_parameters, profile
    from tracker.models.siamese import build_model

    device = resolve_device(args.device)
    precision = resolve_precision(args.precision, device)
    set_threads(args.threads)
    network = build_model(config.model).to(device)
    with autocast(device, precision):
        passes = profile(network, config.tracking.exemplar_size, config.tracking.instance_size, args.repeats)
    kind = str(precision).removeprefix("torch.")
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    print(f"{config.name}: {config.description}")
    print(f"{count_parameters(network):,} parameters; batch of 1 on {device}, {kind}{threads}\n")
    print("\n".join(table(passes)))
    return 0


def table(passes: tuple[Pass, ...]) -> Iterator[str]:
    """Lines of the table; multiply-adds in millions, times in milliseconds."""
    width = max(len(part.name) for each in passes for part in each.parts) + 2
    for i, each in enumerate(passes):
        if i:
            yield ""
        yield _row(width, each.name, *COLUMNS)
        for part in each.parts:
            shape = "x".join(map(str, part.shape))
            yield _row(width, "  " + part.name, shape, f"{part.parameters:,}", *_cost(part))
        yield _row(width, "  total", "", f"{each.parameters:,}", *_cost(each))


def _cost(measured: Pass | Part) -> tuple[str, str]:
    return f"{measured.multiply_adds / 1e6:,.1f} M", f"{measured.milliseconds:.2f}"


def _row(width: int, name: str, shape: str, parameters: str, multiply_adds: str, milliseconds: str) -> str:
    return f"{name:{width}}  {shape:>12}  {parameters:>12}  {multiply_adds:>12}  {milliseconds:>8}"


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("model")
