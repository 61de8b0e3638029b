"""YAML to frozen dataclasses and back: `base:` files, dotted overrides, strict keys, checked types."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tracker.errors import InputError
from tracker.settings import Config

_FLOAT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class ConfigError(InputError):
    """A configuration that cannot be used; the message names file or key and what to do."""


def experiments_dir() -> Path:
    """Folder of the experiments: `SIAMSA_EXPERIMENTS`, the source tree's, or the one installed with the package."""
    here = Path(__file__).resolve().parent
    places = [here.parent / "experiments", here / "experiments"]
    if named := os.environ.get("SIAMSA_EXPERIMENTS"):
        places.insert(0, Path(named))
    return next((p for p in places if p.is_dir()), here.parent / "experiments")


def experiment_names() -> list[str]:
    """Names of the bundled experiments."""
    return sorted(p.parent.name for p in experiments_dir().glob("*/config.yaml"))


def load_config(experiment: str | Path, overrides: str | Iterable[str] = ()) -> Config:
    """The resolved configuration of an experiment.

    Args:
        experiment: a bundled experiment's name, or the path of a YAML file.
        overrides: `a.b=value`, one text or several, applied last.
    Raises:
        ConfigError: unknown experiment or key (the nearest is named), wrong type (the path is named).
    """
    return apply_overrides(from_dict(_read_tree(_find(experiment), ())), overrides)


def apply_overrides(config: Config, overrides: str | Iterable[str]) -> Config:
    """A new configuration with `a.b=value`, one text or several; values are read as YAML. Raises ConfigError."""
    tree = to_dict(config)
    for text in [overrides] if isinstance(overrides, str) else overrides:
        key, sep, raw = text.partition("=")
        if not sep or not key.strip():
            raise ConfigError(f"override {text!r}: expected key=value, such as tracking.window_influence=0.4")
        try:
            value = yaml.safe_load(raw) if raw.strip() else ""
        except yaml.YAMLError as error:
            raise ConfigError(f"override {text!r}: the value is not YAML ({_first_line(error)})") from None
        branch: Any = value
        for part in reversed(key.strip().split(".")):
            branch = {part: branch}
        from_dict(branch)  # checks keys and types against the schema, so that the message names this override
        tree = _merge(tree, branch)
    return from_dict(tree)


def from_dict(tree: Mapping[str, Any]) -> Config:
    """Configuration from a plain tree; keys left out take their defaults. Raises ConfigError."""
    return typing.cast(Config, _build(Config, tree, ""))


def to_dict(config: Any) -> dict[str, Any]:
    """Plain tree of a configuration: dicts, lists, numbers and text only."""
    return {f.name: _plain(getattr(config, f.name)) for f in dataclasses.fields(config)}


def describe(config: Any, prefix: str = "") -> list[tuple[str, str, str]]:
    """Rows `(dotted key, value as YAML, meaning)` of every setting, in order of definition."""
    rows: list[tuple[str, str, str]] = []
    for f in dataclasses.fields(config):
        value, key = getattr(config, f.name), prefix + f.name
        if dataclasses.is_dataclass(value):
            rows += describe(value, key + ".")
        else:
            text = yaml.safe_dump(_plain(value), default_flow_style=True, width=10**6).removesuffix("\n...\n").strip()
            rows.append((key, text, str(f.metadata.get("doc", ""))))
    return rows


def _find(experiment: str | Path) -> Path:
    path = Path(experiment)
    if path.is_dir():
        path = path / "config.yaml"
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise ConfigError(f"configuration {path}: no such file")
        return path
    found = experiments_dir() / str(experiment) / "config.yaml"
    if not found.is_file():
        names = experiment_names()
        near = difflib.get_close_matches(str(experiment), names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"unknown experiment {str(experiment)!r}{hint} (known: {', '.join(names)})")
    return found


def _read_tree(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen:
        raise ConfigError(f"configuration {path}: `base:` leads back to itself")
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"configuration {path}: {_first_line(error)}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"configuration {path}: expected `key: value` lines at the top")
    base = tree.pop("base", None)
    if base is None:
        return tree
    if not isinstance(base, str):
        raise ConfigError(f"configuration {path}: base must be the path of another file")
    below = path.parent / base
    if not below.is_file():
        raise ConfigError(f"configuration {path}: base {base!r} is not a file")
    return _merge(_read_tree(below, (*seen, path.resolve())), tree)


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(low)
    for key, value in high.items():
        both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        out[key] = _merge(out[key], value) if both else value
    return out


def _build(kind: type, tree: Any, path: str) -> Any:
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{path or 'configuration'}: expected settings, got {tree!r}")
    hints = typing.get_type_hints(kind)
    for key in tree:
        if key not in hints:
            near = difflib.get_close_matches(str(key), hints, n=1, cutoff=0.3)
            hint = f"; did you mean {_join(path, near[0])}?" if near else f" (known: {', '.join(hints)})"
            raise ConfigError(f"unknown setting {_join(path, str(key))}{hint}")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    values = {key: _convert(hints[key], value, _join(path, key)) for key, value in tree.items()}
    for key, value in values.items():
        _check_range(fields[key].metadata, value, _join(path, key))
    return kind(**values)


def _check_range(limits: Mapping[str, Any], value: Any, path: str) -> None:
    low, high, among = (limits.get(name) for name in ("low", "high", "among"))
    if among and value not in among:
        raise ConfigError(f"{path}: expected one of {', '.join(among)}, got {value!r}")
    if value is None:
        return
    if low is not None and not value >= low:  # so that NaN is refused
        raise ConfigError(f"{path}: must be {low} or more, got {value}")
    if high is not None and not value <= high:
        raise ConfigError(f"{path}: must be {high} or less, got {value}")


def _convert(kind: Any, value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _build(kind, value, path)
    options = typing.get_args(kind)
    if isinstance(kind, types.UnionType):  # only `X | None` is used
        return None if value is None else _convert(options[0], value, path)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{path}: expected a list, got {value!r}")
        return tuple(_convert(options[0], item, f"{path}[{i}]") for i, item in enumerate(value))
    if kind is float and not isinstance(value, bool):
        if isinstance(value, (int, float)):
            return float(value)
        if isinstance(value, str) and _FLOAT.fullmatch(value):  # YAML 1.1 reads 1e-3 as text
            return float(value.replace(".inf", "inf").replace(".nan", "nan"))
    if kind is int and isinstance(value, str) and _FLOAT.fullmatch(value) and float(value).is_integer():
        return int(float(value))
    if kind is str and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if kind in (int, str, bool) and type(value) is kind:
        return value
    raise ConfigError(f"{path}: expected {kind.__name__}, got {value!r}")


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())
