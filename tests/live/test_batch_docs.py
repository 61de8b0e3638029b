"""docs/batch.md and docs/python.md say what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import tracker
from tests.helpers import ROOT, START, TemplateTracker, draw_frame
from tracker.cli import main as cli
from tracker.live.batch.jobs import read_jobs

PAGES = ("batch.md", "python.md")


def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(page), re.DOTALL)


def test_commands_are_understood() -> None:
    for line in "".join(block for page in PAGES for block in blocks(page, "sh")).splitlines():
        program, *words = shlex.split(line)
        if program == "siamsa":
            cli.parse(words[0], words[1:])
        else:
            assert program == "python" and (ROOT / words[0]).is_file()


def test_what_the_examples_need_is_said_before_them() -> None:
    before = text("python.md").partition("python examples/")[0]
    assert "`pip install -c constraints.txt .`" in before


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text(page)) if "://" not in link]
    assert links and not [link for link in links if not (ROOT / "docs" / link).exists()]


def test_the_table_is_one(tmp_path: Path) -> None:
    (table,) = blocks("batch.md", "csv")
    (tmp_path / "jobs.csv").write_text(table)
    (tmp_path / "street").mkdir()
    (tmp_path / "street" / "a.mp4").touch()
    (tmp_path / "birds").mkdir()
    (tmp_path / "birds" / "1.png").touch()
    street, birds = read_jobs(tmp_path / "jobs.csv").jobs
    assert [(t.name, t.frame) for t in street.targets] == [("car", 0), ("bus", 40)] and birds.name == "nest"


def test_the_python_runs(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("video.mp4").write_bytes(video.read_bytes())
    monkeypatch.setattr("tracker.live.track_video.load", TemplateTracker)
    names: dict[str, Any] = {"frame": draw_frame(0), "next_frame": draw_frame(1)}
    box = ",".join(f"{value:g}" for value in START.xywh)
    for block in blocks("python.md", "python"):
        exec(block.replace("120, 80, 60, 90", box.replace(",", ", ")), names)
    assert isinstance(names["result"], tracker.Result) and names["step"].index == 59
    assert list(names["results"]) == [names["car"]] == [1]
