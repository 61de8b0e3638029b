"""The README and CONTRIBUTING are part of the product: what they say to type must be understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracker.cli import main as cli
from tracker.config import experiment_names

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CONTRIBUTING.md")
README = (ROOT / "README.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)


def commands() -> list[list[str]]:
    """Every `siamsa ...` that the pages show, as words."""
    shown = [block.replace("\\\n", " ") for page in PAGES for block in blocks(page, "sh")]
    lines = [line for block in shown for line in block.splitlines()]
    texts = [part.strip() for line in lines for part in line.split("&&")]
    words = [shlex.split(text, comments=True) for text in texts]
    return [w for w in words if w and w[0].rpartition("/")[2] == "siamsa"]


def test_the_pages_show_commands() -> None:
    assert {words[1] for words in commands()} >= {"track", "demo", "train", "checkpoint"}


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_are_understood(words: list[str]) -> None:
    assert words[1] in cli.COMMANDS
    cli.parse(words[1], words[2:])


@pytest.mark.parametrize("page", PAGES)
def test_links_and_scripts_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", text) if "://" not in t]
    targets += re.findall(r"(?:python|bash) ((?:\w+/)+\w+\.(?:py|sh))", text)
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing


def test_every_experiment_is_in_the_table() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| ResNet", README, re.MULTILINE)) == set(experiment_names())


def test_every_number_is_filled_in() -> None:
    assert re.findall(r"<!--NUM:([\w-]+)-->", README) == []


def test_the_python_example_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example as it stands, on a video of a textured square that moves 2 pixels a frame."""
    monkeypatch.chdir(tmp_path)
    whole, example = blocks("README.md", "python")
    rng = np.random.default_rng(0)
    texture = cv2.resize(rng.integers(0, 256, (9, 6, 3), np.uint8), (60, 90), interpolation=cv2.INTER_NEAREST)
    video = cv2.VideoWriter("video.mp4", cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
    assert video.isOpened()
    for t in range(5):
        frame = np.full((240, 320, 3), 90, np.uint8)
        frame[80:170, 120 + 2 * t : 180 + 2 * t] = texture
        video.write(frame)
    video.release()
    exec(compile(example, "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and all(line.startswith("Box(x=") for line in lines)
    exec(compile(whole, "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[0] == "0 Box(x=120.0, y=80.0, w=60.0, h=90.0) tracking"
    assert len(Path("boxes.csv").read_text().splitlines()) == 11
