"""What is remembered is what would have been computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tracker.errors import InputError
from tracker.tuning.reuse import Frames, Remembering, Store


class Sums:
    """A runtime of sums; counts what it is asked for."""

    def __init__(self) -> None:
        self.embedded = self.matched = 0

    def embed(self, template: np.ndarray) -> float:
        self.embedded += 1
        return float(template.sum())

    def match(self, embedding: Any, search: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.matched += 1
        total = embedding + float(search.sum())
        return np.full((2, 5, 5), total, np.float32), np.full((4, 5, 5), -total, np.float32)


def picture(seed: int, size: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (size, size, 3), np.uint8)


@pytest.mark.parametrize("budget", [0, 3000, 1e6])
def test_maps_are_those_of_the_runtime_whatever_fits(budget: float) -> None:
    inner, plain = Sums(), Sums()
    runtime = Remembering(inner, budget)
    rng = np.random.default_rng(1)
    for _ in range(200):
        template, search = (int(v) for v in rng.integers(0, 6, 2))
        cls, loc = runtime.match(runtime.embed(picture(template)), picture(100 + search))
        wanted = plain.match(plain.embed(picture(template)), picture(100 + search))
        assert (cls == wanted[0]).all() and (loc == wanted[1]).all()
    assert inner.embedded == 6 and runtime.asked == 200 and inner.matched == 200 - runtime.known
    if budget == 0:
        assert runtime.known == 0
    if budget == 1e6:
        assert inner.matched == 36


def test_remembered_maps_cannot_be_changed() -> None:
    runtime = Remembering(Sums(), 1e6)
    cls, _ = runtime.match(runtime.embed(picture(0)), picture(1))
    with pytest.raises(ValueError, match="read-only"):
        cls[0, 0, 0] = 1


def test_the_store_keeps_to_its_budget_and_keeps_what_was_asked_for_again() -> None:
    store = Store(10)
    for name in "abcde":
        store.put(name, name.upper(), 2)
    assert store.get("a") == "A"
    for name in "vwxyz":  # read once in passing, as a long benchmark is
        store.put(name, name, 2)
        assert store.used <= 10
    assert store.get("a") == "A" and store.get("b") is None and len(store) == 5
    store.put("huge", "huge", 11)
    assert store.get("huge") is None and store.get("a") == "A"


def test_frames_are_decoded_once_as_far_as_they_fit(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        cv2.imwrite(str(path), picture(i, 10))
    frames = Frames(600)  # two of 300 bytes
    first = [frames(path) for path in paths]
    assert all((image == picture(i, 10)).all() for i, image in enumerate(first))
    paths[0].unlink()
    assert frames(paths[0]) is first[0] and frames(paths[1]) is first[1] and frames(paths[2]) is not first[2]
    paths[2].unlink()
    with pytest.raises(InputError, match="no such file"):
        frames(paths[2])
