"""What trials share: decoded frames, embeddings of templates, and the network's maps of crops seen before.

A crop is whole pixels of a frame, so trajectories of other constants hit the very same crops again and again, above all
where a sequence begins. Maps are found by the content of template and crop: what is reused is bit for bit what
the network would have given. Both stores hold on to what they have when all of it does not fit: a store that drops the
oldest entry is useless to a reader that comes by in the same order each time.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.images import read_image
from tracker.tracking.runtimes import Runtime

TEMPLATES = 1000  # embeddings kept
Maps = tuple[NDArray[Any], NDArray[Any]]


class Store:
    """Values by key within a budget of bytes. Those that were asked for again outlive those that never were."""

    def __init__(self, budget: float) -> None:
        self.budget, self.used = budget, 0
        self._fresh: OrderedDict[Any, tuple[Any, int]] = OrderedDict()
        self._proven: OrderedDict[Any, tuple[Any, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._fresh) + len(self._proven)

    def get(self, key: Any) -> Any:
        """The value, or None."""
        held = self._fresh.pop(key, None) or self._proven.pop(key, None)
        if held is None:
            return None
        self._proven[key] = held
        return held[0]

    def put(self, key: Any, value: Any, size: int) -> None:
        """Keep a value of this many bytes, in place of the oldest fresh ones, then of the oldest proven ones."""
        if size > self.budget:
            return
        self._fresh[key] = (value, size)
        self.used += size
        while self.used > self.budget:
            place = self._fresh if len(self._fresh) > 1 or not self._proven else self._proven
            self.used -= place.popitem(last=False)[1][1]


class Remembering:
    """A runtime that asks another one only for crops that it has not seen."""

    def __init__(self, runtime: Runtime, budget: float) -> None:
        self._runtime = runtime
        self._maps, self._embeddings = Store(budget), Store(TEMPLATES)
        self.asked = self.known = 0

    def embed(self, template: NDArray[np.uint8]) -> tuple[bytes, Any]:
        """Template crop S,S,3 to its digest and its embedding."""
        key = _digest(template)
        embedding = self._embeddings.get(key)
        if embedding is None:
            embedding = self._runtime.embed(template)
            self._embeddings.put(key, embedding, 1)
        return key, embedding

    def match(self, embedding: tuple[bytes, Any], search: NDArray[np.uint8]) -> Maps:
        """Search crop S,S,3 to logits 2,H,W and distances 4,H,W, float32."""
        key = _digest(search, embedding[0])
        self.asked += 1
        maps: Maps | None = self._maps.get(key)
        if maps is not None:
            self.known += 1
            return maps
        cls, loc = self._runtime.match(embedding[1], search)
        for values in (cls, loc):
            values.flags.writeable = False
        self._maps.put(key, (cls, loc), cls.nbytes + loc.nbytes + 300)
        return cls, loc

    def match_many(self, embeddings: Sequence[tuple[bytes, Any]], searches: Sequence[NDArray[np.uint8]]) -> list[Maps]:
        """`match` of several targets, one by one."""
        return [self.match(*each) for each in zip(embeddings, searches, strict=True)]


class Frames:
    """Reads images, and keeps the first ones decoded, as many as fit."""

    def __init__(self, budget: float) -> None:
        self._left = budget
        self._held: dict[Path, Any] = {}

    def __call__(self, path: Path) -> Any:
        """An image as `read_image` gives it; not to be changed. Raises InputError."""
        image = self._held.get(path)
        if image is None:
            image = read_image(path)
            if image.nbytes <= self._left:
                self._left -= image.nbytes
                self._held[path] = image
        return image


def _digest(pixels: NDArray[np.uint8], key: bytes = b"") -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16, key=key).digest()
