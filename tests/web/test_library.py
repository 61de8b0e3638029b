"""The operator's folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tracker.live.web import library
from tracker.live.web.library import Library
from tracker.live.web.wire import Refused


def names(found: library.Listing) -> list[str]:
    return [about["name"] for about in found.videos]


def test_names_are_in_natural_order(video: Path, tmp_path: Path) -> None:
    wanted = ["Clip 2.mp4", "clip 10.mp4", "Other.mp4", "zoo.mp4"]
    for name in reversed(wanted):
        shutil.copy(video, tmp_path / name)
    assert names(Library(tmp_path).look()) == wanted


def test_what_cannot_be_read_is_named(video: Path, tmp_path: Path) -> None:
    shutil.copy(video, tmp_path / "good.mp4")
    (tmp_path / "zero.mp4").write_bytes(b"")
    (tmp_path / "bad\nline.mp4").write_bytes(b"no video" * 99)
    (tmp_path / "notes.txt").write_text("is not called as videos are")
    found = Library(tmp_path).look()
    assert names(found) == ["good.mp4"]
    assert found.unreadable == ["bad line.mp4", "zero.mp4"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names of other systems are text")
def test_a_name_that_is_no_text_cannot_be_chosen(video: Path, tmp_path: Path) -> None:
    shutil.copy(video, os.path.join(os.fsencode(tmp_path), b"a\xff.mp4"))
    found = Library(tmp_path).look()
    assert (found.videos, found.unreadable) == ([], ["a .mp4"])


def test_a_list_that_is_cut_says_by_how_much(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST", 2)
    for name in ("a1.mp4", "a2.mp4", "a10.mp4"):
        shutil.copy(video, tmp_path / name)
    folder = Library(tmp_path)
    assert names(folder.look()) == ["a1.mp4", "a2.mp4"]
    assert folder.look().omitted == 1
    assert folder.path("a2.mp4") == (tmp_path / "a2.mp4").resolve()
    with pytest.raises(Refused, match="no video of this name"):
        folder.path("a10.mp4")
