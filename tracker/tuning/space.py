"""What is searched: ranges of the tracker's constants, and configurations with values from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.config import from_dict
from tracker.errors import InputError
from tracker.settings import Config, TrackingConfig

DEFAULTS = ("penalty_k=0:0.3", "window_influence=0.1:0.6", "lr=0.2:0.8")
DIGITS = 4  # of a sampled constant: finer ones make no difference, and read badly
Values = dict[str, float]


@dataclass(frozen=True)
class Range:
    """A setting of `tracking`, and between which values it is searched."""

    name: str
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.name}={self.low:g}:{self.high:g}"


def tunable() -> list[str]:
    """Settings of `tracking` that may be searched: the numbers that are not sizes of the network's input."""
    return [f.name for f in dataclasses.fields(TrackingConfig) if f.type in ("float", "float | None")]


def parse_ranges(texts: Iterable[str]) -> tuple[Range, ...]:
    """Ranges from `name=low:high` texts, sorted by name so that their order does not matter. Raises InputError."""
    found: dict[str, Range] = {}
    for text in texts:
        name, _, limits = text.partition("=")
        name = name.removeprefix("tracking.")
        low, colon, high = limits.partition(":")
        if name not in tunable():
            raise InputError(f"--params {text}: {name!r} cannot be tuned (known: {', '.join(tunable())})")
        if name in found:
            raise InputError(f"--params {text}: {name} is given twice")
        try:
            found[name] = Range(name, float(low), float(high))
        except ValueError:
            raise InputError(f"--params {text}: expected {name}=LOW:HIGH, such as {name}=0.1:0.5") from None
        for limit in (found[name].low, found[name].high):
            try:
                from_dict({"tracking": {name: limit}})
            except InputError as error:
                raise InputError(f"--params {text}: {error}") from None
        if not found[name].low < found[name].high < float("inf"):
            raise InputError(f"--params {text}: the lower limit must be below the upper one")
    return tuple(sorted(found.values(), key=lambda r: r.name))


def current(ranges: Iterable[Range], config: Config) -> Values:
    """The values that a configuration has now, where the search starts. Raises InputError for one outside its range."""
    values = {}
    for r in ranges:
        value = getattr(config.tracking, r.name)
        if value is None:  # lost_window_influence: null is the same as window_influence
            value = config.tracking.window_influence
        if not r.low <= value <= r.high:
            raise InputError(f"--params {r}: must contain the present value {value:g}, where the search starts")
        values[r.name] = float(value)
    return values


def rounded(values: Mapping[str, float], start: Mapping[str, float]) -> Values:
    """Sampled values with few digits; those of the start stay exactly what they are."""
    return {name: value if value == start[name] else round(value, DIGITS) for name, value in values.items()}


def with_values(config: Config, values: Mapping[str, float]) -> Config:
    """The configuration with these constants of `tracking`."""
    constants: dict[str, Any] = dict(values)
    return dataclasses.replace(config, tracking=dataclasses.replace(config.tracking, **constants))


def shown(values: Mapping[str, float]) -> str:
    """`lr 0.4, penalty_k 0.08`."""
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def override(values: Mapping[str, float], base: Path, comment: str) -> str:
    """The text of an experiment with these constants on top of `base`, a file beside it."""
    lines = [f"# {comment}", f"base: {base.name}", "tracking:"]
    return "\n".join([*lines, *(f"  {name}: {value!r}" for name, value in values.items())]) + "\n"
