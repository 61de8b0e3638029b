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
from tracker.cli.main import main

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
        assert len(list(root.iterdir())) == 2
        begin = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begin < 8
        assert process.returncode == code and "ended by" in out and not err
    assert not list(tmp_path.glob("siamsa-*"))


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
