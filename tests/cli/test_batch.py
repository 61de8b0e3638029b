"""`siamsa batch` as it is typed: exit codes, what it says, worker processes, Ctrl-C and worse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tracker
from tests.helpers import ROOT
from tests.live.batching import BOX, Page, clips, load, stamps, summary, table
from tracker.cli.main import main
from tracker.formats import read_rows
from tracker.live.batch import news
from tracker.live.batch.run import Outcome
from tracker.processes import owners

linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers by Linux's /proc")


@pytest.fixture
def template_tracker(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """No network; what the command asks of `tracker.load` is kept."""
    asked: dict[str, Any] = {}

    def keep(**settings: Any) -> Any:
        asked.update(settings)
        return load()

    monkeypatch.setitem(vars(tracker), "load", keep)
    return asked


def siamsa(place: Path, *words: object) -> int:
    return main(["batch", str(place / "clips"), "--output", str(place / "out"), "--workers", "0", *map(str, words)])


def test_all_is_done_and_summed_up(
    tmp_path: Path, template_tracker: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    clips(tmp_path / "clips", 2)
    words = ["--checkpoint", "w.pth"]
    assert siamsa(tmp_path, *words) == 2
    assert "w.pth: no such file" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert siamsa(tmp_path, "--video", "--boxes-format", "jsonl", "--threads", 2, "--set", "tracking.lr=0.3") == 0
    said = capsys.readouterr()
    assert said.out.startswith("2 of 2 videos done: 25 frames at ") and "wrote" in said.out
    assert said.err == "", "no bar where there is no terminal"
    assert sorted(stamps(tmp_path / "out")) == ["clip0.jsonl", "clip0.mp4", "clip1.jsonl", "clip1.mp4"]
    assert template_tracker["threads"] == 2 and template_tracker["overrides"] == ("tracking.lr=0.3",)
    assert len(Page(tmp_path / "out" / "index.html").rows) == 3


def test_a_video_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, template_tracker: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    clips(tmp_path / "clips", 3)[1].write_bytes(b"no video" * 100)
    assert siamsa(tmp_path) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and said.err.startswith("siamsa: clip1 failed: ")
    assert "2 of 3 videos done" in said.out and "1 failed: clip1" in said.out
    assert siamsa(tmp_path) == 1, "it has still failed"
    assert "failed before (--retry-failed tries again)" in capsys.readouterr().err


def test_without_a_terminal_a_line_says_how_far_it_is(
    tmp_path: Path,
    template_tracker: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clips(tmp_path / "clips", 3)[1].write_bytes(b"no video" * 100)
    monkeypatch.setattr(news, "EVERY", 0.0)
    assert siamsa(tmp_path) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if " of 3 done" in line]
    assert "siamsa: 1 of 3 done, about 1 min left" in told
    assert told[-2:] == ["siamsa: 1 of 3 done, 1 failed, about 1 min left", "siamsa: 2 of 3 done, 1 failed"]


def test_how_long_it_takes_is_told_by_what_was_done_now() -> None:
    now = 0.0
    log = news.News(200, lambda: now)
    for outcome in [Outcome("a", before=True)] * 100 + [Outcome("b")] * 4 + [Outcome("c", left="another")] * 16:
        log.count(outcome)
    assert not log.due()
    now = 600.0
    assert log.due() == "104 of 200 done, about 3 h left" and not log.due(), "80 of 150 s each"


def test_a_target_that_fails_is_told_with_its_line(
    tmp_path: Path, template_tracker: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    clips(tmp_path / "clips", 2)[1].with_suffix(".box.txt").write_text(f"near={BOX}\nfar=900,1,2,3\n")
    for _ in "again":
        assert siamsa(tmp_path) == 1
        said = capsys.readouterr()
        assert said.err.count("\n") == 1
        assert said.err.startswith(
            "siamsa: clip1, not tracked: clip1.box.txt, line 2 (far): box x: 900..902 lies outside"
        )
        assert (
            "2 of 2 videos done" in said.out
            and "1 target not tracked, others of the same video were: clip1" in said.out
        )


@pytest.mark.parametrize(
    ("given", "words", "threads"), [("3", [], 3), ("3", ["--threads", "2"], 2), ("", [], None), ("all", [], None)]
)
def test_threads_are_those_that_the_environment_says(
    tmp_path: Path,
    template_tracker: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    words: list[str],
    threads: int | None,
) -> None:
    clips(tmp_path / "clips", 1, frames=2)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    assert siamsa(tmp_path, *words) == 0
    assert template_tracker["threads"] == (threads or 8)


def test_the_page_says_which_table_it_is_of(tmp_path: Path, video: Path, template_tracker: dict[str, Any]) -> None:
    jobs = table(tmp_path / "j2.csv", f"{video},{BOX},,,", f"gone.mp4,{BOX},,,")
    assert main(["batch", str(jobs), "--output", str(tmp_path / "out"), "--workers", "0", "--skip-missing"]) == 1
    assert "<h1>j2.csv: 2 videos</h1>" in (tmp_path / "out" / "index.html").read_text()


def test_videos_without_a_box_do_not_fail_the_run(
    tmp_path: Path, template_tracker: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    clips(tmp_path / "clips", 2)[0].with_suffix(".box.txt").unlink()
    assert siamsa(tmp_path) == 0
    assert "1 without a box: clip0.mp4" in capsys.readouterr().out
    assert [row["state"] for row in summary(tmp_path / "out")] == ["done", "no box"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--workers", "-1"], "--workers: must be 0 or more"),
        (["--boxes-format", "xls"], "invalid choice"),
        (["--boxes-format", "otb"], "clip.txt: this form holds one target, and there are 2"),
        (["--output", "{place}/file"], "is a file"),
        (["--experiment", "no_such"], "no_such"),
    ],
)
def test_bad_use_is_one_line(
    tmp_path: Path,
    video: Path,
    template_tracker: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    wrong: str,
) -> None:
    (tmp_path / "file").write_text("")
    jobs = table(tmp_path / "jobs.csv", f"{video},{BOX},,,clip", f"{video},{BOX},,,")
    words = [word.format(place=tmp_path) for word in words]
    assert main(["batch", str(jobs), "--output", str(tmp_path / "out"), *words]) == 2
    said = capsys.readouterr()
    assert wrong in said.err and said.err.count("\n") == 1 and not (tmp_path / "out").exists()


def test_bad_rows_are_told_before_anything_is_tracked(
    tmp_path: Path, video: Path, template_tracker: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = table(tmp_path / "jobs.csv", f"{video},{BOX},,,", "gone.mp4,1,2,3,4,,,")
    assert main(["batch", str(jobs), "--output", str(tmp_path / "out")]) == 2
    assert "jobs.csv, line 3: " in capsys.readouterr().err and not template_tracker and not (tmp_path / "out").exists()


def start(place: Path, *words: object, kind: str = "TemplateTracker", delay: float = 0.03) -> subprocess.Popen[str]:
    """The command with two workers, in a group of its own, as a shell would start it."""
    code = (
        "import tracker; from functools import partial; from tests.live.batching import load;"
        f"tracker.load = partial(load, {kind!r}, {delay});"
        "from tracker.cli.main import entry; entry('batch')"
    )
    program = [sys.executable, "-c", code, "clips", "--output", "out", "--workers", "2", *map(str, words)]
    return subprocess.Popen(
        program, cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def wait_for(process: subprocess.Popen[str], there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not there() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def all_ended(pids: list[int]) -> bool:
    """Whether none of these processes runs any more, within ten seconds."""
    deadline = time.monotonic() + 10
    while (alive := [p for p in pids if owners._started(p) not in ("-", "ended")]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive


def children(process: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def halves(place: Path) -> list[Path]:
    """What is half done, or claimed, in the folder of results."""
    out = place / "out"
    return [*out.rglob("*.claim"), *out.rglob("*.partial*"), *out.glob(".work*")]


@linux
@pytest.mark.slow
def test_stopped_it_ends_cleanly_and_goes_on(tmp_path: Path) -> None:
    """Ctrl-C, then SIGTERM to the parent alone, then to the end: every video is tracked once."""
    clips(tmp_path / "clips", 7, frames=20)
    done: dict[str, int] = {}
    for wanted, kill, number in ((2, os.killpg, signal.SIGINT), (4, os.kill, signal.SIGTERM)):
        process = start(tmp_path)
        wait_for(process, lambda wanted=wanted: len(stamps(tmp_path / "out")) >= wanted)  # type: ignore[misc]
        workers = children(process)
        kill(process.pid, number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 128 + number and "the same command goes on" in err and "Traceback" not in err
        assert all_ended(workers) and not halves(tmp_path)
        assert done.items() <= stamps(tmp_path / "out").items()
        done = stamps(tmp_path / "out")
        states = [row["state"] for row in summary(tmp_path / "out")]
        assert wanted <= len(done) == states.count("done") < 7 and states.count("not done") == 7 - len(done)
        assert "not done yet; the same command goes on" in (tmp_path / "out" / "index.html").read_text()
    process = start(tmp_path, delay=0)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert len(stamps(tmp_path / "out")) == 7 and done.items() <= stamps(tmp_path / "out").items()


@linux
@pytest.mark.slow
def test_killed_nothing_is_half_written_and_nobody_left_over(tmp_path: Path) -> None:
    paths = clips(tmp_path / "clips", 7, frames=20)
    process = start(tmp_path, "--video")
    wait_for(process, lambda: len(stamps(tmp_path / "out")) >= 4)
    workers = children(process)
    process.kill()
    process.communicate()
    assert len(workers) >= 2 and all_ended(workers)
    done = stamps(tmp_path / "out")
    for file in (tmp_path / "out" / "boxes").glob("*.csv"):
        assert len(read_rows(file)) == 20 + int(file.stem[-1]), "what is there is whole"
    process = start(tmp_path, "--video", delay=0)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert len(stamps(tmp_path / "out")) == 2 * len(paths) and not halves(tmp_path)
    whole = {name for name in done if {f"{name[:5]}.csv", f"{name[:5]}.mp4"} <= set(done)}
    assert all(stamps(tmp_path / "out")[name] == done[name] for name in whole)


@linux
@pytest.mark.slow
def test_a_worker_that_is_killed_costs_one_video_at_most(tmp_path: Path) -> None:
    clips(tmp_path / "clips", 3, frames=10)  # of 10, 11 and 12 frames; a twelfth is deadly
    (tmp_path / "deadly").touch()
    process = start(tmp_path, "--threads", 1, kind="Deadly", delay=0)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1 and "2 of 3 videos done" in out
    assert err == "siamsa: clip2 failed: the process ended with signal 9\n" and not halves(tmp_path)
    (tmp_path / "deadly").unlink()
    process = start(tmp_path, "--retry-failed", kind="Deadly", delay=0)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err


@linux
@pytest.mark.slow
def test_workers_that_cannot_begin_say_why(tmp_path: Path) -> None:
    clips(tmp_path / "clips", 1)
    words = ["clips", "--output", "out", "--device", "cuda:99"]
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "batch", *words], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2 and "cuda" in done.stderr and done.stderr.count("\n") == 1
    assert not halves(tmp_path)
