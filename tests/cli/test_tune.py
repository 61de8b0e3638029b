"""`siamsa tune` as users run it: what it finds, how it ends and goes on, what it refuses."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tracker.cli.main import main
from tracker.config import load_config
from tracker.data.rendered import write_clip

pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three short rendered clips; not to be changed."""
    root = tmp_path_factory.mktemp("tune") / "clips"
    for seed in (1, 2, 3):
        write_clip(root / f"clip{seed}", seed, 6, (200, 150))
    return root


def words(clips: Path, output: Path, trials: int, *more: object) -> list[str]:
    return ["tune", "--root", str(clips), "--output", str(output), "--trials", str(trials), *map(str, more)]


def rows(output: Path) -> list[list[str]]:
    """`trials.csv` without the numbers and the seconds of trials, which depend on how often the run was ended."""
    with (output / "trials.csv").open() as file:
        return [row[1:-1] for row in csv.reader(file)]


@pytest.fixture(scope="module")
def calm(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search of four trials with one process."""
    output = tmp_path_factory.mktemp("calm")
    assert main(words(clips, output, 4)) == 0
    return output


@pytest.mark.slow
def test_the_best_constants_are_an_experiment_that_does_what_was_found(
    calm: Path, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = rows(calm)
    assert table[0] == ["state", "success", "lr", "penalty_k", "window_influence", "sequences"] and len(table) == 5
    config, before = load_config(calm / "best.yaml"), load_config("siamsa_r18")
    assert table[1][2:5] == [str(getattr(before.tracking, name)) for name in table[0][2:5]]
    figures = [float(row[1]) for row in table[1:]]
    best = table[1 + figures.index(max(figures))]
    assert [str(getattr(config.tracking, name)) for name in table[0][2:5]] == best[2:5]
    assert config.model == before.model and config.tracking.geometry == before.tracking.geometry
    part = ["--benchmark", "folder", "--root", str(clips)]
    assert main(["evaluate", "run", *part, "--experiment", str(calm / "best.yaml"), "--output", str(tmp_path)]) == 0
    assert main(["evaluate", "score", *part, "--results", str(tmp_path), "--json", str(tmp_path / "s.json")]) == 0
    (scores,) = json.loads((tmp_path / "s.json").read_text()).values()
    assert scores["success"] == pytest.approx(max(figures), abs=1e-6)  # as many digits as trials.csv has
    capsys.readouterr()
    assert main(words(clips, calm, 3)) == 0  # has more than that: nothing is run, all is said
    text = capsys.readouterr().out
    assert "4 of 3 trials done before" in text and "success of 4 trials, 0 stopped early" in text
    assert f"use it with --experiment {calm / 'best.yaml'}" in text and rows(calm) == table


@pytest.mark.slow
def test_workers_and_memory_change_nothing(calm: Path, clips: Path, tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path}/study.db"
    assert main(words(clips, tmp_path / "out", 4, "--workers", 2, "--memory", 0, "--storage", place)) == 0
    assert rows(tmp_path / "out") == rows(calm)
    assert not (tmp_path / "out/study.journal").exists()


def children(pid: int) -> list[int]:
    """Worker processes of a command."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    found = [int(child) for child in text.split()]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def wait_for(process: subprocess.Popen[bytes], output: Path, trials: int) -> None:
    """Until so many trials are in the table."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if (output / "trials.csv").exists() and len(rows(output)) > trials:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {trials} trials; exit code {process.poll()}")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers by Linux's /proc")
def test_killed_and_interrupted_it_ends_as_if_undisturbed(calm: Path, clips: Path, tmp_path: Path) -> None:
    """kill -9 of a worker, then Ctrl-C, then kill -9 of the parent alone, then to the end: the very same trials."""
    program = [sys.executable, "-m", "tracker", *words(clips, tmp_path, 4, "--workers", 2)]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    process = start()
    wait_for(process, tmp_path, 1)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    wait_for(process, tmp_path, 2)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    process = start()
    wait_for(process, tmp_path, 2)
    while not (workers := children(process.pid)):
        time.sleep(0.05)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    subprocess.run(program, cwd=ROOT, check=True, capture_output=True)
    assert rows(tmp_path) == rows(calm) and not list(tmp_path.glob("*.partial"))
    assert (tmp_path / "best.yaml").read_text().splitlines()[1:] == (calm / "best.yaml").read_text().splitlines()[1:]


@pytest.mark.slow
def test_two_commands_on_one_journal_make_exactly_the_total(clips: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tracker", *words(clips, tmp_path, 4)]
    both = [subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    texts = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all("success of 4 trials" in text for text in texts)
    table = rows(tmp_path)
    assert len(table) == 5 and len({tuple(row[2:5]) for row in table[1:]}) >= 4


@pytest.mark.slow
def test_another_search_is_refused(calm: Path, clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more, says in (
        (("--sequences", "clip1", "clip2"), "sequences: 3 there, 2 now"),
        (("--params", "lr=0.3:0.5"), "params: "),
        (("--set", "tracking.geometry=pysot"), "tracking.geometry: exact there, pysot now"),
    ):
        assert main(words(clips, calm, 9, *more)) == 2
        text = capsys.readouterr().err
        assert says in text and "give another --study or --output" in text and text.count("\n") == 1


@pytest.mark.slow
def test_a_damaged_image_ends_the_search_and_a_whole_one_lets_it_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(tmp_path / "clips/one", 4, 3, (200, 150))
    path = tmp_path / "clips/one/00000002.jpg"
    good = path.read_bytes()
    path.write_bytes(b"\xff\xd8 nothing")
    assert main(words(tmp_path / "clips", tmp_path / "out", 1)) == 2
    assert "clips/one/00000002.jpg: " in capsys.readouterr().err
    path.write_bytes(good)
    assert main(words(tmp_path / "clips", tmp_path / "out", 1)) == 0
    assert "nothing better than the present constants was found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--trials", "0"), "--trials: must be 1 or more"),
        (("--workers", "0"), "--workers: must be 1 or more"),
        (("--params", "lr=0.9:0.1"), "the lower limit must be below"),
        (("--params", "lr=0.9:1"), "must contain the present value"),
        (("--sequences", "none"), "no sequence none"),
        (("--benchmark", "otb1000"), "did you mean 'otb100'"),
        (("--root", "/no/such/folder"), "no such folder"),
        (("--experiment", "siamsa_r50"), "no weights are shipped"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_options_are_one_line(
    clips: Path, tmp_path: Path, more: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words(clips, tmp_path / "out", 2), *more]) == 2
    text = capsys.readouterr().err
    assert says in text and text.count("\n") == 1 and not (tmp_path / "out").exists()


def test_without_optuna_the_extra_is_named(clips: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['optuna'] = None; from tracker.cli.main import entry; entry('tune')"
    program = [sys.executable, "-c", code, *words(clips, tmp_path / "out", 2)[1:]]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and 'pip install "siamsa[tune]"' in done.stderr and done.stderr.count("\n") == 1


def test_a_benchmark_that_is_reported_gets_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    from tracker.cli.tune import _warn
    from tracker.evaluation.benchmark import load_benchmark

    _warn(load_benchmark("folder"))
    assert capsys.readouterr().err == ""
    _warn(load_benchmark("otb100"))
    assert "constants tuned on OTB100 must not be reported on OTB100" in capsys.readouterr().err
