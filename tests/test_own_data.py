"""docs/own-data.md, followed word by word: its clips are rendered, its commands are run, its promise is kept."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tracker.box import iou
from tracker.cli import main as cli
from tracker.cli.truth import read_marks

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "own-data.md"
TEXT = PAGE.read_text("utf-8")
NAMES = ("one", "two", "three", "four")
QUIET = ["--no-window", "--device", "cpu", "--threads", "1"]


def commands() -> list[list[str]]:
    """All that the page shows to type, as words."""
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_are_understood(words: list[str]) -> None:
    if words[0] == "siamsa":
        cli.parse(words[1], words[2:])
    else:
        assert words[0] == "python" and (ROOT / words[1]).is_file()


def test_links_lead_somewhere() -> None:
    targets = [t for t in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXT) if "://" not in t]
    assert targets and not [target for target in targets if not (PAGE.parent / target).exists()]


def follow(words: list[str]) -> None:
    """Run one of the page's commands."""
    if words[0] == "python":
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, str(ROOT / words[1]), *words[2:]], env=environment, check=True)
    else:
        more = {"track": QUIET, "train": ["--device", "cpu"], "demo": ["--device", "cpu"]}
        assert cli.main([words[1], *more.get(words[1], []), *words[2:]]) == 0


@pytest.mark.slow
def test_the_overlap_on_the_held_out_clip_rises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    said, against_truth = [], []
    for words in commands():
        follow(words)
        said.append((words, capsys.readouterr().out))
        if "--truth" in words:  # and once more against what was rendered: labels may be wrong as the network is
            follow([*words, "--truth", "clips/truth/four.csv"])
            against_truth.append(mean_overlap(capsys.readouterr().out))

    for name in NAMES:
        labels, truth = (read_marks(tmp_path / "clips" / part / f"{name}.csv") for part in ("", "truth"))
        pairs = [(labels[i], truth[i]) for i in truth]  # a frame in which it was called lost has no box
        overlap = [float(iou(label.xywh, true.xywh)) for label, true in pairs if label and true]
        assert 85 <= len(overlap) <= len(pairs) == 90 and np.mean(overlap) > 0.74, "corrected boxes are good ones"

    before, after = (mean_overlap(out) for words, out in said if "--truth" in words)
    assert after > before + 0.05, f"{before} before, {after} after"
    assert against_truth[1] > against_truth[0] + 0.05, f"{against_truth} with the rendered boxes, before and after"
    (demo,) = (mean_overlap(out) for words, out in said if words[1] == "demo")
    assert demo > 0.6, "and what it could do before it still can"
    assert np.isclose([before, after], numbers_of_the_page(), atol=0.15).all(), "the page says what to expect"


def mean_overlap(said: str) -> float:
    """What a command says about it."""
    found = re.search(r"mean overlap (\d\.\d+)", said)
    assert found, said
    return float(found[1])


def numbers_of_the_page() -> list[float]:
    """The overlaps before and after that the page names."""
    return [float(value) for value in re.findall(r"`mean overlap (\d\.\d+) over", TEXT)]
