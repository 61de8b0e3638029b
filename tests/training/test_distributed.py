"""Two processes on a CPU train as one with twice the batch; a bad loss, a signal or a kill finds them together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tracker.errors import InputError
from tracker.training.data import Numbers
from tracker.training.distributed import Team, join

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(__file__).resolve().parents[2]
STEPS = 80
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


def free_port() -> str:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def pair_of(size: int = 2) -> list[dict[str, str]]:
    """The environment of each process, as torchrun would make it."""
    shared = {**ONE_THREAD, "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    return [shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(size)]


def work(out: Path, data: Path, size: int, batch: int) -> list[dict[str, Any]]:
    """What each of `size` processes wrote."""
    line = [sys.executable, str(WORKER), str(out), str(data), str(batch)]
    processes = [subprocess.Popen(line, env=env) for env in pair_of(size)]
    try:
        assert [p.wait(timeout=500) for p in processes] == [0] * size
    finally:
        for p in processes:
            p.kill()
    return [torch.load(f"{out}.{r}", weights_only=True) for r in range(size)]


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.slow
def test_two_processes_train_as_one_with_twice_the_batch(drawn_data: Path, clips: str, tmp_path: Path) -> None:
    (alone,) = work(tmp_path / "one", drawn_data, 1, 4)
    first, second = work(tmp_path / "two", drawn_data, 2, 2)
    assert equal(first["trained"], second["trained"])
    for name, value in alone["trained"].items():
        torch.testing.assert_close(first["trained"][name], value, rtol=0, atol=1e-5, msg=name)
    # a loss that is not finite in one process leaves both as they were, and the next step is taken by both
    assert first["bad"] == second["bad"] == {} and first["good"] == second["good"] != {}
    assert first["skipped"] == second["skipped"] == 1
    assert equal(first["after"], second["after"]) and not equal(first["trained"], first["after"])
    # and so it stays when the gradients of two batches make a step
    assert first["steps"] == second["steps"] == 12 and equal(first["end"], second["end"])
    # held-out clips are shared out, and a stop that one hears of stops both
    assert first["measured"] == second["measured"] == pytest.approx(alone["measured"], abs=1e-6)
    assert first["stopped"] == second["stopped"] == alone["stopped"] == [None, None]
    assert (alone["here"], first["here"]) == (1, 2)


def words(data: Path, run: Path) -> list[str]:
    line = ["-m", "tracker.cli.train", "--folder", str(run), "--device", "cpu", "--set", f"data.root={data}"]
    line += ["data.sources=[{path: drawn, layout: coco}]", "data.workers=0", "train.batch=1", "train.init="]
    line += ["train.precision=fp32", f"train.pairs={2 * STEPS}", "train.save_every=1", "train.backbone_from=0.3"]
    return line + ["model.levels=[2]", "model.width=32", "tracking.instance_size=127"]


def torchrun(data: Path, run: Path) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *words(data, run)]
    return subprocess.Popen(line, cwd=ROOT, env=ONE_THREAD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_steps(process: subprocess.Popen[Any], state: Path, steps: int) -> None:
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        if state.exists() and torch.load(state, weights_only=True)["step"] >= steps:
            return
        time.sleep(0.05)
    pytest.fail(f"{state} did not come to {steps} steps")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_stopped_and_killed_it_goes_on_to_the_same_bits(drawn_data: Path, tmp_path: Path) -> None:
    whole = torchrun(drawn_data, tmp_path / "whole")
    said, _ = whole.communicate(timeout=500)
    assert whole.returncode == 0, said
    assert said.count("drawn (coco): 6 clips, 6 frames, 6 boxes") == 1, "the first process says it"
    assert (drawn_data / "drawn" / ".siamsa" / "coco.index").is_file(), "and reads what the others find in the index"
    state = tmp_path / "parts" / "state.pth"
    process = torchrun(drawn_data, tmp_path / "parts")
    wait_for_steps(process, state, 3)
    process.send_signal(signal.SIGTERM)  # torchrun passes it on
    said, _ = process.communicate(timeout=120)
    assert "the same command goes on from here" in said
    stopped = torch.load(state, weights_only=True)["step"]
    assert 3 <= stopped < STEPS
    # without torchrun, which keeps its processes out of reach
    pair = [subprocess.Popen([sys.executable, *words(drawn_data, state.parent)], cwd=ROOT, env=e) for e in pair_of()]
    wait_for_steps(pair[0], state, stopped + 4)
    for one in pair:
        one.kill()
    assert [one.wait(timeout=60) for one in pair] == [-signal.SIGKILL] * 2
    assert stopped + 4 <= torch.load(state, weights_only=True)["step"] < STEPS
    process = torchrun(drawn_data, tmp_path / "parts")
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0, said
    a, b = (torch.load(tmp_path / name / "state.pth", weights_only=True) for name in ("whole", "parts"))
    assert a["step"] == b["step"] == STEPS
    assert equal(a["net"], b["net"]) and equal(a["average"], b["average"])
    for key, moments in a["optimiser"]["state"].items():
        assert equal(moments, b["optimiser"]["state"][key])


def test_each_process_takes_its_run_of_every_step() -> None:
    def taken(rank: int, accumulate: int) -> list[list[int]]:
        return list(Numbers(2, 8, 27, Team(rank, 2), accumulate))

    assert taken(0, 1) == [[8, 9], [12, 13], [16, 17], [20, 21]]
    assert taken(1, 1) == [[10, 11], [14, 15], [18, 19], [22, 23]]
    assert taken(0, 2) == [[8, 9], [10, 11], [16, 17], [18, 19]]
    assert taken(1, 2) == [[12, 13], [14, 15], [20, 21], [22, 23]]
    assert list(Numbers(2, 4, 4)) == []


def test_alone_nothing_is_asked_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join("cpu") as team:
        assert team.first and team.most(3) == 3 and team.from_first(lambda: "here") == "here"
        values = torch.ones(2)
        assert team.sum(values) is values
        module = torch.nn.Linear(1, 1)
        assert team.wrap(module) is module


def test_a_place_without_others_or_gpus_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "2"), ("RANK", "0")):
        monkeypatch.setenv(name, value)
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match="torchrun"), join("cpu"):
        pass
    with pytest.raises(InputError, match="nccl joins GPUs only"), join("cpu", "nccl"):
        pass
