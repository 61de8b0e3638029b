"""`siamsa config`: the settings of an experiment, as YAML that can be saved and used."""

from __future__ import annotations

import argparse
import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

import yaml

from tracker.cli.options import add_set
from tracker.config import experiment_names, load_config

HELP = "Print every setting of an experiment with its meaning, or the experiments there are."
COMMENT_COLUMN = 40

Line = tuple[str, str]  # YAML, and the comment beside it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("experiment", nargs="?", help="an experiment's name or a YAML file; left out: list them")
    add_set(parser)


def run(args: argparse.Namespace) -> int:
    """Print the settings or the list."""
    if args.experiment is None:
        names = experiment_names()
        for name in names:
            print(f"{name:{max(map(len, names))}}  {load_config(name).description}")
        return 0
    print(as_yaml(load_config(args.experiment, args.set)), end="")
    return 0


def as_yaml(config: Any) -> str:
    """A configuration as YAML with each setting's meaning in a comment; `load_config` reads it back unchanged."""
    return "".join(
        f"{text:{COMMENT_COLUMN}}  # {comment}".rstrip() + "\n" if comment else text + "\n"
        for text, comment in _lines(config, "")
    )


def _lines(config: Any, indent: str) -> Iterator[Line]:
    for field in dataclasses.fields(config):
        value, doc = getattr(config, field.name), str(field.metadata.get("doc", ""))
        item = _item_type(config, field.name)
        if dataclasses.is_dataclass(value):
            yield f"{indent}{field.name}:", doc
            yield from _lines(value, indent + "  ")
        elif item is not None:
            yield from _list(indent, field.name, doc, value, item)
        else:
            yield f"{indent}{field.name}: {_scalar(value)}", doc


def _list(indent: str, name: str, doc: str, items: tuple[Any, ...], kind: type) -> Iterator[Line]:
    """A list of groups, each in a line or more of its own; where it is empty, what one would hold."""
    yield f"{indent}{name}:{'' if items else ' []'}", doc
    for item in items or (kind(),):
        start = f"{indent}  {'' if items else '# '}"
        for i, (text, comment) in enumerate(_lines(item, "")):
            yield f"{start}{'  ' if i else '- '}{text}", "" if item is not (items or (item,))[0] else comment


def _item_type(config: Any, name: str) -> type | None:
    """The dataclass that a tuple field holds, or None for a field of another kind."""
    inner = typing.get_args(typing.get_type_hints(type(config))[name])
    return inner[0] if inner and dataclasses.is_dataclass(inner[0]) and isinstance(inner[0], type) else None


def _scalar(value: Any) -> str:
    plain = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(plain, default_flow_style=True, width=10**6).removesuffix("\n...\n").strip()


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("config")
