"""The house keeps its shape: who may import whom, what costs nothing to import, how long things get."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tracker"
GROUND = {"atomic", "box", "errors", "images", "settings", "config", "registry", "device"}
TRACK = GROUND | {"models", "checkpoint", "tracking"}
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "models": GROUND | {"models"},
    "checkpoint": GROUND | {"models", "checkpoint"},
    "tracking": TRACK,
    "drawing": TRACK | {"drawing"},
    "processes": {"errors", "processes"},
    "pages": {"pages"},
    "formats": {"box", "errors", "images", "registry", "formats"},
    "data": TRACK | {"drawing", "formats", "data"},
    "training": TRACK | {"drawing", "data", "training"},
    "evaluation": TRACK | {"drawing", "formats", "processes", "pages", "evaluation"},
    "tuning": TRACK | {"drawing", "processes", "evaluation", "tuning"},
    "live": TRACK | {"drawing", "formats", "processes", "pages", "live"},
    "cli": TRACK | {"drawing", "formats", "processes", "data", "training", "evaluation", "tuning", "live", "cli"},
    "__main__": {"cli"},
    "__init__": GROUND | {"checkpoint", "tracking", "live"},
}
EVALUATION = ("measures", "readers", "running", "scoring", "report", "adapters")  # from left to right
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted(p for room in ("tools", "benchmarks", "docs", "examples") for p in (ROOT / room).rglob("*.py"))


def room_of(path: Path) -> str:
    """The room of a file below tracker/: its folder, or its own name where it lies at the top."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported_rooms(tree: ast.AST) -> Iterator[str]:
    """Rooms of the package that a file imports, at the top or within functions, in any form of import."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the room they come from"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            first, _, rest = name.partition(".")
            room = rest.partition(".")[0]
            if first == "tracker" and room and room in MAY_IMPORT:
                yield room


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room} is a new room: say in MAY_IMPORT, and in the design, what it may import"
    wrong = set(imported_rooms(parse(path))) - MAY_IMPORT[room]
    assert not wrong, f"{room} must not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("room", EVALUATION)
def test_evaluation_flows_one_way(room: str) -> None:
    later = EVALUATION[EVALUATION.index(room) + 1 :]
    for path in sorted((PACKAGE / "evaluation" / room).rglob("*.py")):
        text = path.read_text("utf-8")
        assert not [name for name in later if f"tracker.evaluation.{name}" in text], path


def test_tools_only_call_commands() -> None:
    for path in sorted((ROOT / "tools").rglob("*.py")):
        assert set(imported_rooms(parse(path))) == {"cli"}, path


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_device_is_wired_in(path: Path) -> None:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cuda":
            pytest.fail(f"{path.name}:{node.lineno}: .cuda() wires a device in; pass it and use .to(device)")


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300, "a file holds one idea, in about 250 lines at most"
    for node in ast.walk(parse(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines; about 50 is the limit"


@pytest.mark.parametrize("module", ["tracker", "tracker.cli.main", "tracker.config", "tracker.box"])
def test_import_does_not_load_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit(', '.join(sorted({{'torch', 'cv2'}} & set(sys.modules))) or 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_import_reader_sees_every_form() -> None:
    text = "import tracker.models.x\nfrom tracker import live\ndef f():\n    from tracker.data.pairs import Pairs\n"
    assert set(imported_rooms(ast.parse(text))) == {"models", "live", "data"}
