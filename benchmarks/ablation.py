"""What each part of the recipe is worth: the same short training with one thing changed, several seeds, held-out clips.

    python benchmarks/ablation.py --data DATA --init resnet18_imagenet_layer1-3.pth --pairs 3200 --seeds 0 1

Every run is a `siamsa train` of its own below --output: stopped at any moment, the same command goes on, and runs that
are done are not done again. --page writes the table with each row's command, and keeps what the page has from
`## What it says` on. DATA is `data.root` of siamsa_r18's sources (docs/datasets.md), with the held-out --clips in its
folder `videos`.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tracker import checkpoint
from tracker.atomic import write_whole
from tracker.cli.main import script
from tracker.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
READING = "## What it says"
PLAIN = "distractors occluders background noise blur gray rotation"
VARIANTS: dict[str, tuple[str, list[str]]] = {
    "base": ("the recipe as it is", []),
    "no-attention": ("without self-attention", ["model.attention.name=identity"]),
    "no-ranking": ("without the ranking losses", ["train.loss.ranking=0", "train.loss.iou_ranking=0"]),
    "levels-2-3": ("levels 2 and 3 instead of 3", ["model.levels=[2,3]"]),
    "no-pasting": (
        "nothing pasted into crops",
        [f"data.augment.{name}=0" for name in ("distractors", "occluders", "background")],
    ),
    "plain": ("shift, scale, colour and flip only", [f"data.augment.{name}=0" for name in PLAIN.split()]),
}


@dataclass
class Row:
    """A variant, and what its runs reached: overlaps on held-out clips and pairs, by seed."""

    name: str
    clips: list[float] = field(default_factory=list)
    pairs: list[float] = field(default_factory=list)
    minutes: float = 0.0


def main() -> int:
    """Train what is missing, and print the table."""
    args = _parse()
    rows = []
    for name in args.variants:
        row = Row(name)
        for seed in args.seeds:
            folder = args.output / f"{name}-{seed}"
            words = ["--run", str(folder), *_settings(args, name, seed)]
            weights = folder / "siamsa_r18.pth"
            if not weights.is_file() or checkpoint.load(weights).meta.get("pairs") != args.pairs:
                line = [sys.executable, "-m", "tracker.cli.main", "train", "--experiment", "siamsa_r18", *words]
                code = subprocess.run(line, cwd=ROOT, check=False).returncode
                if code:
                    return code
            meta = checkpoint.load(weights).meta
            if meta.get("pairs") != args.pairs:  # stopped by a signal, which ends a training with success
                raise InputError(f"{weights}: {meta.get('pairs')} of {args.pairs} pairs; the same command goes on")
            row.clips.append(meta["validation"]["clips"])
            row.pairs.append(meta["validation"]["pairs"])
            row.minutes += meta["seconds"] / 60
        rows.append(row)
        print(_line(row, rows[0]), flush=True)
    if args.page:
        write_whole(args.page, _page(args, rows) + _reading(args.page))
    return 0


def _settings(args: argparse.Namespace, name: str, seed: int) -> list[str]:
    steps = args.pairs // args.batch
    held_out = [
        f"train.validation.every={steps}",
        "train.validation.path=videos",
        f"train.validation.clips=[{','.join(args.clips)}]",
        "train.validation.frames=1000",
        "train.validation.pairs=512",
    ]
    recipe = [f"train.pairs={args.pairs}", f"train.batch={args.batch}", f"train.seed={seed}", "train.stem_from=0.1"]
    return [
        "--set",
        f"data.root={args.data}",
        f"train.init={args.init}",
        *recipe,
        *held_out,
        *args.set,
        *VARIANTS[name][1],
    ]


def _line(row: Row, base: Row) -> str:
    def cell(values: list[float]) -> str:
        spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
        return f"{statistics.mean(values):.3f}{spread}"

    gain = statistics.mean(row.clips) - statistics.mean(base.clips)
    cells = (VARIANTS[row.name][0], cell(row.clips), f"{gain:+.3f}", cell(row.pairs), f"{row.minutes:.0f}")
    return "| " + " | ".join(cells) + " |"


def _page(args: argparse.Namespace, rows: list[Row]) -> str:
    seeds, start = " ".join(map(str, args.seeds)), Path(args.init).name or "random weights"
    words = ["python", "benchmarks/ablation.py", "--data", "DATA"]
    words += ["--init", Path(args.init).name] if args.init else []
    words += ["--set", *args.set] if args.set else []
    words += ["--pairs", str(args.pairs), "--seeds", *map(str, args.seeds)]
    every = ["--variants", *args.variants] if args.variants != list(VARIANTS) else []
    table = "\n".join(_line(row, rows[0]) for row in rows)
    commands = "\n".join(
        f"# {VARIANTS[row.name][0]}: {' '.join(VARIANTS[row.name][1]) or 'nothing else set'}\n"
        f"{shlex.join([*words, '--variants', row.name])}"
        for row in rows
    )
    return f"""# What the parts of the recipe are worth

{args.pairs:,} pairs a run from {start}, batch {args.batch}, seeds {seeds}; otherwise `siamsa_r18`. Mean overlap of the
tracker on {len(args.clips)} clips held out of training, of the best point on pairs from them, and minutes of training
of all seeds together. ± is the standard deviation over seeds: smaller differences say nothing.

```sh
{shlex.join([*words, *every, "--page", "docs/ablation.md"])}
```

| | clips | against the recipe | pairs | minutes |
|---|---|---|---|---|
{table}

Each row by itself, a `siamsa train --experiment siamsa_r18` for each seed, with what is set beside the row's name:

```sh
{commands}
```

`DATA` is `data.root` of the sources of `siamsa_r18` ([datasets.md](datasets.md)); --init takes any weights that
`train.init` does ([training.md](training.md)). Held-out clips: {", ".join(args.clips)}.
"""


def _reading(page: Path) -> str:
    """What was written by hand below the table, from READING on."""
    text = page.read_text("utf-8") if page.is_file() else ""
    return "\n" + text[text.index(READING) :] if READING in text else ""


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    held_out = "davis_libby davis_scooter-black clips_ct_bear_bear sfstreet_21 uavdt_S1301 intelperson_1"
    add("--data", required=True, metavar="DIR", help="data.root of the trainings")
    add("--init", default="", metavar="FILE", help="ImageNet weights of the backbone (default: random ones)")
    add("--set", nargs="+", action="extend", default=[], metavar="a.b=c", help="settings of all runs")
    add("--pairs", type=int, default=12_000, metavar="N", help="pairs of each run (default: 12000)")
    add("--batch", type=int, default=16, metavar="N", help="pairs of a step (default: 16)")
    add("--seeds", type=int, nargs="+", default=[0, 1], metavar="N", help="(default: 0 1)")
    add("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS, metavar="NAME", help=", ".join(VARIANTS))
    add("--clips", nargs="+", default=held_out.split(), metavar="NAME", help="held-out clips below DIR/videos")
    add("--output", type=Path, default=Path("runs/ablation"), metavar="DIR", help="where the runs go")
    add("--page", type=Path, metavar="FILE", help="write the table and the commands as Markdown")
    args = parser.parse_args()
    args.pairs -= args.pairs % args.batch  # whole steps
    return args


if __name__ == "__main__":
    script(main, Path(__file__).name)
