"""`siamsa serve` as a command: what it refuses in one line, and how it ends."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.web.serving import until
from tracker.cli.main import main
from tracker.live.web.scratch import make_scratch
from tracker.processes import owners

# The command with a follower that needs no weights.
QUICK = (
    "import tracker.cli.serve as s; from tests.web.serving import follower;"
    "s._network = lambda args: follower; from tracker.cli.main import entry; entry('serve')"
)


@contextmanager
def started(
    folder: Path, *words: str, code: str = QUICK, which: int = 0
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as its own process, and the address that it prints, or one of them."""
    environment = os.environ | {"TMPDIR": str(folder), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, "--port", "0", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 60)[0], "it does not start"
        line = process.stdout.readline()
        found = re.findall(r"http://[^\s;]+", line)
        assert found, line + process.stderr.read() if process.stderr else line
        try:
            yield process, found[which]
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with started(tmp_path) as (process, address):
        for _ in range(2):
            urllib.request.urlopen(urllib.request.Request(address + "api/sessions", method="POST")).read()
        (root,) = tmp_path.glob("siamsa-*")
        assert len(list(root.glob("session-*"))) == 2
        begin = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begin < 8
        assert process.returncode == code and "ended by" in out and not err
    assert not list(tmp_path.glob("siamsa-*"))


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_what_a_killed_server_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    with started(tmp_path) as (process, address):
        urllib.request.urlopen(urllib.request.Request(address + "api/sessions", method="POST")).read()
        process.kill()
        process.wait()
    (left,) = tmp_path.glob("siamsa-*")
    for name, owner in [
        ("bare", None),
        ("other-program", "a note"),
        ("elsewhere", "host/1 1 -"),
        ("running", owners.me()),
    ]:
        (tmp_path / f"siamsa-{name}").mkdir()
        if owner is not None:
            (tmp_path / f"siamsa-{name}" / ".owner").write_text(owner)
    (tmp_path / "siamsa-link").symlink_to(left, target_is_directory=True)
    (tmp_path / "siamsa-file").write_text((left / ".owner").read_text())
    before = set(tmp_path.iterdir())
    with started(tmp_path), started(tmp_path):
        assert until(lambda: len(set(tmp_path.iterdir()) - before) == 2)
        assert before - set(tmp_path.iterdir()) == {left}, "and nothing of another program, machine or server"


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_the_folder_of_another_user_is_let_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "from tracker.processes.owners import me; print(me())"]
    left = tmp_path / "siamsa-left"
    left.mkdir()
    (left / ".owner").write_text(subprocess.check_output(command, cwd=ROOT, text=True))
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    make_scratch(tmp_path)
    assert (left / ".owner").exists()
    monkeypatch.undo()
    make_scratch(tmp_path)
    assert not left.exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_loaded_network_does_not_hold_the_end_up(tmp_path: Path) -> None:
    with started(tmp_path, code="from tracker.cli.main import entry; entry('serve')") as (process, address):
        urllib.request.urlopen(address).read()
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert time.monotonic() - begin < 3 and process.returncode == 130


def test_a_token_is_made_and_printed(tmp_path: Path) -> None:
    with started(tmp_path, "--token", "auto") as (_, address):
        assert re.search(r"\?token=[\w-]{20,}$", address)
        bare, _, query = address.partition("?")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(bare + "api/info")
        assert urllib.request.urlopen(f"{bare}api/info?{query}").status == 200


def test_a_server_for_everybody_says_how_others_reach_it(tmp_path: Path) -> None:
    with started(tmp_path, "--host", "0.0.0.0", "--token", "auto", which=1) as (_, address):
        assert address.startswith(f"http://{socket.gethostname()}:") and "?token=" in address
    with started(tmp_path, "--host", "0.0.0.0", "--token", "auto") as (_, address):
        assert address.startswith("http://localhost:")
        assert urllib.request.urlopen(address.replace("?", "api/info?")).status == 200


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["serve", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("siamsa: error: ") and error.count("\n") == 1
    return error


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "another program" in refused(capsys, "--port", str(taken.getsockname()[1]))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--host", "0.0.0.0"], "--token"),
        (["--host", "192.168.1.5"], "--token"),
        (["--host", "203.0.113.9", "--token", "long-enough"], "--host"),
        (["--host", "no such name", "--token", "long-enough"], "--host"),
        (["--token", "short"], "--token"),
        (["--token", "with space and &"], "--token"),
        (["--port", "70000"], "--port"),
        (["--videos", "/no/such/folder"], "--videos"),
        (["--max-size", "big"], "--max-size"),
        (["--max-sessions", "0"], "--max-sessions"),
        (["--idle", "-1"], "--idle"),
        (["--max-seconds", "nan"], "--max-seconds"),
    ],
)
def test_bad_usage_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    assert says in refused(capsys, *words)


def test_missing_packages_are_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "tracker.live.web.server", raising=False)
    assert "pip install 'siamsa[web]'" in refused(capsys)


def test_the_tool_is_the_command() -> None:
    command, paths = [sys.executable, ROOT / "tools/serve.py", "--help"], {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | paths, capture_output=True, text=True)
    assert done.returncode == 0 and "--max-sessions" in done.stdout
