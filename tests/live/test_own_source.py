"""The examples of docs/sources.md run, and a long synthetic run keeps its memory."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import ROOT
from tracker.errors import InputError
from tracker.live.prefetch import Reader
from tracker.live.sources import SOURCES, Span, open_source
from tracker.live.sources.synthetic import Synthetic


def test_the_examples_of_the_documentation_run(video: Path) -> None:
    text = (ROOT / "docs" / "sources.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {"np": np, "path": video}
    try:
        for block in blocks:
            exec(block, names)
        assert names["last"].shape == names["before"].shape == (120, 160, 3)  # type: ignore[attr-defined]
        with open_source("gray:30", Span(0, None, 7)) as source:
            assert [frame.index for frame in source] == [0, 7, 14, 21, 28]
        with open_source("device", Span(0, 3)) as source:
            assert [(frame.index, frame.image.shape) for frame in source] == [(i, (120, 160, 3)) for i in range(3)]
            assert source.fps == 30.0
    finally:
        for name in ("gray", "device"):
            SOURCES._parts.pop(name, None)


def test_the_drawn_source_knows_its_boxes() -> None:
    source = open_source("synthetic:320x240")
    assert isinstance(source, Synthetic)
    with source:
        image = source.first().image
        box = source.box(0, 7)  # nothing covers the last one
    assert image.shape == (240, 320, 3)
    cut = image[int(box.y) : int(box.y + box.h), int(box.x) : int(box.x + box.w)]
    assert len(np.unique(cut.reshape(-1, 3), axis=0)) <= 16, "the pattern has sixteen blocks"


@pytest.mark.parametrize("address", ["synthetic:", "synthetic:9x9", "synthetic:99999x100", "synthetic@0"])
def test_a_scene_that_cannot_be_drawn_is_one_clear_line(address: str) -> None:
    with pytest.raises(InputError, match="synthetic:640x480@30"), open_source(address):
        pass


def test_a_long_run_over_a_live_source_keeps_its_memory() -> None:
    with open_source("synthetic:64x48", Span(0, 3000)) as source, Reader(source) as reader:
        tracemalloc.start()
        try:
            for frame in reader:
                if frame.index == 100:
                    early = tracemalloc.get_traced_memory()[0]
                    tracemalloc.reset_peak()
            now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    size = 64 * 48 * 3
    assert now - early < 5 * size and peak - early < 10 * size
