"""Which clips of a folder are wanted, asked before they are read, so that one that is not wanted cannot do harm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property


def clip_of(name: str) -> str:
    """The clip of a track: `clip` of `clip#object`, where a clip may hold several objects."""
    return name.partition("#")[0]


def names_of(names: Iterable[str]) -> set[str]:
    """The names and the clips of them."""
    both = set(names)
    return both | set(map(clip_of, both))


@dataclass(frozen=True)
class Choice:
    """Clips or objects by name: all but `exclude`, or of those in `only` (None: everything) all but `exclude`."""

    exclude: frozenset[str] = frozenset()
    only: frozenset[str] | None = None

    @property
    def everything(self) -> bool:
        """Whether there is nothing to choose."""
        return not self.exclude and self.only is None

    @cached_property
    def _clips(self) -> set[str]:
        return names_of(self.only or ())

    def refuses(self, clip: str) -> frozenset[str]:
        """The names in `exclude` that leave out a whole clip."""
        return self.exclude & {clip, clip_of(clip)}

    def may_take(self, clip: str) -> bool:
        """Whether a clip, whose objects are not known yet, may hold something that is wanted."""
        if self.refuses(clip):
            return False
        return self.only is None or bool({clip, clip_of(clip)} & self._clips)

    def takes(self, name: str) -> bool:
        """Whether a track, `clip` or `clip#object`, is wanted."""
        known = {name, clip_of(name)}
        return not known & self.exclude and (self.only is None or bool(known & self.only))


EVERYTHING = Choice()
