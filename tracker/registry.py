"""One registry for every pluggable part: a file registers a name, a configuration names it."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def discover(package: str, path: Iterable[str]) -> None:
    """Import every module of a package (`discover(__name__, __path__)`), so that its parts register themselves."""
    for module in pkgutil.iter_modules(path):
        importlib.import_module(f"{package}.{module.name}")


class Registry(Generic[T]):
    """Names to parts of one kind.

    >>> HEADS: Registry[type] = Registry("head")
    >>> @HEADS.register("anchor_free")
    ... class Head: ...
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._parts: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that stores a part under `name`. Raises ValueError if the name is taken."""

        def add(part: T) -> T:
            if name in self._parts:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._parts[name] = part
            return part

        return add

    def __getitem__(self, name: str) -> T:
        """The part called `name`. Raises ValueError that lists the known names."""
        if name not in self._parts:
            near = difflib.get_close_matches(name, self._parts, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"unknown {self.kind} {name!r}{hint} (known: {', '.join(sorted(self._parts))})")
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._parts))
