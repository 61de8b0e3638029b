"""The search: claims trials, has them followed, and keeps the best constants on disk after every improvement."""

from __future__ import annotations

import csv
import io
import random
import time
from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tracker.atomic import write_whole
from tracker.config import describe, to_dict
from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.readers import open_reader
from tracker.evaluation.running.records import digest_of, truth_digest
from tracker.evaluation.running.trackers import Entry
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key
from tracker.settings import Config
from tracker.tuning.objective import OBJECTIVES, Measured
from tracker.tuning.space import Range, override, shown
from tracker.tuning.study import Study
from tracker.tuning.workers import Pool

POLL = 2.0  # seconds between two looks at the trials of others


@dataclass(frozen=True)
class Goal:
    """How many trials the study is to have, whether hopeless ones are given up, and where the files go."""

    trials: int
    prune: bool
    output: Path
    benchmark: Benchmark
    config: Config

    @property
    def metric(self) -> str:
        """Name of the figure that is maximised."""
        return OBJECTIVES[self.benchmark.protocol].metric(self.benchmark)


def sequences_of(benchmark: Benchmark, root: Path, names: Many[str] = ()) -> tuple[Sequence, ...]:
    """The sequences to tune on, in an order that is shuffled but always the same. Raises InputError."""
    reader = open_reader(benchmark, root)
    there = {key(name): name for name in reader.available()}
    unknown = [name for name in names if key(name) not in there]
    if unknown:
        raise InputError(f"{root}: no sequence {', '.join(unknown)} of {benchmark.title}")
    chosen = [there[key(name)] for name in names] if names else list(there.values())
    if not chosen:
        raise InputError(f"{root}: no sequence of {benchmark.title} in it")
    chosen = sorted(set(chosen))
    random.Random(0).shuffle(chosen)  # neighbours are alike; the first few shall stand for all
    return tuple(reader.read(name) for name in chosen)


def identity_of(
    benchmark: Benchmark, sequences: Many[Sequence], entry: Entry, config: Config, ranges: Many[Range]
) -> dict[str, str]:
    """Everything that the trials of a study depend on, as flat text."""
    truths = {s.name: truth_digest(s) for s in sequences}
    kept = ("model.", "tracking.")
    return {
        "benchmark": benchmark.name,
        "protocol": benchmark.protocol,
        "scoring": f"invalid {benchmark.invalid}, first frame skipped {benchmark.skip_first}, EAO {benchmark.eao}",
        "sequences": str(len(sequences)),
        "ground truth": digest_of(truths),
        "weights": str(entry.identity["weights_sha256"])[:16],
        **{name: str(entry.identity[name]) for name in ("device", "precision", "torch")},
        "params": " ".join(map(str, ranges)),
        **{name: value for name, value, _ in describe(config) if name.startswith(kept)},
    }


def search(
    study: Study, pool: Pool, goal: Goal, on_trial: Callable[[Any], None], on_wait: Callable[[str], None]
) -> None:
    """Run trials until the study has `goal.trials`; calls `on_trial` with the best one so far after each.

    `on_wait` is told, once each, which trials of other commands are waited for.

    Raises what went wrong in a worker, and KeyboardInterrupt; the trial at hand is queued again.
    """
    _write_changed(goal.output / "base.yaml", yaml.safe_dump(to_dict(goal.config), sort_keys=False))
    told: set[str] = set()
    while True:
        trial = study.claim(goal.trials)
        if trial is None:
            if len(study.finished()) >= goal.trials:
                break
            for text in study.others():
                if text not in told:
                    told.add(text)
                    on_wait(text)
            time.sleep(POLL)  # the last trials are with other commands, which may yet be killed
            continue
        try:
            _run(study, pool, goal, trial)
        except BaseException:
            study.abandon(trial.number)
            raise
        write_outputs(study, goal)
        on_trial(study.best())
    write_outputs(study, goal)


def _run(study: Study, pool: Pool, goal: Goal, trial: Any) -> None:
    sequences, parts = pool.setup.sequences, dict[int, Measured]()
    ready = 0  # sequences from the first on that are all done: what is judged does not depend on who was faster
    scores: dict[str, float] = {}
    for done in pool.run(trial.number, study.values(trial)):
        study.beat(trial)
        if done is None:
            continue
        parts[done.sequence] = done.measured
        while ready in parts:
            scores[sequences[ready].name] = parts[ready].score
            ready += 1
            hopeless = study.report(trial, scores)
            if hopeless and goal.prune and ready < len(sequences):
                study.finish(trial, None, scores)
                return
    total = OBJECTIVES[goal.benchmark.protocol].total(goal.benchmark, [parts[i] for i in range(len(sequences))])
    study.finish(trial, total, scores)


def write_outputs(study: Study, goal: Goal) -> None:
    """`trials.csv`, and `best.yaml`: an experiment on top of `base.yaml`, written only where it changes."""
    best = study.best()
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["trial", "state", goal.metric, *(r.name for r in study.ranges), "sequences", "seconds"])
    for trial in study.finished():
        values = study.values(trial)
        seconds = f"{trial.duration.total_seconds():.1f}" if trial.duration else ""
        complete = trial.state.name == "COMPLETE"
        figure = f"{trial.value:.6f}" if complete else ""
        count = len(trial.user_attrs.get("per_sequence", {}))
        writer.writerow([trial.number, "complete" if complete else "stopped", figure, *values.values(), count, seconds])
    write_whole(goal.output / "trials.csv", table.getvalue())
    if best is None:
        return
    comment = f"siamsa tune: {goal.metric} {best.value:.4f} on {goal.benchmark.title} (trial {best.number})"
    _write_changed(goal.output / "best.yaml", override(study.values(best), goal.output / "base.yaml", comment))


def _write_changed(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text("utf-8") != text:
        write_whole(path, text)


def summary(study: Study, pool: Pool, goal: Goal) -> list[str]:
    """What the search found, as lines to print."""
    finished, best, default = study.finished(), study.best(), study.default()
    stopped = sum(t.state.name == "PRUNED" for t in finished)
    count = goal.benchmark.of(len(pool.setup.sequences))
    lines = [f"{goal.benchmark.title}, {count}: {goal.metric} of {len(finished)} trials, {stopped} stopped early"]
    for name, trial in (("present", default), ("best", best)):
        if trial is not None:
            lines.append(f"  {name:8}{trial.value:.4f}  {shown(study.values(trial))} (trial {trial.number})")
    if best is not None and default is not None and best.value == default.value:
        lines.append("nothing better than the present constants was found")
    asked, known = pool.known
    if asked:
        lines.append(f"{known} of {asked} crops ({100 * known / asked:.0f} %) were known and did not need the network")
    return [*lines, f"wrote {goal.output / 'best.yaml'}; use it with --experiment {goal.output / 'best.yaml'}"]
