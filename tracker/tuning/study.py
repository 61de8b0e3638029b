"""The study: an Optuna storage that several commands share, and trials that nothing loses.

A trial belongs to the command that claimed it. That one writes a beat every few seconds; where it was ended on this
machine, or its beats stand still, another marks the trial failed and queues its constants again. Failed trials do not
count, so that a study has exactly as many finished ones as were asked for. A claim is seeded by the number of those
that do: ended and started again, a search goes on with the constants that it would have tried anyway.
"""

from __future__ import annotations

import time
import uuid
import warnings
from collections.abc import Mapping
from collections.abc import Sequence as Many
from typing import Any

from tracker.errors import InputError
from tracker.processes import owners
from tracker.tuning.space import Range, Values, rounded
from tracker.tuning.storage import open_storage

try:
    import optuna
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import FrozenTrial, Trial, TrialState
except ImportError as error:
    raise InputError(f'siamsa tune needs Optuna: pip install "siamsa[tune]" ({error})') from None

BEAT = 15.0  # seconds between two beats
STALE = 120.0  # seconds without a beat after which another command takes a trial over
NAMELESS = 15.0  # the same without an owner: a command writes itself into a trial at once, unless it was killed there
FIRST_TESTED = 5  # sequences that a trial has before it may be given up
ENOUGH = 2.0  # standard errors below the best trial at which it is


class Study:
    """Claims, reports and finishes trials. Raises InputError for a storage that cannot be used or holds another study.

    Args:
        place: SQL URL, or the path of a journal.
        name: of the study in it.
        identity: everything that the figures depend on; a study with another one is refused.
        ranges, start: what is searched, and the values to begin with.
        seed: of the search.
    """

    def __init__(
        self, place: str, name: str, identity: dict[str, str], ranges: Many[Range], start: Values, seed: int = 0
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        self.ranges, self.start, self.seed = ranges, start, seed
        self.study = optuna.create_study(
            storage=open_storage(place), study_name=name, direction="maximize", load_if_exists=True
        )
        self._claim_study(place, name, identity)
        self._me = f"{owners.me()} {uuid.uuid4().hex[:8]}"
        self._seen: dict[int, tuple[Any, float]] = {}
        self._beaten = 0.0

    def _claim_study(self, place: str, name: str, identity: dict[str, str]) -> None:
        held = self.study.user_attrs.get("identity")
        if held is None and not self.study.get_trials(deepcopy=False):
            self.study.set_user_attr("identity", identity)
            return
        keys = list(dict.fromkeys([*identity, *(held or {})]))
        differing = [f"{k}: {(held or {}).get(k)} there, {identity.get(k)} now" for k in keys]
        differing = [text for k, text in zip(keys, differing, strict=True) if (held or {}).get(k) != identity.get(k)]
        if differing:
            more = f" and {len(differing) - 2} more" if len(differing) > 2 else ""
            raise InputError(
                f"{place}: study {name!r} is of another search ({'; '.join(differing[:2])}{more}); "
                "give another --study or --output"
            )

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Trials in these states, by number."""
        return list(self.study.get_trials(deepcopy=False, states=states))

    def finished(self) -> list[FrozenTrial]:
        """Trials that count: complete, or given up as hopeless."""
        return self.trials(TrialState.COMPLETE, TrialState.PRUNED)

    def best(self) -> FrozenTrial | None:
        """The complete trial with the highest figure, the first of equals; None without any."""
        return max(self.trials(TrialState.COMPLETE), key=lambda t: (t.value or 0.0, -t.number), default=None)

    def default(self) -> FrozenTrial | None:
        """The complete trial of the values that the search began with."""
        return next((t for t in self.trials(TrialState.COMPLETE) if t.user_attrs.get("default")), None)

    def values(self, trial: FrozenTrial | Trial) -> Values:
        """The constants of a trial."""
        return rounded({r.name: trial.params[r.name] for r in self.ranges}, self.start)

    def claim(self, total: int) -> Trial | None:
        """The next trial to run, or None where `total` are finished, or others are at the last of them."""
        self._take_over_all_nameless()
        counting = self.trials(TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        if len(counting) >= total:
            return None
        known = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
        if not any(t.user_attrs.get("default") for t in self.trials(*known)):
            self.study.enqueue_trial(self.start, user_attrs={"default": True})
        self.study.sampler = optuna.samplers.TPESampler(
            seed=(self.seed * 1_000_003 + len(counting)) % 2**32, multivariate=True, constant_liar=True
        )
        trial = self.study.ask()
        try:
            trial.set_user_attr("owner", self._me)
            for r in self.ranges:
                trial.suggest_float(r.name, r.low, r.high)
        except UpdateFinishedTrialError:  # another command took it over while this one was stopped
            return self.claim(total)
        # Another command may have claimed at the same moment: the lower numbers count, and a surplus one is given back.
        counting = self.trials(TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        if sum(t.number < trial.number for t in counting) >= total:
            self.study.tell(trial, state=TrialState.FAIL)
            return None
        return trial

    def beat(self, trial: Trial) -> None:
        """Say that a trial is being worked on, at most every few seconds."""
        now = time.monotonic()
        if now - self._beaten > BEAT:
            self._beaten = now
            try:
                trial.set_user_attr("beat", now)
            except UpdateFinishedTrialError:
                return  # another command took it over while this one was stopped; `finish` drops what comes of it

    def report(self, trial: Trial, scores: Mapping[str, float]) -> bool:
        """Keep the mean of the sequences so far; returns whether the trial is hopeless against the best one.

        It is where its sequences are worse than the same ones of the best trial by more than chance (a paired
        test). The trial of the present values is never given up.
        """
        try:
            trial.report(sum(scores.values()) / len(scores), len(scores))
        except UpdateFinishedTrialError:
            return True
        best = self.best()
        theirs = best.user_attrs.get("per_sequence", {}) if best else {}
        losses = [theirs[name] - score for name, score in scores.items() if name in theirs]
        if len(losses) < FIRST_TESTED or trial.user_attrs.get("default"):
            return False
        mean = sum(losses) / len(losses)
        variance = sum((loss - mean) ** 2 for loss in losses) / (len(losses) - 1)
        return mean > 0 and mean > ENOUGH * (variance / len(losses)) ** 0.5

    def finish(self, trial: Trial, value: float | None, scores: Mapping[str, float]) -> None:
        """Keep a trial's figure; None for one that was given up. Nothing where another command took it over."""
        try:
            trial.set_user_attr("per_sequence", dict(scores))
            self.study.tell(trial, value, state=TrialState.PRUNED if value is None else TrialState.COMPLETE)
        except (UpdateFinishedTrialError, ValueError):
            if self._frozen(trial.number).state == TrialState.RUNNING:
                raise

    def abandon(self, number: int) -> None:
        """Mark a trial failed and queue its constants again, unless another command was faster."""
        trial = self._frozen(number)
        try:
            self.study.tell(number, state=TrialState.FAIL)
        except (UpdateFinishedTrialError, ValueError):
            if self._frozen(number).state == TrialState.RUNNING:
                raise
            return
        params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}  # queued ones are set one by one
        if all(r.name in params for r in self.ranges):
            again = {key: value for key, value in trial.user_attrs.items() if key == "default"}
            self.study.enqueue_trial(params, user_attrs={**again, "retry_of": number})

    def take_over(self) -> None:
        """Abandon the trials of commands that are no more."""
        now = time.monotonic()
        for trial in self.trials(TrialState.RUNNING):
            state = (trial.user_attrs.get("owner"), trial.user_attrs.get("beat"), len(trial.intermediate_values))
            if self._seen.get(trial.number, (None, 0.0))[0] != state:
                self._seen[trial.number] = (state, now)
            patience = STALE if state[0] else NAMELESS
            if owners.gone(str(state[0] or "")) or now - self._seen[trial.number][1] > patience:
                self.abandon(trial.number)

    def _take_over_all_nameless(self) -> None:
        # Counted, a trial that a killed command never wrote itself into would have the next one take the wrong seed.
        self.take_over()
        while any("owner" not in trial.user_attrs for trial in self.trials(TrialState.RUNNING)):
            time.sleep(0.05)
            self.take_over()

    def others(self) -> list[str]:
        """Which trials other commands are at: `trial 3 of process 123 of host`."""
        held = [(trial.number, str(trial.user_attrs.get("owner", ""))) for trial in self.trials(TrialState.RUNNING)]
        return [f"trial {number} of {owners.shown(owner)}" for number, owner in held if owner != self._me]

    def _frozen(self, number: int) -> FrozenTrial:
        return self.study.get_trials(deepcopy=False)[number]
