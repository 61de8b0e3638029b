"""Ranges and overrides of constants."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.config import from_dict, load_config
from tracker.errors import InputError
from tracker.tuning.space import DEFAULTS, Range, current, override, parse_ranges, rounded, with_values


def test_ranges_are_read_and_sorted() -> None:
    found = parse_ranges(["tracking.lr=0.2:0.8", "lost_window_influence=0:0.5"])
    assert found == (Range("lost_window_influence", 0, 0.5), Range("lr", 0.2, 0.8))
    assert [r.name for r in parse_ranges(DEFAULTS)] == ["lr", "penalty_k", "window_influence"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("speed=0:1", "'speed' cannot be tuned (known: "),
        ("instance_size=200:300", "cannot be tuned"),
        ("lr=0.5", "expected lr=LOW:HIGH"),
        ("lr=a:b", "expected lr=LOW:HIGH"),
        ("lr=0.8:0.2", "lower limit must be below"),
        ("lr=0.3:0.3", "lower limit must be below"),
        ("lr=0:1.5", "tracking.lr: must be 1 or less"),
        ("penalty_k=-1:1", "tracking.penalty_k: must be 0 or more"),
        ("penalty_k=0:inf", "lower limit must be below"),
        ("penalty_k=nan:1", "must be 0 or more"),
    ],
)
def test_bad_ranges_are_named(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_ranges([text])
    assert text in str(caught.value) and says in str(caught.value)


def test_a_name_is_given_once() -> None:
    with pytest.raises(InputError, match="twice"):
        parse_ranges(["lr=0.2:0.8", "tracking.lr=0.1:0.9"])


def test_the_search_starts_at_the_present_values() -> None:
    config = load_config("siamsa_r18")
    start = current(parse_ranges(DEFAULTS), config)
    assert start == {name: getattr(config.tracking, name) for name in start}
    with pytest.raises(InputError, match=r"lr=0.7:0.8: must contain the present value 0\.4"):
        current(parse_ranges(["lr=0.7:0.8"]), config)
    plain = from_dict({"tracking": {"window_influence": 0.33}})  # no lost_window_influence: the same
    assert current(parse_ranges(["lost_window_influence=0:0.5"]), plain) == {"lost_window_influence": 0.33}


def test_sampled_values_are_rounded_and_the_start_is_not() -> None:
    assert rounded({"lr": 0.123456, "k": 0.0123456}, {"lr": 0.5, "k": 0.0123456}) == {"lr": 0.1235, "k": 0.0123456}


def test_an_override_is_an_experiment(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: mine\ntracking: {lr: 0.3, stride: 8}\n")
    (tmp_path / "best.yaml").write_text(override({"lr": 0.55, "penalty_k": 1e-4}, tmp_path / "base.yaml", "found"))
    config = load_config(tmp_path / "best.yaml")
    assert (config.name, config.tracking.lr, config.tracking.penalty_k) == ("mine", 0.55, 1e-4)
    assert with_values(config, {"lr": 0.6}).tracking.lr == 0.6
