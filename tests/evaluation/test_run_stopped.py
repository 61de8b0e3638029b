"""`siamsa evaluate run` ended by force, stopped, and run beside itself; workers that die or cannot begin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.evaluation.helpers import otb, stamps
from tests.helpers import ROOT
from tracker.cli.main import main
from tracker.processes import claims as claims_module
from tracker.processes import owners
from tracker.processes.claims import Claims

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers by Linux's /proc"),
]
NAMES = ["Couple", "Deer", "Man", "Girl", "Boy", "Fish", "Gym", "Suv", "Toy", "Vase", "Trans", "Woman"]
TRACKERS = """
import multiprocessing, os, signal, time
from tests.evaluation.helpers import Mover

class Slow(Mover):
    def update(self, frame):
        time.sleep(0.01)
        return super().update(frame)

class Crawling(Mover):
    def update(self, frame):
        time.sleep(0.3)
        return super().update(frame)

class Dying(Mover):
    def update(self, frame):
        if len(self.grey) == 12:
            os._exit(9)
        if len(self.grey) == 11 and self.given.w == 11:
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().update(frame) if len(self.grey) < 12 else self.box

def only_in_the_parent():
    if multiprocessing.parent_process() is not None:
        raise RuntimeError("no memory\\nleft")
    return Mover()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with twelve sequences of 19 to 30 frames, and trackers."""
    for i, name in enumerate(NAMES):
        otb(tmp_path / "data", name, range(1, 20 + i))
    (tmp_path / "some.py").write_text(TRACKERS)
    return tmp_path


def start(place: Path, tracker: str, output: str, *more: str) -> subprocess.Popen[str]:
    """The command with four workers, in a group of its own, as a shell would start it."""
    words = ["evaluate", "run", "--benchmark", "otb100", "--root", "data", "--tracker", f"some:{tracker}"]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{place}"}
    return subprocess.Popen(
        [sys.executable, "-m", "tracker", *words, "--workers", "4", "--output", output, *more],
        cwd=place, env=env, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait for so many results."""
    deadline = time.monotonic() + 120
    while len(stamps(folder)) < count and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)


def working(process: subprocess.Popen[str]) -> list[int]:
    """Wait until workers are there, and return what the process has started."""
    deadline = time.monotonic() + 120
    while len(found := children(process.pid)) < 4 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    return found


def all_ended(pids: list[int], seconds: float = 10) -> bool:
    """Whether none of these processes runs any more."""
    deadline = time.monotonic() + seconds
    while (alive := [pid for pid in pids if owners._started(pid) not in ("-", "ended")]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.05)
    return not alive


def scores(place: Path, output: str) -> dict[str, object]:
    words = ["--results", str(place / output), "--root", str(place / "data"), "--json", str(place / f"{output}.json")]
    assert main(["evaluate", "score", "--benchmark", "otb100", *words]) == 0
    return json.loads((place / f"{output}.json").read_text())  # type: ignore[no-any-return]


def test_killed_twice_it_ends_as_if_undisturbed(place: Path) -> None:
    """kill -9 of the parent alone, twice, with four workers: none survives, nothing finished is lost or repeated."""
    results = place / "disturbed/Slow"
    seen: dict[str, int] = {}
    for wanted in (2, 6):
        process = start(place, "Slow", "disturbed")
        until(process, results, wanted)
        workers = children(process.pid)
        process.kill()
        process.communicate()
        assert len(workers) >= 4 and all_ended(workers)
        assert seen.items() <= stamps(results).items()
        seen = stamps(results)
        assert wanted <= len(seen) < len(NAMES)
    for output in ("disturbed", "calm"):
        assert start(place, "Slow", output).wait(120) == 0
    assert seen.items() <= stamps(results).items()
    calm = {p.name: p.read_bytes() for p in (place / "calm/Slow").glob("*.txt")}
    assert calm == {p.name: p.read_bytes() for p in results.glob("*.txt")} and len(calm) == len(NAMES)
    assert not list(results.rglob("*.partial")) and not list(results.rglob("*.claim"))
    assert {**scores(place, "disturbed")["Slow"], "fps": 0} == {**scores(place, "calm")["Slow"], "fps": 0}  # type: ignore[dict-item]


@pytest.mark.parametrize("way", ["ctrl-c", "twice", "terminated", "at the start"])
def test_stopped_it_ends_at_once_and_says_so_in_one_line(place: Path, way: str) -> None:
    process = start(place, "Crawling", "out")
    workers = working(process)
    if way != "at the start":
        time.sleep(2)
    began = time.monotonic()
    if way == "terminated":
        process.terminate()
    else:
        os.killpg(process.pid, signal.SIGINT)
    if way == "twice":
        time.sleep(0.1)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    code = 128 + (signal.SIGTERM if way == "terminated" else signal.SIGINT)
    assert process.returncode == code and time.monotonic() - began < 6
    assert errors == "siamsa: interrupted\n" and all_ended(workers)
    assert not list((place / "out").rglob("*.claim")) and not list((place / "out").rglob("*.partial"))


def test_two_commands_share_the_work(place: Path) -> None:
    both = [start(place, "Slow", "out") for _ in range(2)]
    texts = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
    run = [int(out.split(" sequences run, 0 failed")[0].split()[-1]) for out, _ in texts]
    assert sum(run) == len(NAMES) == len(stamps(place / "out/Slow"))
    left = [line for _, err in texts for line in err.splitlines()]
    assert all(" is left to " in line for line in left)


def test_a_worker_that_dies_costs_its_sequence_only(place: Path) -> None:
    for name in NAMES[2:]:
        for path in sorted((place / "data" / name / "img").glob("*.jpg"))[10:]:
            path.unlink()
        truth = place / "data" / name / "groundtruth_rect.txt"
        truth.write_text("".join(truth.read_text().splitlines(keepends=True)[:10]))
    truth = place / "data/Couple/groundtruth_rect.txt"
    truth.write_text(truth.read_text().replace(",10,", ",11,"))
    process = start(place, "Dying", "out")
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert sorted(errors.splitlines()) == [
        "siamsa: Couple failed: the process ended with signal 11",
        "siamsa: Deer failed: the process ended with exit code 9",
    ]
    assert "10 sequences run, 2 failed" in out and len(stamps(place / "out/Dying")) == 10


def test_a_worker_without_a_tracker_ends_the_run_with_its_cause(place: Path) -> None:
    process = start(place, "only_in_the_parent", "out")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert errors == (
        "siamsa: error: a worker could not open the tracker: "
        "tracker some:only_in_the_parent: RuntimeError: no memory left\n"
    )


def test_claims_of_the_living_are_respected_and_those_of_the_dead_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, path = Claims(tmp_path, "d"), tmp_path / ".Deer.claim"
    assert mine.take("Deer") is None and mine.take("Deer") is None and path.is_file()
    mine.release("Deer")
    assert not path.exists()
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    machine, _, rest = owners.me().partition(" ")
    path.write_text(f"{machine} {process.pid} {owners._started(process.pid)}\nd\n")
    held = mine.take("Deer")
    assert held is not None and held.runs and owners.shown(held.owner).startswith(f"process {process.pid} of ")
    process.kill()
    assert all_ended([process.pid])  # a zombie, as nobody has waited for it
    assert mine.take("Deer") is None
    process.wait()
    mine.close()
    # On another machine only the beats tell.
    path.write_text(f"elsewhere/1 {rest}\nd\n")
    held = mine.take("Deer")
    assert held is not None and held.runs is None
    os.utime(path, (time.time() + 5, time.time() + 5))
    held = mine.take("Deer")
    assert held is not None and held.runs is True
    monkeypatch.setattr(claims_module, "STALE", -10.0)
    assert mine.take("Deer") is None and [p.name for p in tmp_path.iterdir()] == [".Deer.claim"]
    mine.close()
    assert not list(tmp_path.iterdir())
