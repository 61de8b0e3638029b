"""`siamsa evaluate vot`: the workspace, what a toolkit may do wrong, and the real toolkit's numbers."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.helpers import SIZE, images, moving, oracles, table
from tests.helpers import ROOT, shared
from tracker.box import iou
from tracker.cli.main import main
from tracker.evaluation.adapters import vot, vot_workspace
from tracker.evaluation.benchmark import load_benchmark
from tracker.evaluation.scoring.results import trackers_of
from tracker.evaluation.scoring.score import from_root

LONG = 130  # frames: EAO begins at runs of 108
needs_toolkit = pytest.mark.skipif(importlib.util.find_spec("vot") is None, reason="vot-toolkit is not installed")


def sequence(root: Path, name: str, rows: list[tuple[float, ...]]) -> None:
    images(root / name, range(1, len(rows) + 1), digits=8)
    table(root / name / "groundtruth.txt", rows)


def result(folder: Path, name: str, rows: list[tuple[float, ...]]) -> None:
    table(folder / f"{name}_001.txt", rows)


def swaying(count: int) -> list[tuple[float, ...]]:
    return [(20 + i % 7, 15 + i % 5, 16, 12) for i in range(count)]


@pytest.fixture
def material(tmp_path: Path) -> tuple[Path, Path]:
    """Two sequences of VOT2016 by name, rectangles; `off` is off by a pixel or two, `lossy` fails twice."""
    root, results = tmp_path / "VOT2016", tmp_path / "results"
    truth = swaying(LONG)
    sequence(root, "bag", truth)
    sequence(root, "ball1", truth[:40])
    shifted: list[tuple[float, ...]] = [(x + 1, y + i % 3, w, h) for i, (x, y, w, h) in enumerate(truth)]
    for tracker in ("off", "lossy.2"):
        for name, count in (("bag", LONG), ("ball1", 40)):
            rows = [(1.0,), *shifted[1:count]]
            if tracker == "lossy.2" and name == "bag":
                rows[30:36] = [(2.0,), (0.0,), (0.0,), (0.0,), (0.0,), (1.0,)]
                rows[-2:] = [(2.0,), (0.0,)]
            result(results / tracker, name, rows)
    return root, results


def command(root: Path, results: Path, *words: object, benchmark: object = "vot2016") -> list[str]:
    folder = root.parent / "workspace"
    line = ["--benchmark", benchmark, "--root", root, "--results", results, "--output", folder, *words]
    return ["evaluate", "vot", *map(str, line)]


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A package `vot` that does this instead of the toolkit."""
    package = tmp_path / "stand_in" / "vot"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(code)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_workspace(material: tuple[Path, Path], tmp_path: Path) -> None:
    root, results = material
    benchmark = load_benchmark("vot2016")
    (results / "lossy.2" / "bag_001.txt").write_text(
        (results / "lossy.2" / "bag_001.txt").read_text().replace(",", "\t")
    )
    made = vot_workspace.make(tmp_path / "w", benchmark, from_root(benchmark, root), trackers_of([results]))
    assert made.identifiers == {"lossy.2": "lossy-2", "off": "off"} and made.stack == "vot2016/rgb"
    properties = dict(line.split("=") for line in (tmp_path / "w/sequences/bag/sequence").read_text().splitlines())
    assert (properties["width"], properties["height"], properties["length"]) == (*map(str, SIZE), str(LONG))
    assert Path(properties["channels.color"] % 7) == (root / "bag" / "00000007.jpg").resolve()
    assert (tmp_path / "w/sequences/list.txt").read_text() == "bag\nball1\n"
    lines = (tmp_path / "w/results/lossy-2/baseline/bag/bag_001.txt").read_text().splitlines()
    assert lines[0] == "1" and lines[30] == "2" and lines[1] == "22,17,16,12"


def test_workspace_is_made_anew_but_registered_trackers_stay(material: tuple[Path, Path], tmp_path: Path) -> None:
    root, results = material
    benchmark = load_benchmark("vot2016")
    sequences, trackers = from_root(benchmark, root), trackers_of([results])
    vot_workspace.make(tmp_path / "w", benchmark, sequences, trackers)
    registry = tmp_path / "w" / "trackers.ini"
    assert "tracker evaluate trax\n" in registry.read_text()
    registry.write_text(
        registry.read_text().replace("evaluate trax", "evaluate trax --checkpoint /mine.pth") + "[other]\ncommand = x\n"
    )
    del sequences["ball1"]
    vot_workspace.make(tmp_path / "w", benchmark, sequences, trackers[:1])
    assert "--checkpoint /mine.pth" in registry.read_text() and "[other]" in registry.read_text()
    assert not (tmp_path / "w/sequences/ball1").exists()
    assert (tmp_path / "w/sequences/list.txt").read_text() == "bag\n"


def test_images_with_other_names_are_linked(tmp_path: Path) -> None:
    root = tmp_path / "VOT2016"
    images(root / "bag", range(3), digits=4, ending="jpeg")
    table(root / "bag" / "groundtruth.txt", moving(3))
    result(tmp_path / "results" / "any", "bag", [(1,), *moving(3)[1:]])
    benchmark = load_benchmark("vot2016")
    vot_workspace.make(tmp_path / "w", benchmark, from_root(benchmark, root), trackers_of([tmp_path / "results"]))
    folder = tmp_path / "w/sequences/bag"
    assert "channels.color=color/%08d.jpg" in (folder / "sequence").read_text()
    assert (folder / "color/00000003.jpg").read_bytes() == (root / "bag/0002.jpeg").read_bytes()


def test_refuses_a_folder_of_somebody_else(
    material: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path, monkeypatch, "")
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "config.yaml").write_text("stack: vot2018/longterm\n")
    assert main(command(*material)) == 2
    assert "holds something else than a workspace of this command" in capsys.readouterr().err


def test_bad_input(
    material: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(command(*material)) == 2
    assert "siamsa[eval]" in capsys.readouterr().err
    monkeypatch.undo()
    stand_in(tmp_path, monkeypatch, "")
    assert main(command(*material, "--timeout", 0)) == 2
    assert "--timeout" in capsys.readouterr().err
    plain = tmp_path / "plain.yaml"
    plain.write_text("title: Plain\nlayout: vot\nprotocol: vot_supervised\n")
    assert main(command(*material, benchmark=plain)) == 2
    assert "names its `stack`" in capsys.readouterr().err
    assert not (tmp_path / "workspace").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('\\x1b[31mno such thing\\x1b[0m')\nprint('\\r 88 %|###|')", "analysis failed: no such thing"),
        ("", "analysis failed: it said nothing"),
        ("open('analysis/siamsa.json', 'w').write('{\"trackers\": {')", "siamsa.json is not as expected"),
        ("import time; print('thinking', flush=True); time.sleep(60)", "took more than 2 s and was ended"),
    ],
)
def test_a_toolkit_that_fails_with_code_0(
    code: str,
    said: str,
    material: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stand_in(tmp_path, monkeypatch, f"import os\nos.makedirs('analysis', exist_ok=True)\n{code}\n")
    assert main(command(*material, "--timeout", 2)) == 1
    error = capsys.readouterr().err
    assert said in error and "analysis.log" in error and error.count("\n") == 1


def test_an_incomplete_analysis_is_refused(
    material: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = {
        "toolkit": "0",
        "trackers": {"off": {}},
        "sequences": {"bag": {}, "ball1": {}},
        "results": {
            "baseline": {
                "parameters": {"analyses": [{"type": "a.AverageAccuracyRobustness", "bounded": True}]},
                "results": [[[0.5, 1.0, [0, 0], 9]]],
            }
        },
    }
    code = f"import os, json\nos.makedirs('analysis')\njson.dump({held!r}, open('analysis/siamsa.json', 'w'))\n"
    stand_in(tmp_path, monkeypatch, code)
    assert main(command(*material)) == 1
    assert "lacks trackers or sequences" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_an_interrupt_ends_the_toolkit(
    material: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    started = subprocess.Popen([sys.executable, "-m", "tracker", *command(*material)], cwd=ROOT, stderr=subprocess.PIPE)
    pid, until = tmp_path / "workspace" / "pid", time.monotonic() + 60
    while not (pid.is_file() and pid.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    assert started.wait(90) == 130
    assert pid.read_text() and not alive(int(pid.read_text()))


@needs_toolkit
@pytest.mark.slow
def test_the_real_toolkit(material: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, results = material
    assert main(command(root, results, "--json", tmp_path / "all.json")) == 0
    out = capsys.readouterr().out
    assert "VOT2016, 2 of 60 sequences" in out and "vot-toolkit" in out and "unbounded" in out
    report = tmp_path / "workspace" / "reports" / "siamsa" / "report.html"
    assert str(report) in out and "lossy.2" in report.read_text()
    found = json.loads((tmp_path / "all.json").read_text())
    off, lossy = found["trackers"]["off"], found["trackers"]["lossy.2"]
    # As docs/protocols.md says: rectangles of w times h pixels, sequences weighted by length, EAO from length 109 on.
    truth = np.array(swaying(LONG))
    exact = iou(truth, truth + np.array([[1, i % 3, 0, 0] for i in range(LONG)]))
    parts = exact[10:LONG].mean(), exact[10:40].mean()
    assert off["theirs"]["accuracy"] == pytest.approx((parts[0] * LONG + parts[1] * 40) / (LONG + 40), abs=1e-6)
    eao = np.mean([exact[1:length].mean() for length in range(109, LONG + 1)])
    assert off["theirs"]["eao"] == pytest.approx(eao, abs=1e-5)
    assert off["theirs"]["failures"] == off["ours"]["failures"] == 0
    assert lossy["theirs"]["failures"] == lossy["ours"]["failures"] == 2
    assert lossy["theirs"]["failures_per_sequence"] == pytest.approx(2 * LONG / (LONG + 40))
    assert lossy["difference"]["failures_per_sequence"] == pytest.approx(0)
    for entry in (off, lossy):
        assert abs(entry["difference"]["accuracy"]) < 0.03 and entry["sequences"] == "2 of 60 sequences"
    assert json.loads((tmp_path / "workspace/analysis/siamsa.json").read_text())["results"]["baseline"]


@needs_toolkit
@pytest.mark.slow
def test_the_real_toolkit_on_bag(tmp_path: Path) -> None:
    """Published results, and a stack that the toolkit does not know."""
    root, results = shared() / "benchmarks" / "VOT2016", oracles() / "VOT2016"
    line = ["--trackers", "ECO", "C-COT", "--output", tmp_path / "w", "--json", tmp_path / "all.json"]
    words = ["evaluate", "vot", "--benchmark", "vot2016", "--root", root, "--results", results, *line]
    assert main([str(word) for word in words]) == 0
    found = json.loads((tmp_path / "all.json").read_text())["trackers"]
    for name, accuracy, eao in (("ECO", 0.5669, 0.5538), ("C-COT", 0.3078, 0.3473)):
        theirs, ours = found[name]["theirs"], found[name]["ours"]
        assert theirs["accuracy"] == pytest.approx(accuracy, abs=1e-4)
        assert theirs["eao"] == pytest.approx(eao, abs=1e-4)
        assert ours["accuracy"] < theirs["accuracy"] < ours["accuracy"] + 0.01
        assert ours["failures"] == theirs["failures"] == 0


@needs_toolkit
@pytest.mark.slow
def test_the_real_toolkit_on_a_stack_that_it_lacks(
    material: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("title: Own\nlayout: vot\nprotocol: vot_supervised\nstack: own/none\n")
    assert main(command(*material, benchmark=own)) == 1
    error = capsys.readouterr().err
    assert "stack does not exist" in error and "analysis.log" in error and error.count("\n") == 1


def test_last_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("command\n\x1b[33mA warning\x1b[0m\n  5 %|#\r 10 %|##\n\n")
    assert vot.last_line(log) == "A warning"
