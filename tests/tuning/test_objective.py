"""What is maximised is the figure that `siamsa evaluate` gives for the same constants."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.evaluation.helpers import Mover, images, table
from tracker.cli.main import main
from tracker.errors import InputError
from tracker.evaluation.benchmark import load_benchmark
from tracker.tuning.objective import OBJECTIVES, check
from tracker.tuning.search import sequences_of

TREE = {"title": "Clips", "layout": "folder"}
GOT = {"skip_first": True, "pooled": True}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Clips whose targets move faster than the tracker thinks: it loses them sooner or later."""
    for name, speed, count in (("slow", 1.25, 30), ("fast", 1.9, 24), ("turning", 1.6, 27)):
        images(tmp_path / "data" / name, range(1, count + 1))
        table(tmp_path / "data" / name / "groundtruth.txt", [(5 + speed * i, 6, 10, 8) for i in range(count)])
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("more", "metric", "key"),
    [
        ({"protocol": "ope"}, "success", "success"),
        ({"protocol": "ope", "invalid": "drop", **GOT}, "AO", "ao"),
        ({"protocol": "tre"}, "success", "success"),
        ({"protocol": "vot_supervised", "repetitions": 15, "eao": [5, 20]}, "EAO", "eao"),
        ({"protocol": "vot_unsupervised"}, "AO", "ao"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_figures_are_those_of_evaluate(
    root: Path, tmp_path: Path, more: dict[str, object], metric: str, key: str
) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**TREE, **more}))
    benchmark = load_benchmark(tmp_path / "mine.yaml")
    words = ["--benchmark", str(tmp_path / "mine.yaml"), "--root", str(root)]
    assert main(["evaluate", "run", *words, "--tracker", "tests.evaluation.helpers:Mover",
                 "--output", str(tmp_path / "out")]) == 0  # fmt: skip
    assert main(["evaluate", "score", *words, "--results", str(tmp_path / "out"),
                 "--json", str(tmp_path / "s.json")]) == 0  # fmt: skip
    wanted = json.loads((tmp_path / "s.json").read_text())["Mover"][key]
    objective, sequences = OBJECTIVES[benchmark.protocol], sequences_of(benchmark, root)
    check(benchmark, sequences)
    parts = [objective.measure(benchmark, Mover(), s) for s in sequences]
    assert objective.total(benchmark, parts) == pytest.approx(wanted, abs=1e-12) and 0.1 < wanted < 0.9
    assert objective.metric(benchmark) == metric
    assert all(0 < part.score < 1 for part in parts) and len({part.score for part in parts}) == 3


def test_the_order_of_sequences_is_shuffled_and_always_the_same(root: Path) -> None:
    benchmark = load_benchmark("folder")
    names = [s.name for s in sequences_of(benchmark, root)]
    assert sorted(names) == ["fast", "slow", "turning"]
    assert names == [s.name for s in sequences_of(benchmark, root, ["turning", "slow", "fast", "slow"])]
    with pytest.raises(InputError, match="no sequence quick of Folder of clips"):
        sequences_of(benchmark, root, ["slow", "quick"])


def test_clips_without_a_figure_are_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**TREE, "protocol": "vot_supervised", "eao": [100, 356]}))
    benchmark = load_benchmark(tmp_path / "mine.yaml")
    with pytest.raises(InputError, match="EAO begins at 100 frames; the longest here has 30"):
        check(benchmark, sequences_of(benchmark, root))
    table(root / "slow/groundtruth.txt", [(5, 6, 10, 8)])
    folder = load_benchmark("folder")
    with pytest.raises(InputError, match="slow has its first box only"):
        check(folder, sequences_of(folder, root))
    for path in root.rglob("groundtruth.txt"):
        path.unlink()
    with pytest.raises(InputError, match="no sequence of Folder of clips in it"):
        sequences_of(folder, root)


def test_a_frame_may_come_from_elsewhere_than_its_file(root: Path) -> None:
    import dataclasses

    benchmark = load_benchmark("folder")
    (sequence,) = sequences_of(benchmark, root, ["slow"])
    asked: list[Path] = []

    def read(path: Path) -> np.ndarray:
        asked.append(path)
        return np.full((48, 64, 3), 7, np.uint8)

    follower = Mover()
    OBJECTIVES["ope"].measure(benchmark, follower, dataclasses.replace(sequence, read=read))
    assert asked == list(sequence.frames) and set(follower.grey) == {7.0}
