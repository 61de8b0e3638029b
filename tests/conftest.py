from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import write_video


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 drawn frames in .mp4; not to be changed."""
    return write_video(tmp_path_factory.mktemp("video") / "drawn.mp4")
