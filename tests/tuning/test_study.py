"""Claims, totals, takeovers: the bookkeeping of trials, without any tracking."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from optuna.trial import TrialState

from tests.helpers import ROOT
from tracker.errors import InputError
from tracker.processes.owners import me, shown
from tracker.tuning import study as module
from tracker.tuning.space import parse_ranges
from tracker.tuning.study import Study

RANGES = parse_ranges(["lr=0.2:0.8", "penalty_k=0:0.3"])
START = {"lr": 0.4, "penalty_k": 0.08}
SAME = {"benchmark": "folder"}


def figure(values: dict[str, float]) -> float:
    return 1 - abs(values["lr"] - 0.55) - abs(values["penalty_k"] - 0.1)


def open_study(place: Path | str, seed: int = 0) -> Study:
    return Study(str(place), "s", SAME, RANGES, START, seed)


def go_on(study: Study, total: int) -> list[dict[str, float]]:
    tried = []
    while (trial := study.claim(total)) is not None:
        tried.append(study.values(trial))
        study.finish(trial, figure(tried[-1]), {"a": 0.5})
    return tried


PLACES = pytest.mark.parametrize("kind", ["study.journal", "sqlite:///{}/study.db"])


@PLACES
def test_a_search_that_is_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path, kind: str) -> None:
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    places = {n: kind.format(tmp_path / n) if "{}" in kind else str(tmp_path / n / kind) for n in ("whole", "parts")}
    last = 5 if "sqlite" in kind else 14  # SQLite waits for the disk; after 10 trials the search is no longer random
    whole = go_on(open_study(places["whole"]), last)
    parts = [values for total in (1, 3, 3, last - 1, last) for values in go_on(open_study(places["parts"]), total)]
    assert parts == whole and len(whole) == last and whole[0] == START
    best = open_study(places["parts"]).best()
    assert best is not None and best.value == max(map(figure, whole)) >= figure(START)


def test_the_seed_decides_the_search(tmp_path: Path) -> None:
    first, second = (go_on(open_study(tmp_path / f"{seed}.journal", seed), 3) for seed in (0, 1))
    assert first[0] == second[0] == START and first[1:] != second[1:]


@PLACES
def test_two_commands_share_a_study_and_make_exactly_the_total(tmp_path: Path, kind: str) -> None:
    place = kind.format(tmp_path) if "{}" in kind else str(tmp_path / kind)
    one, two = open_study(place), open_study(place)
    held = [one.claim(3), two.claim(3), one.claim(3)]
    assert two.claim(3) is None and one.claim(3) is None
    assert one.others() == [f"trial {held[1].number} of {shown(me())}"] and len(two.others()) == 2  # type: ignore[union-attr]
    assert len({trial.number for trial in held if trial}) == 3
    for owner, trial in zip((one, two, one), held, strict=True):
        assert trial is not None
        owner.finish(trial, figure(owner.values(trial)), {})
    assert two.claim(3) is None and len(one.finished()) == 3


CLAIM = """
import sys, time
from tests.tuning.test_study import open_study
study = open_study(sys.argv[1])
for _ in range(int(sys.argv[2])):
    trial = study.claim(4)
print(study.values(trial), flush=True)
time.sleep(600)
"""


def claimed_by_killed(place: Path, count: int, wait: bool) -> str:
    """A process claims trials and is killed; returns the constants of the last one."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(place), str(count)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.kill()
    if wait:
        process.wait()
    return line.strip()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the beats decide, after two minutes")
@pytest.mark.parametrize("wait", [True, False], ids=["waited for", "zombie"])
def test_trials_of_a_killed_process_are_run_again(tmp_path: Path, wait: bool) -> None:
    place = tmp_path / "study.journal"
    lost = claimed_by_killed(place, 2, wait)
    study = open_study(place)
    tried = go_on(study, 4)
    assert len(study.finished()) == 4 and START in tried and lost in map(str, tried)
    assert len(study.trials(TrialState.FAIL)) == 2 and not study.trials(TrialState.RUNNING, TrialState.WAITING)
    assert go_on(open_study(place), 4) == []


@pytest.mark.parametrize("told", [0, 1, 2])
def test_a_command_killed_at_its_claim_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    """It was asked for a trial, and had not yet written itself, or all the constants, into it."""
    monkeypatch.setattr(module, "NAMELESS", 0.1)
    whole = go_on(open_study(tmp_path / "whole.journal"), 5)
    study = open_study(tmp_path / "parts.journal")
    parts = go_on(study, 2)
    trial = study.claim(5)
    assert trial is not None
    study.abandon(trial.number)  # its constants are queued
    cut = study.study.ask()
    for r in RANGES[:told]:
        cut.suggest_float(r.name, r.low, r.high)
    assert parts + go_on(open_study(tmp_path / "parts.journal"), 5) == whole


def test_a_command_that_was_stopped_at_its_claim_takes_another_trial(tmp_path: Path) -> None:
    study, other = (open_study(tmp_path / "s.journal") for _ in range(2))
    ask = study.study.ask
    asked = []

    def slow(*args: object) -> object:
        asked.append(ask())
        if len(asked) == 1:
            other.abandon(asked[0].number)  # it was without an owner for too long
        return asked[-1]

    study.study.ask = slow  # type: ignore[method-assign, assignment]
    trial = study.claim(3)
    assert trial is not None and trial.number == 1 and len(asked) == 2


def test_trials_whose_beats_stand_still_are_taken_over_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "study.journal"
    asleep, awake = open_study(place), open_study(place)
    trial = asleep.claim(1)
    assert trial is not None and awake.claim(1) is None
    monkeypatch.setattr(module, "STALE", -1.0)
    again = awake.claim(1)
    monkeypatch.undo()
    assert again is not None and awake.values(again) == START
    asleep.beat(trial)  # wakes up: nothing that it says counts any more
    assert asleep.report(trial, {"a": 0.9})
    asleep.finish(trial, 0.9, {"a": 0.9})
    awake.finish(again, 0.7, {"a": 0.7})
    best = awake.best()
    assert best is not None and (best.value, len(awake.finished())) == (0.7, 1)


def test_only_trials_that_are_surely_worse_are_given_up(tmp_path: Path) -> None:
    study = open_study(tmp_path / "study.journal")
    names = [f"s{i}" for i in range(8)]
    first = study.claim(9)
    assert first is not None
    study.finish(first, 0.6, {name: 0.6 + 0.02 * (i % 2) for i, name in enumerate(names)})

    def tested(scores: list[float]) -> list[bool]:
        trial = study.claim(9)
        assert trial is not None
        found = [study.report(trial, dict(zip(names[:n], scores[:n], strict=True))) for n in range(1, len(names) + 1)]
        study.finish(trial, None if any(found) else sum(scores) / len(scores), {})
        return found

    assert tested([0.4] * 8) == [False] * 4 + [True] * 4
    assert tested([0.7] * 8) == [False] * 8
    assert tested([0.1, 0.9, 0.5, 0.8, 0.6, 0.2, 0.9, 0.6]) == [False] * 8  # another, not a worse one


def test_another_search_in_the_same_place_is_refused(tmp_path: Path) -> None:
    place = str(tmp_path / "study.journal")
    go_on(open_study(place), 1)
    with pytest.raises(InputError, match=r"study 's' is of another search \(benchmark: folder there, otb100 now\)"):
        Study(place, "s", {"benchmark": "otb100"}, RANGES, START)
    assert len(Study(place, "other", {"benchmark": "otb100"}, RANGES, START).finished()) == 0


def test_a_torn_last_line_is_cut(tmp_path: Path) -> None:
    place = tmp_path / "study.journal"
    go_on(open_study(place), 2)
    with place.open("ab") as file:
        file.write(b'{"op_code":4,"worker')
    study = open_study(place)
    go_on(study, 3)
    assert len(open_study(place).finished()) == 3


@pytest.mark.parametrize("text", ["hello\n", '{"a": 1}\n', '{"a": \n{}\n'])
def test_what_is_no_journal_is_refused(tmp_path: Path, text: str) -> None:
    place = tmp_path / "notes.txt"
    place.write_text(text)
    with pytest.raises(InputError, match=r"notes\.txt: is not the journal of a study"):
        open_study(place)
    assert place.read_text() == text


@pytest.mark.parametrize("place", ["sqlite:////no/such/folder/x.db", "nosql://x", "sqlite:///{}/notes.txt"])
def test_databases_that_cannot_be_used_are_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "notes.txt").write_text("hello " * 500)
    with pytest.raises(InputError) as caught:
        open_study(place.format(tmp_path))
    assert str(caught.value).startswith("--storage ") and "\n" not in str(caught.value)
