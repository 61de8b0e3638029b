"""docs/training.md: what it says to type and to set is understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tracker.cli import main as cli
from tracker.config import describe, experiments_dir, load_config
from tracker.data.datasets import DATASETS
from tracker.settings import Config

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training.md"
TEXT = PAGE.read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def trainings() -> list[list[str]]:
    """The arguments of every `siamsa train` and `-m tracker.cli.train` that the page shows."""
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    shown = [re.split(r"siamsa train|-m tracker\.cli\.train", line) for line in lines]
    return [shlex.split(parts[1].removesuffix("&"), comments=True) for parts in shown if len(parts) == 2]


@pytest.mark.parametrize("words", trainings(), ids=" ".join)
def test_commands_and_their_settings_are_understood(words: list[str]) -> None:
    args = cli.parse("train", words)
    config = load_config(args.experiment, args.set)
    assert config.data.root and all(source.layout in DATASETS for source in config.data.sources)


def test_the_first_command_names_the_readers_own_data() -> None:
    first = " ".join(trainings()[0])
    assert "data.root=" in first and "data.sources=" in first


def test_the_experiment_is_one(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    tree = yaml.safe_load(text)
    base = experiments_dir() / "mine" / tree["base"]
    (tmp_path / "mine.yaml").write_text(text.replace(tree["base"], base.resolve().as_posix()))
    assert [s.path for s in load_config(tmp_path / "mine.yaml").data.sources] == ["GOT-10k", "coco"]


def test_settings_that_are_named_exist() -> None:
    known = {key for key, _, _ in describe(Config())}
    named = set(re.findall(r"[` ']((?:data|train|model|tracking)\.[a-z_.]*[a-z])\b", TEXT)) - {"train.validation"}
    assert len(named) > 20 and named <= known, named - known
    links = [t for t in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXT) if "://" not in t]
    assert links and all((PAGE.parent / link).exists() for link in links)
