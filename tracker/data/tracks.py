"""Many tracks in a few flat arrays: a million frames take megabytes, are mapped from a file, and made on demand."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Arrays = dict[str, NDArray[Any]]
SPLIT = "\0"  # cannot be part of a file name
EMPTY = np.zeros((0, 4), np.float32)


@dataclass(frozen=True, eq=False)
class Track:
    """One object in one or more frames of one video, or in one still.

    `boxes` (n, 4) are x, y, w, h in pixels, 0-based; `numbers` (n,) are the frames' own numbers, so that gaps in
    time survive frames that were left out. A still is a track of length 1; `others` (m, 4) are the other boxes in it.
    `name` is `video`, or `video#object` where a video or image may hold several.
    """

    name: str
    paths: Sequence[str]
    boxes: NDArray[np.float32]
    numbers: NDArray[np.int64]
    category: str = ""
    others: NDArray[np.float32] = field(default_factory=lambda: EMPTY)

    def __len__(self) -> int:
        return len(self.paths)

    def same(self, other: Track) -> bool:
        """Whether both are the same track of the same data set."""
        return self is other or (self.name == other.name and self.paths[0] == other.paths[0])


class Paths(Sequence[str]):
    """File names of a track, made when asked for, from one text (see `encode_paths`)."""

    def __init__(self, root: str, text: str, numbers: NDArray[Any]) -> None:
        self._root, self._numbers = root, numbers
        self._parts = text.split(SPLIT)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return tuple(self[k] for k in range(*i.indices(len(self))))
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        parts = self._parts
        if not parts[0]:  # names one by one
            name = parts[1 + i % len(self)]
        elif len(parts) == 1:
            name = parts[0]
        else:
            name = parts[0] + str(int(self._numbers[i])).zfill(int(parts[1])) + parts[2]
        return os.path.join(self._root, name)


def encode_paths(names: Sequence[str], numbers: NDArray[np.int64]) -> str:
    """One text for the file names of a track: the name alone, before|digits|after where each holds its number, or all.

    Names are below the data set's folder and not empty; the text is read by `Paths`.
    """
    if len(names) == 1 and names[0]:
        return names[0]
    first, number = names[0], str(int(numbers[0]))
    for m in list(re.finditer(f"0*{number}", first))[::-1] if numbers[0] >= 0 else ():
        before, after = first[: m.start()], first[m.end() :]
        for pad in (len(m[0]), 1):  # 1: the number grows longer without leading zeros
            fits = (n == before + str(k).zfill(pad) + after for n, k in zip(names, numbers.tolist(), strict=True))
            if before and all(fits):
                return SPLIT.join((before, str(pad), after))
    return SPLIT.join(("", *names))


class Tracks(Sequence[Track]):
    """Tracks of one data set; `tracks[i]` makes the i-th. What is made on demand does not count in memory.

    `root` is the folder that file names are relative to; `arrays` are what `pack` gives; `rows` (n,), if given, are
    those of its tracks that are shown, in this order. `source`, if the arrays are mapped from a file, is what
    `tracker.data.index.mapped` needs to map them again: other processes then get that instead of a copy.
    """

    def __init__(
        self, root: str, arrays: Arrays, rows: NDArray[np.int64] | None = None, source: tuple[Any, ...] | None = None
    ) -> None:
        self.root, self.arrays, self.rows, self.source = root, arrays, rows, source
        self._categories = _texts(arrays["category_text"], arrays["category_at"])

    def __len__(self) -> int:
        return len(self.arrays["start"]) - 1 if self.rows is None else len(self.rows)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        row = int(i % len(self) if self.rows is None else self.rows[i])
        a = self.arrays
        start, stop = int(a["start"][row]), int(a["start"][row + 1])
        first, last = (int(v) for v in a["mates"][row])
        numbers = a["numbers"][start:stop].astype(np.int64)
        return Track(
            self.name(row),
            Paths(self.root, _text(a["path_text"], a["path_at"], row), numbers),
            a["boxes"][start:stop],
            numbers,
            self._categories[int(a["category"][row])],
            np.concatenate([a["boxes"][first:start], a["boxes"][stop:last]]) if last - first > 1 else EMPTY,
        )

    def __iter__(self) -> Iterator[Track]:
        return (self[i] for i in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        if self.source is None:
            return Tracks, (self.root, self.arrays, self.rows)
        from tracker.data.index import mapped

        return mapped, (*self.source, self.rows)

    def name(self, row: int) -> str:
        """Name of a track by its row in the arrays."""
        return _text(self.arrays["name_text"], self.arrays["name_at"], row)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Frames of each track (n,)."""
        lengths = np.diff(self.arrays["start"])
        return np.asarray(lengths if self.rows is None else lengths[self.rows])

    def numbers(self) -> NDArray[np.int64]:
        """Frame numbers (f,) of all tracks, one after another."""
        start, lengths = self.arrays["start"], self.lengths
        numbers = np.asarray(self.arrays["numbers"], np.int64)
        if self.rows is None:
            return numbers
        first = start[self.rows] - np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)[: len(lengths)]
        return np.asarray(numbers[np.repeat(first, lengths) + np.arange(lengths.sum())])

    @property
    def names(self) -> list[str]:
        """Name of each track."""
        names = _texts(self.arrays["name_text"], self.arrays["name_at"])
        return names if self.rows is None else [names[row] for row in self.rows]

    def by_category(self) -> dict[str, NDArray[np.int64]]:
        """Positions of the tracks of each category, ascending."""
        codes = self.arrays["category"] if self.rows is None else self.arrays["category"][self.rows]
        order = np.argsort(codes, kind="stable")
        cuts = np.searchsorted(codes[order], np.arange(len(self._categories) + 1))
        spans = zip(self._categories, cuts[:-1], cuts[1:], strict=True)
        return {name: order[a:b].astype(np.int64) for name, a, b in spans if b > a}

    def take(self, positions: ArrayLike) -> Tracks:
        """The same, with only the tracks at these positions."""
        at = np.asarray(positions, dtype=np.int64)
        return Tracks(self.root, self.arrays, at if self.rows is None else self.rows[at], self.source)

    @classmethod
    def of(cls, tracks: Iterable[Track], root: str | Path) -> Tracks:
        """Tracks from one by one ones; those of the same still, one after another, become each other's `others`."""
        return cls(str(root), pack(tracks, str(root)))


def pack(tracks: Iterable[Track], root: str) -> Arrays:
    """The arrays of `Tracks`. `start` (n+1) cuts `boxes` (f, 4) and `numbers` (f) into tracks; `mates` (n, 2) is the
    part of `boxes` that belongs to the same still; texts are bytes (`..._text`), cut by `..._at` (n+1)."""
    names: list[str] = []
    texts: list[str] = []
    codes: list[int] = []
    lengths: list[int] = []
    groups: list[int] = []
    boxes, numbers = bytearray(), bytearray()  # lists of small arrays would take ten times as much
    categories: dict[str, int] = {}
    for track in tracks:
        text = encode_paths([_relative(p, root) for p in track.paths], track.numbers)
        again = bool(lengths) and len(track) == lengths[-1] == 1 and text == texts[-1]
        groups.append(groups[-1] if again else len(groups))
        names.append(track.name)
        texts.append(text)
        codes.append(categories.setdefault(track.category, len(categories)))
        lengths.append(len(track))
        boxes += np.asarray(track.boxes, np.float32).tobytes()
        numbers += np.asarray(track.numbers, np.int64).tobytes()
    start = np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64)
    wide = _array(numbers, np.int64)
    narrow = not len(wide) or (wide.min() >= 0 and wide.max() < 2**31)
    return {
        "start": start,
        "boxes": _array(boxes, np.float32).reshape(-1, 4),
        "numbers": wide.astype(np.int32) if narrow else wide,
        "mates": _mates(start, np.array(groups, np.int64)),
        "category": np.array(codes, np.int32),
        **_pool("name", names),
        **_pool("path", texts),
        **_pool("category", list(categories)),
    }


def _mates(start: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of boxes (n, 2) of each track's still; none where it has more frames than one."""
    first = np.searchsorted(groups, groups)
    last = np.searchsorted(groups, groups, side="right")
    still = np.diff(start) == 1
    return np.stack([start[first], np.where(still, start[last], start[first])], axis=1)


def _array(data: bytes | bytearray, kind: Any) -> NDArray[Any]:
    return np.frombuffer(data, kind) if data else np.zeros(0, kind)


def _relative(path: str, root: str) -> str:
    inside = root + os.sep
    return path[len(inside) :] if path.startswith(inside) else os.path.abspath(path)


def _pool(key: str, texts: Sequence[str]) -> Arrays:
    data = [text.encode("utf-8", "surrogateescape") for text in texts]
    at = np.concatenate([[0], np.cumsum([len(d) for d in data])]).astype(np.int64)
    return {f"{key}_text": _array(b"".join(data), np.uint8), f"{key}_at": at}


def _text(pool: NDArray[np.uint8], at: NDArray[np.int64], i: int) -> str:
    return pool[int(at[i]) : int(at[i + 1])].tobytes().decode("utf-8", "surrogateescape")


def _texts(pool: NDArray[np.uint8], at: NDArray[np.int64]) -> list[str]:
    data = pool.tobytes()
    cuts = at.tolist()
    return [data[a:b].decode("utf-8", "surrogateescape") for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
