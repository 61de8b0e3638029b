"""What a wheel holds: `pip install .` must be enough to track, without the repository beside it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tracker

ROOT = Path(__file__).resolve().parents[1]
TAKEN = ("tracker", "experiments", "pretrained", "benchmarks", "setup.py", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not installed: pip install -e '.[dev]'")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in TAKEN:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(out)]
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(out.glob("siamsa-*.whl")))


@pytest.mark.slow
def test_wheel_holds_the_package_and_its_data(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    modules = {str(p.relative_to(ROOT)) for p in (ROOT / "tracker").rglob("*.py")}
    data = {f"tracker/{p.relative_to(ROOT)}" for p in (ROOT / "experiments").rglob("*.yaml")}
    data |= {f"tracker/{p.relative_to(ROOT)}" for p in (ROOT / "pretrained").glob("*.*")}
    pages = [p for p in (ROOT / "tracker").rglob("*.*") if p.suffix in (".html", ".css", ".js", ".svg")]
    assert len(pages) > 9
    data |= {str(p.relative_to(ROOT)) for p in pages}
    assert modules | data <= names
    assert not [name for name in names - modules if name.endswith(".py")], "scripts of the data folders stay out"


@pytest.mark.slow
def test_wheel_runs_by_itself(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    entry = next(tmp_path.glob("*.dist-info/entry_points.txt")).read_text()
    assert re.search(r"^siamsa = tracker\.cli\.main:entry$", entry, re.MULTILINE)
    for words, expected in ((["--version"], f"siamsa {tracker.__version__}"), (["config"], "siamsa_r18")):
        command = [sys.executable, "-m", "tracker", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and expected in done.stdout, done.stderr


def test_version_is_read_without_importing() -> None:
    found = re.findall(r'^__version__ = "(\d+\.\d+\.\d+)"', (ROOT / "tracker/__init__.py").read_text(), re.MULTILINE)
    assert found == [tracker.__version__]
