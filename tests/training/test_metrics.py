"""metrics.jsonl after a kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tracker.settings import Config
from tracker.training import metrics, state
from tracker.training.data import open_sampler
from tracker.training.distributed import ALONE
from tracker.training.loop import Hooks, train

WHOLE = '{"step": 20, "total": 1.5}\n{"step": 40, "total": 1.25}\n'


@pytest.mark.parametrize(
    "damage",
    ['{"step": 60, "to', '{"step": 60, "to\n', "\0\0\0\0\n", "\0\0", '{"step"', "60\n", "{}\n", '{"step": null}\n'],
)
def test_a_line_that_was_not_written_to_its_end_is_cut_off(damage: str, small_config: Config, tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    log.write_text(WHOLE + damage)
    run, _ = state.start(small_config, ALONE)
    run.step = 60
    metrics.forget_beyond(log, run)
    assert log.read_text() == WHOLE and [p.name for p in tmp_path.iterdir()] == ["metrics.jsonl"]
    metrics.append(log, run, {"total": 1.0})
    assert [json.loads(row)["step"] for row in log.open()] == [20, 40, 60]


def test_bytes_that_are_no_text_are_cut_off(small_config: Config, tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    log.write_bytes(WHOLE.encode() + b"\xff\xfe{\n")
    run, _ = state.start(small_config, ALONE)
    run.step = 40
    metrics.forget_beyond(log, run)
    assert log.read_text() == WHOLE


def test_steps_and_a_validation_that_come_again_are_dropped(small_config: Config, tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    looked = '{"step": 40, "score": 0.5}\n'
    run, _ = state.start(small_config, ALONE)
    for step, validated, expected in ((40, 0, WHOLE), (40, 40, WHOLE + looked), (20, 0, WHOLE.split("\n")[0] + "\n")):
        log.write_text(WHOLE + looked + '{"step": 60}\n')
        run.step, run.validated = step, validated
        metrics.forget_beyond(log, run)
        assert log.read_text() == expected


def test_a_run_goes_on_after_it(small_config: Config, tmp_path: Path) -> None:
    config = replace(small_config, train=replace(small_config.train, pairs=2, statistics="frozen"))
    log = tmp_path / "metrics.jsonl"
    log.write_text('{"step": 0, "begun": 1}\n{"step": 1, "tot')
    run, _ = state.start(config, ALONE)
    train(run, config, open_sampler(config), log, Hooks())
    before, after = log.read_text().splitlines()
    assert run.step == 1 and before == '{"step": 0, "begun": 1}'
    assert json.loads(after)["step"] == 1, "the end of the run; the broken line is gone"
