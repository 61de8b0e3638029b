"""Only what was scored on the same sequences is ranked together."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.evaluation.helpers import moving, table
from tracker.cli.main import main

pytest.importorskip("matplotlib")

MINE = """
title: Mine
layout: otb
sequences: [Couple, Deer]
published: [{tracker: Other, success: 0.5, source: a paper}, {tracker: "Best <1>", success: 0.99, source: a paper}]
"""


def ranking(folder: Path, **held: str) -> tuple[list[tuple[str, str, str]], Path]:
    """Rank, tracker and kind of each line for trackers that have these sequences; and the folder of the report."""
    (folder / "mine.yaml").write_text(MINE)
    for name in ("Couple", "Deer"):
        table(folder / "gt" / f"{name}.txt", moving(6))
    for i, (tracker, names) in enumerate(held.items()):
        for name in names.split():
            table(folder / "r" / tracker / f"{name}.txt", [(5 + i, 6, 10, 8)] * 6)
    words = ["--benchmark", folder / "mine.yaml", "--results", folder / "r", "--annotations", folder / "gt"]
    assert main(["evaluate", "report", *map(str, words), "--output", str(folder / "out")]) == 0
    with (folder / "out/ranking.csv").open(encoding="utf-8", newline="") as file:
        return [(line["rank"], line["tracker"], line["kind"]) for line in csv.DictReader(file)], folder / "out"


def test_whole_benchmark(tmp_path: Path) -> None:
    lines, out = ranking(tmp_path, a="Couple Deer", b="Couple Deer")
    assert [rank for rank, _, _ in lines] == ["1", "2", "3", "4"] and lines[0][1] == "Best <1>"
    assert 'class="group"' not in (out / "report.html").read_text("utf-8")
    assert r"Best \textless{}1\textgreater{}" in (out / "ranking.tex").read_text("utf-8")


def test_published_numbers_stand_apart_from_a_part(tmp_path: Path) -> None:
    lines, out = ranking(tmp_path, a="Couple", b="Couple")
    assert [kind for _, _, kind in lines] == ["measured"] * 2 + ["published"] * 2
    assert [rank for rank, _, _ in lines] == ["1", "2", "", ""]
    for name in ("report.html", "ranking.md", "ranking.tex"):
        text = (out / name).read_text("utf-8")
        assert "As published, on the whole benchmark; not ranked with these" in text
    assert (out / "ranking.tex").read_text("utf-8").count(r"\textbf") >= 1


def test_different_sequences_are_ranked_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, out = ranking(tmp_path, a="Couple", b="Couple Deer", c="Deer", d="Couple")
    assert [name for _, name, kind in lines if kind == "measured"] == ["b", "c", "d", "a"]
    assert [rank for rank, _, _ in lines] == ["1", "2", "3", "1", "1", "2"]  # published beside the whole one
    text = (out / "ranking.md").read_text("utf-8")
    assert "Scored on 1 of 2 sequences, not those above" in text and "ranked among those" in text
    assert "best of 1 on the most sequences: b" in capsys.readouterr().out
