"""The command `siamsa`: finds the subcommand, and turns every error into one line and an exit code."""

from __future__ import annotations

import argparse
import difflib
import gc
import importlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NoReturn

from tracker import __version__
from tracker.errors import InputError

# Subcommands in the order of `siamsa --help`. Each is the file of that name in this folder, imported only when it is
# called (so that help and bad usage do not wait for torch), and has `add_arguments(parser)` and `run(args) -> int`.
COMMANDS = {
    "track": "follow objects through a video, camera, stream or folder of images",
    "demo": "render a sample clip, track it and show how well that went",
    "serve": "track in the browser: videos of a folder, uploads, streams, the browser's camera",
    "batch": "track many videos from a table or a folder of them, and show how that went",
    "convert": "write a box file in another form: CSV, JSONL, MOT, OTB, VOT, COCO video, CVAT, YOLO",
    "train": "train a network",
    "evaluate": "run a tracker over a benchmark, and score results",
    "tune": "search for the best constants of tracking on clips",
    "data": "check, index or pre-cut data sets, check benchmarks, render clips to train on",
    "checkpoint": "show, verify or import a checkpoint",
    "config": "print the settings of an experiment with their meaning",
    "model": "print the parts of a network with sizes, multiply-adds and times",
}

FAILED, BAD_INPUT, BROKEN_PIPE = 1, 2, 141


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are InputErrors, and which takes no abbreviated options."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        command = self.prog.partition(" ")[2]
        raise InputError(f"{command + ': ' if command else ''}{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `siamsa argv...`; returns 0 for success, 1 for a failure, 2 for bad usage or input, 130 for Ctrl-C, 143 for
    SIGTERM."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    try:
        code = _dispatch([w for w in words if w != "--debug"])
        sys.stdout.flush()  # so that a closed pipe shows here, not at exit
        return code
    except SystemExit as stop:  # --help and --version
        return stop.code if isinstance(stop.code, int) else FAILED if stop.code else 0
    except KeyboardInterrupt as stop:
        _say("interrupted")
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if debug:
            traceback.print_exc()
        if _is_bad_input(error):
            _say(f"error: {error}")
            return BAD_INPUT
        _say(f"error: {type(error).__name__}: {error}{'' if debug else ' (--debug shows where)'}")
        return FAILED


def entry(*prefix: str) -> NoReturn:
    """Console entry point; with `prefix`, as if those words came first on the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 still gets its table
    code = main([*prefix, *sys.argv[1:]])
    gc.freeze()  # the last collection over all of torch's objects would take a second or two, for nothing
    sys.exit(code)


def script(main: Callable[[], int], name: str) -> NoReturn:
    """Run a script's `main` and exit with its code; bad input is one line that starts with `name`, and exit code 2."""
    try:
        sys.exit(main())
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)


def _dispatch(words: list[str]) -> int:
    at = next((i for i, word in enumerate(words) if not word.startswith("-")), len(words))
    top = _top_parser()
    top.parse_args(words[:at])
    if at == len(words):
        top.print_help()
        return 0
    name = words[at]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"unknown command {name!r}{hint} (known: {', '.join(COMMANDS)})")
    return int(_command(name).run(parse(name, words[at + 1 :])))


def parse(name: str, words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command as it reads them. Raises InputError, or SystemExit after --help."""
    command = _command(name)
    parser = Parser(prog=f"siamsa {name}", description=command.HELP)
    _add_debug(parser)
    command.add_arguments(parser)
    return parser.parse_args(_join_negative(words))


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"tracker.cli.{name}")


def _top_parser() -> Parser:
    width = max(map(len, COMMANDS))
    parser = Parser(
        prog="siamsa",
        usage="siamsa [--help] [--version] [--debug] COMMAND ...",
        description="Follow one object through a video with a Siamese network.",
        epilog="commands:\n"
        + "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
        + "\n\n`siamsa COMMAND --help` tells the rest.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"siamsa {__version__}", help="show the version")
    _add_debug(parser)
    return parser


def _add_debug(parser: argparse.ArgumentParser) -> None:
    # Taken out of the words by main() before any parser sees them; declared here so that help shows it.
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _join_negative(words: Sequence[str]) -> list[str]:
    """`--box -3,5,20,20` to `--box=-3,5,20,20`: argparse takes a list that starts with a minus for an option."""
    out: list[str] = []
    for word in words:
        if out and re.match(r"-\.?\d", word) and re.fullmatch(r"--[a-z][a-z-]*", out[-1]):
            out[-1] += "=" + word
        else:
            out.append(word)
    return out


def _is_bad_input(error: Exception) -> bool:
    """InputError, or a ValueError that this package raised itself; one from a library is a failure of ours."""
    if not isinstance(error, ValueError):
        return False
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    raised_in = last.tb_frame.f_globals.get("__name__", "") if last else ""
    return isinstance(error, InputError) or raised_in.partition(".")[0] == "tracker"


def _say(text: str) -> None:
    print("siamsa: " + " ".join(text.split()), file=sys.stderr)


if __name__ == "__main__":
    entry()
