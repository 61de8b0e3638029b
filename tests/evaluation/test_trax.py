"""The TraX entry: a real process, driven by the protocol's own client and by vot-toolkit."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import tracker
from tests.helpers import ROOT, draw_frame, true_box
from tracker.box import Box
from tracker.evaluation.adapters import vot_workspace
from tracker.evaluation.benchmark import load_benchmark
from tracker.evaluation.running.protocols import vot_unsupervised
from tracker.evaluation.sequence import Sequence, level_box

COUNT = 8
pytestmark = pytest.mark.skipif(importlib.util.find_spec("trax") is None, reason="vot-trax is not installed")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Sequence:
    """Drawn frames with slanted polygons around the target; values that single precision holds."""
    folder = tmp_path_factory.mktemp("VOT2016") / "bag"
    folder.mkdir()
    rows = []
    for index in range(COUNT):
        assert cv2.imwrite(str(folder / f"{index + 1:08d}.png"), draw_frame(index))
        x1, y1, x2, y2 = true_box(index).xyxy
        rows.append((x1 + 1.5, y1, x2, y1 + 1.25, x2 - 1.5, y2, x1, y2 - 1.25))
    return Sequence("bag", tuple(sorted(folder.glob("*.png"))), np.array(rows), folder=folder)


@contextmanager
def session(*words: str) -> Iterator[tuple[Any, subprocess.Popen[bytes]]]:
    """A client, and the process that answers it."""
    from trax.client import Client

    process = subprocess.Popen(
        [sys.executable, "-m", "tracker", "evaluate", "trax", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    assert process.stdin and process.stdout
    client = None
    try:
        client = Client(stream=(process.stdin.fileno(), process.stdout.fileno()), log=lambda text: None)
        yield client, process
    finally:
        if client is not None and process.poll() is None:
            client.quit()  # the library does not survive a session that nobody has ended
        process.kill()
        process.wait()


def bounds(answer: tuple[list[Any], float]) -> tuple[float, ...]:
    return tuple(answer[0][0][0].bounds())


def polygon(corners: np.ndarray) -> list[tuple[Any, dict[str, str]]]:
    from trax.region import Polygon

    return [(Polygon.create([(float(x), float(y)) for x, y in corners.reshape(-1, 2)]), {})]


@pytest.mark.slow
def test_our_tracker_over_the_protocol(clip: Sequence) -> None:
    """Boxes of a process that is sent names of files are those of the tracker itself, after a second start too."""
    from trax.image import FileImage

    own = vot_unsupervised(tracker.load(threads=1), clip)
    with session() as (client, process):
        assert client.tracker_name == "siamsa_r18" and "polygon" in client.region_formats
        for _ in range(2):
            names = [{"color": FileImage.create(str(path))} for path in clip.frames]
            first = bounds(client.initialize(names[0], polygon(clip.truth[0]), {}))
            assert first == pytest.approx(level_box(clip.truth[0]), abs=1e-4)
            answers = [client.frame(name, {}, []) for name in names[1:]]
            for answer, row in zip(answers, own.rows[1:], strict=True):
                assert bounds(answer) == pytest.approx(row, abs=1e-4)
                assert 0 <= float(answer[0][0][1]["confidence"]) <= 1
        client.quit()
        assert process.wait(20) == 0 and process.stderr and process.stderr.read() == b""


def test_images_in_memory(clip: Sequence) -> None:
    """Pixels and encoded bytes reach the tracker as a file does; a rectangle comes back as it went."""
    from trax.image import BufferImage, FileImage, MemoryImage
    from trax.region import Rectangle

    pixels = cv2.imread(str(clip.frames[3]))
    rgb, encoded = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), clip.frames[3].read_bytes()
    kinds = [
        lambda: FileImage.create(str(clip.frames[3])),
        lambda: MemoryImage.create(rgb),
        lambda: BufferImage.create(encoded),
        lambda: MemoryImage.create(pixels[..., 0].copy()),
    ]
    with session("--tracker", "tests.evaluation.test_trax:MeanColour") as (client, _):
        seen = []
        for make in kinds:
            start = [(Rectangle.create(3.5, 4.25, 10, 12), {})]
            assert bounds(client.initialize({"color": make()}, start, {})) == (3.5, 4.25, 10, 12)
            seen.append(bounds(client.frame({"color": make()}, {}, [])))
    assert seen[0] == seen[1] == seen[2] == pytest.approx((*pixels.mean(axis=(0, 1)), 7), abs=1e-4)
    assert seen[3] == pytest.approx((pixels[..., 0].mean(), 2, 0, 7), abs=1e-4)


class MeanColour:
    """Answers with the mean of blue, green and red, so that a test sees what the tracker was given."""

    def init(self, frame: np.ndarray, box: Box) -> None:
        if frame.mean() < 1:
            raise RuntimeError("too dark\nfor me")

    def update(self, frame: np.ndarray) -> tuple[float, ...]:
        return (float(frame.mean()), float(frame.ndim), 0.0, 7.0) if frame.ndim == 2 else (*frame.mean((0, 1)), 7.0)


def test_errors_reach_the_client(clip: Sequence, tmp_path: Path) -> None:
    from trax import TraxException
    from trax.image import FileImage

    (tmp_path / "dark.png").write_bytes(cv2.imencode(".png", np.zeros((20, 20, 3), np.uint8))[1].tobytes())
    for name, reason, code in (("dark.png", "too dark for me", 1), ("none.png", "none.png: no such file", 2)):
        with session("--tracker", "tests.evaluation.test_trax:MeanColour") as (client, process):
            with pytest.raises(TraxException, match=reason):
                client.initialize({"color": FileImage.create(str(tmp_path / name))}, polygon(clip.truth[0]), {})
            assert process.wait(20) == code
            assert process.stderr and process.stderr.read().count(b"\n") == 1


def test_a_client_that_goes_away() -> None:
    words = [sys.executable, "-m", "tracker", "evaluate", "trax", "--tracker", "tests.evaluation.test_trax:MeanColour"]
    done = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "the client went away" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("vot") is None, reason="vot-toolkit is not installed")
def test_the_toolkit_drives_our_tracker(clip: Sequence, tmp_path: Path) -> None:
    """Its unsupervised experiment, with the entry of `trackers.ini` that the workspace has, gives our own rows."""
    vot_workspace.make(tmp_path / "w", load_benchmark("vot2016"), {"bag": clip}, [])
    line = [sys.executable, "-m", "vot", "evaluate", "--workspace", str(tmp_path / "w")]
    done = subprocess.run(
        [*line, "--experiments", "unsupervised", vot_workspace.ENTRY],
        cwd=tmp_path,
        env={**os.environ, "VOT_RESULTS_BINARY": "false", "HTTPS_PROXY": "http://127.0.0.1:9"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    path = tmp_path / "w" / "results" / vot_workspace.ENTRY / "unsupervised" / "bag" / "bag_001.txt"
    assert path.is_file(), done.stdout + done.stderr
    rows = [tuple(map(float, line.split(","))) for line in path.read_text().splitlines()]
    own = vot_unsupervised(tracker.load(threads=1), clip).rows
    assert rows[0] == own[0] == (1.0,) and len(rows) == len(own) == COUNT
    for row, ours in zip(rows[1:], own[1:], strict=True):
        assert row == pytest.approx(ours, abs=1e-4)
