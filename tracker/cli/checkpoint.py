"""`siamsa checkpoint`: show, verify, import, edit and average files of weights."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from tracker.cli.options import add_set
from tracker.config import apply_overrides, describe, load_config
from tracker.errors import InputError

HELP = "Show, verify, import, edit or average checkpoints."
LISTED = 8  # names printed of each kind in an import's report, without --all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|verify|import|edit|average")
    show = actions.add_parser("show", help="print what a checkpoint holds")
    show.add_argument("file", metavar="FILE", help="a checkpoint of this project")
    verify = actions.add_parser("verify", help="check that a checkpoint is whole and is the published one")
    verify.add_argument("file", metavar="FILE", help="a checkpoint of this project")
    bring = actions.add_parser("import", help="turn weights of SiamPW-RBO, SiamBAN or torchvision into a checkpoint")
    bring.add_argument("file", metavar="FILE", help="a PyTorch file that holds a state dict")
    bring.add_argument("--experiment", required=True, metavar="NAME", help="the experiment that the weights are for")
    bring.add_argument("--output", required=True, metavar="FILE", help="checkpoint to write")
    bring.add_argument("--overwrite", action="store_true", help="replace --output if it exists")
    bring.add_argument("--all", action="store_true", help="list every name of the report")
    add_set(bring)
    edit = actions.add_parser("edit", help="write a copy that carries other settings; the weights stay as they are")
    edit.add_argument("file", metavar="FILE", help="a checkpoint of this project")
    edit.add_argument("--experiment", metavar="NAME", help="take all settings from here; its network must be the same")
    edit.add_argument("--output", required=True, metavar="FILE", help="checkpoint to write")
    edit.add_argument("--overwrite", action="store_true", help="replace --output if it exists")
    add_set(edit)
    average = actions.add_parser("average", help="average the weights of runs that began from the same ones")
    average.add_argument("file", metavar="FILE", nargs="+", help="checkpoints; settings are taken from the first")
    average.add_argument("--shares", nargs="+", type=float, metavar="X", help="of each file (default: all alike)")
    average.add_argument("--output", required=True, metavar="FILE", help="checkpoint to write")
    average.add_argument("--overwrite", action="store_true", help="replace --output if it exists")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; 0, or InputError."""
    actions = {"show": _show, "verify": _verify, "import": _import, "edit": _edit, "average": _average}
    return actions[args.action](args)


def _show(args: argparse.Namespace) -> int:
    from tracker import checkpoint

    held = checkpoint.load(args.file)
    size = Path(args.file).stat().st_size
    print(f"file         {args.file} ({size / 1e6:.1f} MB)")
    print(f"sha256       {checkpoint.sha256(args.file)}")
    print(f"written by   siamsa {held.version}")
    print(f"experiment   {held.config.name}: {held.config.description}")
    print(f"tensors      {len(held.model)}, {sum(t.numel() for t in held.model.values()):,} numbers")
    for key, value in held.meta.items():
        print(f"{key:<12} {_count(value)}")
    for group in ("model", "tracking"):
        print(f"\n{group}")
        for name, value, _ in describe(getattr(held.config, group), "  "):
            print(f"{name:<28} {value}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from tracker import checkpoint

    held, digest = checkpoint.verify(args.file)
    about = "sha256 as in the manifest" if digest else "not listed in the manifest, so there is no sha256 to compare"
    print(f"{args.file}: sound, {len(held.model)} tensors for {held.config.name}; {about}")
    return 0


def _import(args: argparse.Namespace) -> int:
    config = load_config(args.experiment, args.set)
    output = _output(args)

    from tracker import checkpoint
    from tracker.models.siamese import build_model

    net = build_model(config.model)
    report = checkpoint.import_weights(net, args.file)
    meta = {"source": Path(args.file).name, "missing": list(report.missing)}
    digest = checkpoint.save(output, net.state_dict(), config, meta)
    print(f"{output}: {len(report.loaded)} tensors for {config.name}, sha256 {digest}")
    for kind, names in (
        ("missing, left at their initial values", report.missing),
        ("unexpected, not used", report.unexpected),
        ("of another shape, not used", report.other_shape),
    ):
        print(f"{kind}: {len(names)}")
        for line in _lines(names, args.all):
            print("  " + line)
    return 0


def _edit(args: argparse.Namespace) -> int:
    output = _output(args)

    from tracker import checkpoint

    held = checkpoint.load(args.file)
    base = held.config if args.experiment is None else load_config(args.experiment)
    config = apply_overrides(base, args.set)
    checkpoint.require_same_model(held, config)
    half = all(checkpoint.fits_half(t) for t in held.model.values())
    digest = checkpoint.save(output, held.model, config, held.meta, half=half)
    before = {key: value for key, value, _ in describe(held.config)}
    changed = [(key, before[key], value) for key, value, _ in describe(config) if before[key] != value]
    for key, old, new in changed:
        print(f"{key}: {old} -> {new}")
    print(f"{output}: {len(changed)} settings changed, sha256 {digest}")
    return 0


def _average(args: argparse.Namespace) -> int:
    output = _output(args)
    shares = args.shares or [1 / len(args.file)] * len(args.file)
    if len(shares) != len(args.file) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise InputError(f"--shares: expected {len(args.file)} numbers of 0 or more that sum to 1, got {shares}")

    from tracker import checkpoint

    held = [checkpoint.load(file) for file in args.file]
    for other in held[1:]:
        checkpoint.require_same_model(other, held[0].config)
    mean = checkpoint.average([part.model for part in held], shares)
    meta = dict(held[0].meta) | {
        "averaged": [
            f"{share:g} of {Path(file).name}, sha256 {checkpoint.sha256(file)}"
            for share, file in zip(shares, args.file, strict=True)
        ]
    }
    half = all(checkpoint.fits_half(tensor) for part in held for tensor in part.model.values())
    digest = checkpoint.save(output, mean, held[0].config, meta, half=half)
    print(f"{output}: the mean of {len(held)} networks, sha256 {digest}")
    return 0


def _output(args: argparse.Namespace) -> Path:
    output = Path(args.output)
    if output.exists() and not args.overwrite:
        raise InputError(f"{output} exists; choose another --output or give --overwrite")
    return output


def _lines(names: Iterable[str], everything: bool) -> list[str]:
    lines = list(names)
    if everything or len(lines) <= LISTED:
        return lines
    return [*lines[:LISTED], f"and {len(lines) - LISTED} more (--all lists them)"]


def _count(value: object) -> object:
    if isinstance(value, list) and len(value) > LISTED:
        return f"{len(value)}: " + ", ".join(map(str, value[:LISTED])) + ", ..."
    return value


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("checkpoint")
