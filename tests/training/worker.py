"""What one of two processes does in test_distributed.py: python worker.py OUT DATA BATCH."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tracker.config import load_config
from tracker.data.pairs import PairSampler
from tracker.settings import Config
from tracker.training import loop, state
from tracker.training.data import batches
from tracker.training.distributed import Team, join
from tracker.training.step import Run, training_step
from tracker.training.validate import Validation


def settings(data: str, batch: int) -> Config:
    """20 steps of four pairs of all processes; the backbone joins in at half of them."""
    return load_config(
        "siamsa_r18",
        [
            *(f"data.root={data}", "data.sources=[{path: drawn, layout: coco}]", "data.workers=0"),
            *("model.levels=[2]", "model.width=64", "tracking.instance_size=127", "data.cross_negative=0.5"),
            *("train.pairs=80", f"train.batch={batch}", "train.precision=fp32", "train.init=", "train.stem_from=0.0"),
            *("train.optimiser=sgd", "train.lr=0.001", "train.backbone_from=0.5", "train.loss.focal=0.2"),
        ],
    )


def poisoned(run: Run, config: Config, team: Team) -> tuple[dict[str, float], dict[str, float]]:
    """A step in which the last process's loss is not a number, and the next one."""
    sampler = PairSampler(config.data, config.tracking, config.train.seed)
    first, second = batches(sampler, config.train.batch, 0, 2 * config.train.batch * team.size, team)
    if team.rank == team.size - 1:
        first["distances"] = torch.full_like(first["distances"], float("nan"))
        first["labels"] = torch.ones_like(first["labels"])
        first["tight"] = torch.ones_like(first["tight"])
    return training_step(run, [first], config), training_step(run, [second], config)


def held_out(config: Config, team: Team) -> dict[str, object]:
    """Numbers of a fresh network on held-out clips; and what comes of a stop that one process alone hears of."""
    shown: dict[str, Any] = {"every": 1, "path": "clips", "pairs": 5, "frames": 4}
    config = replace(config, train=replace(config.train, validation=replace(config.train.validation, **shown)))
    run, _ = state.start(config, team)
    validation, asked = Validation(config), iter(range(99))
    return {
        "measured": validation(run),
        "stopped": [validation(run, lambda: team.rank == team.size - 1), validation(run, lambda: next(asked) > 7)],
        "here": team.here,
    }


def main() -> None:
    """Train, then a poisoned step, then two of two parts each; write what came of it."""
    out, data, batch = sys.argv[1:]
    torch.set_num_threads(1)
    config = settings(data, int(batch))
    with join("cpu") as team:
        run, _ = state.start(config, team)
        log = Path(out).with_suffix(".jsonl")
        loop.train(run, config, PairSampler(config.data, config.tracking, config.train.seed), log, loop.Hooks())
        trained = {name: value.clone() for name, value in run.net.state_dict().items()}
        bad, good = poisoned(run, config, team)
        after = {name: value.clone() for name, value in run.net.state_dict().items()}
        parts = replace(config, train=replace(config.train, accumulate=2, pairs=config.train.pairs + 16))
        run.step = 10  # of steps twice as large
        loop.train(run, parts, PairSampler(parts.data, parts.tracking, parts.train.seed), log, loop.Hooks())
        content = {"trained": trained, "after": after, "end": run.net.state_dict(), "skipped": run.skipped}
        content |= held_out(config, team)
        torch.save(content | {"bad": bad, "good": good, "steps": run.step}, f"{out}.{team.rank}")


if __name__ == "__main__":
    main()
