from __future__ import annotations

import re

import pytest

from tracker.cli.main import main
from tracker.config import experiment_names


def rows(text: str) -> dict[str, dict[str, list[str]]]:
    """The printed table: pass, part, and its columns."""
    out: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith(("template", "search")):
            current = out.setdefault(line.split()[0], {})
        elif line.startswith("  "):
            name, *columns = re.split(r"\s{2,}", line.strip())
            current[name] = columns
    return out


def test_table_of_the_light_network(capsys: pytest.CaptureFixture[str]) -> None:
    sets = ["model.width=64", "model.levels=[2,3]", "model.attention.name=identity", "tracking.instance_size=255"]
    words = ["--set", *sets, "--repeats", "1", "--threads", "1", "--precision", "fp32"]
    assert main(["model", "siamsa_r18", *words]) == 0
    out = capsys.readouterr().out
    assert "siamsa_r18: " in out and "float32, 1 threads" in out
    template, search = rows(out)["template"], rows(out)["search"]
    # neck of level 2: 128 channels to 64, without bias, and a BatchNorm; 31 x 31 positions
    assert search["neck.0"][:3] == ["64x31x31", f"{128 * 64 + 2 * 64:,}", f"{128 * 64 * 961 / 1e6:.1f} M"]
    assert template["backbone.layer3"][0] == "256x15x15" and search["backbone.layer3"][0] == "256x31x31"
    assert {"head.0.cls_tower", "head.1.loc"} <= set(search) and not any(n.startswith("head") for n in template)
    assert search["head.1.cls"][0] == "2x25x25" and search["head.1.loc"][0] == "4x25x25"
    assert all(float(columns[-1]) >= 0 for part in (template, search) for columns in part.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in experiment_names() if n != "siamsa_r18"])
def test_every_experiment_has_a_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", name, "--repeats", "1"]) == 0
    search = rows(capsys.readouterr().out)["search"]
    assert float(search["total"][-2].split()[0].replace(",", "")) > 3_000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["siamsa_r18", "--repeats", "0"], "repeats: must be 1 or more, got 0"),
        (["siamsa_r18", "--threads", "-1"], "threads: must be 0"),
        (["siamsa_r18", "--device", "tpu"], "device 'tpu'"),
        (["siamsa_r18", "--set", "model.head=anchor"], "unknown head 'anchor'; did you mean 'anchor_free'?"),
        (["siamsa_r18", "--set", "model.head=depthwise_ban"], "depthwise_ban needs correlation depthwise"),
    ],
)
def test_bad_input(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", *words]) == 2
    stderr = capsys.readouterr().err
    assert message in stderr and len(stderr.splitlines()) == 1
