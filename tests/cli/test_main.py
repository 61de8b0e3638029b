from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from tracker import __version__
from tracker.box import Box
from tracker.cli import main as cli
from tracker.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str, code: int | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-m", "tracker", *words], cwd=ROOT, capture_output=True, text=True)
    assert code is None or done.returncode == code, done.stderr
    return done


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], None]:
    """Puts a command `probe` in place that does what the test gives it."""

    def install(action: Callable[[], int]) -> None:
        module = types.ModuleType("tracker.cli.probe")
        vars(module).update(
            HELP="A command of this test.",
            add_arguments=lambda parser: parser.add_argument("--box"),
            run=lambda args: action() if args.box is None else print(args.box) or 0,
        )
        monkeypatch.setitem(sys.modules, "tracker.cli.probe", module)
        monkeypatch.setitem(cli.COMMANDS, "probe", "a command of this test")

    return install


def raising(error: BaseException) -> Callable[[], int]:
    def action() -> int:
        raise error

    return action


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"tracker.cli.{name}")
    assert module.HELP.strip()
    assert cli.main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: siamsa {name}") and "--debug" in out


def test_help_lists_the_commands_without_torch() -> None:
    code = "import sys; from tracker.cli.main import main; main(['--help']); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and all(name in done.stdout for name in cli.COMMANDS)


def test_version() -> None:
    assert run("--version", code=0).stdout.strip() == f"siamsa {__version__}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["confg"], "unknown command 'confg'; did you mean 'config'?"),
        (["zzz"], "known: track, demo"),
        (["--nonsense"], "unrecognized arguments: --nonsense (see siamsa --help)"),
        (["model"], "model: the following arguments are required: experiment (see siamsa model --help)"),
        (["config", "--se", "a=1"], "unrecognized arguments: --se"),
        (["config", "siamsa_r18", "--set", "tracking.lrr=1"], "did you mean tracking.lr?"),
        (["config", "siamsa_r81"], "did you mean 'siamsa_r18'?"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(words: list[str], message: str) -> None:
    done = run(*words, code=2)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("siamsa: error: ") and message in done.stderr


def test_debug_goes_before_and_after() -> None:
    for words in (["--debug", "config", "nix"], ["config", "nix", "--debug"]):
        done = run(*words, code=2)
        assert "Traceback" in done.stderr and "siamsa: error: unknown experiment 'nix'" in done.stderr


def fails_in_library() -> int:
    int("x")
    return 0


def refused_by_the_package() -> int:
    Box(0, 0, -1, 5).validate(10, 10)
    return 0


@pytest.mark.parametrize(
    ("action", "code", "message"),
    [
        (lambda: 0, 0, ""),
        (lambda: 3, 3, ""),
        (raising(InputError("the file\nis empty")), 2, "siamsa: error: the file is empty\n"),
        (refused_by_the_package, 2, "siamsa: error: box w: must be greater than 0, got -1\n"),
        (fails_in_library, 1, "siamsa: error: ValueError: invalid literal"),
        (raising(RuntimeError("broken")), 1, "siamsa: error: RuntimeError: broken (--debug shows where)\n"),
        (raising(KeyboardInterrupt()), 130, "siamsa: interrupted\n"),
        (raising(KeyboardInterrupt(signal.SIGTERM)), 143, "siamsa: interrupted\n"),
    ],
)
def test_errors_become_a_line_and_a_code(
    command: Callable[[Callable[[], int]], None],
    capsys: pytest.CaptureFixture[str],
    action: Callable[[], int],
    code: int,
    message: str,
) -> None:
    command(action)
    assert cli.main(["probe"]) == code
    stderr = capsys.readouterr().err
    assert stderr.startswith(message) and len(stderr.splitlines()) == bool(message)


def test_a_failure_shows_its_traceback_with_debug(
    command: Callable[[Callable[[], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    command(raising(RuntimeError("broken")))
    assert cli.main(["probe", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--box", "-3,5,20,20"], ["--box=-3,5,20,20"]])
def test_a_box_may_start_with_a_minus(
    command: Callable[[Callable[[], int]], None], capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    command(lambda: 1)
    assert cli.main(["probe", *words]) == 0
    assert capsys.readouterr().out == "-3,5,20,20\n"


def test_a_closed_pipe_is_quiet() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "config", "siamsa_r18"], cwd=ROOT, stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert done.returncode == 141 and done.stderr == b""


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_commands_run_as_modules(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"tracker.cli.{name}", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.startswith(f"usage: siamsa {name}"), done.stderr
