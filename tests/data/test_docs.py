"""docs/datasets.md: every layout is there, and what it says to type or to configure is understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import yaml

from tracker.cli import main as cli
from tracker.config import from_dict
from tracker.data.datasets import DATASETS
from tracker.data.report import MAX_ASPECT, MIN_SIDE

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "datasets.md").read_text("utf-8")


def test_every_layout_is_described() -> None:
    shown = [yaml.safe_load(text) for text in re.findall(r"\{path: .*?\}", TEXT)]
    sources = from_dict({"data": {"sources": shown}}).data.sources
    assert {source.layout for source in sources} == {*DATASETS}
    table = TEXT.partition("\n\nSizes")[0]
    assert all(f"`{name}`" in table for name in DATASETS)


def test_commands_are_understood() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("siamsa data")]
    assert {line.split()[2] for line in lines} == {"check", "index", "crops"}
    for line in lines:
        words = shlex.split(line)
        assert cli.parse(words[1], words[2:]).layout in DATASETS


def test_links_lead_to_headings() -> None:
    titles = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings


def test_limits_are_the_real_ones() -> None:
    assert f"smaller than {MIN_SIDE:g} pixels, longer than {MAX_ASPECT:g}:1" in TEXT
