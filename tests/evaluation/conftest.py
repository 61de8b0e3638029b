"""Fixtures of the tests of evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evaluation.helpers import otb


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three tiny OTB sequences."""
    for name, last in (("Couple", 8), ("Deer", 6), ("Man", 9)):
        otb(tmp_path / "data", name, range(1, last + 1))
    return tmp_path / "data"
