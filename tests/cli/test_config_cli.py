from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tracker.cli.config import as_yaml
from tracker.cli.main import main
from tracker.config import describe, experiment_names, load_config

SOURCES = "data.sources=[{path: a, weight: 2}, {path: 'stills/*', layout: coco, tight: false}]"


def test_without_argument_lists_the_experiments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == experiment_names()
    assert all(load_config(line.split()[0]).description in line for line in lines)


@pytest.mark.parametrize("overrides", [[], ["tracking.lr=1e-3", "train.seed=7", SOURCES]])
@pytest.mark.parametrize("name", experiment_names())
def test_what_is_printed_loads_again(
    name: str, overrides: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", *overrides] if overrides else []
    assert main(["config", name, *words]) == 0
    saved = tmp_path / "mine.yaml"
    saved.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_config(saved) == load_config(name, overrides)


def test_every_setting_is_there_with_its_meaning() -> None:
    config = load_config("siamsa_r18", [SOURCES])
    text = as_yaml(config)
    tree = yaml.safe_load(text)
    for key, value, doc in describe(config):
        node = tree
        for part in key.split("."):
            node = node[part]
        assert doc in text
        if key != "data.sources":
            assert yaml.safe_load(value) == node, key


def test_meanings_of_a_source_are_shown_where_there_is_none() -> None:
    lines = as_yaml(load_config("siamsa_r18", ["data.sources=[]"])).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  sources: []"))
    assert lines[start + 1].lstrip().startswith("# - path:") and "folder below data.root" in lines[start + 1]


@pytest.mark.parametrize("value", ["'a: b # c'", "'yes'", "'1e-3'", "'#'", "null"])
def test_texts_that_yaml_would_misread(value: str, tmp_path: Path) -> None:
    if value == "null":
        config = load_config("siamsa_r18", ["model.attention.alpha=null"])
    else:
        config = load_config("siamsa_r18", [f"description={value}"])
    path = tmp_path / "c.yaml"
    path.write_text(as_yaml(config), encoding="utf-8")
    assert load_config(path) == config
