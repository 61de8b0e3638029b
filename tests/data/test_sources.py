"""What sources say about themselves, and the index that one process makes for all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.data import layouts
from tests.data.layouts import LAYOUTS, SECOND, place
from tracker.data import index
from tracker.data.choice import Choice
from tracker.data.sources import open_source, open_sources, prepare
from tracker.errors import InputError
from tracker.settings import DataConfig, SourceConfig


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("coco", "3 clips, 3 frames, 6 boxes"),
        ("got10k", "2 clips, 8 frames, 8 boxes; left out: 2 absent"),
        ("imagenet_vid", "1 clips, 5 frames, 8 boxes; left out: 1 occluded"),
        ("lasot", "3 clips, 9 frames, 9 boxes; left out: 3 occluded, 3 out of view"),
        ("youtubebb", "2 clips, 6 frames, 10 boxes; left out: 1 absent, 1 image not downloaded"),
    ],
)
def test_counts_are_the_same_with_an_index(layout: str, text: str, tmp_path: Path) -> None:
    root = LAYOUTS[layout](tmp_path)
    config = SourceConfig("set", layout)
    assert str(open_source(config, root, "set").counts()) == f"set ({layout}): {text}"
    index.build(layout, root)
    assert str(open_source(config, root, "set").counts()) == f"set ({layout}): {text}"


def test_counts_of_a_part(tmp_path: Path) -> None:
    root = layouts.got10k(tmp_path)
    (root / "GOT-10k_Train_000002/groundtruth.txt").write_text(layouts.rows([place(0), SECOND, *[(0, 0, 0, 0)] * 3]))
    for _ in ("read", "indexed"):
        both = open_source(SourceConfig("s"), root, "s").counts()
        assert (both.clips, both.frames, both.boxes) == (2, 6, 6) and both.left_out == {"absent": 2, "empty": 2}
        one = open_source(SourceConfig("s", exclude=("GOT-10k_Train_000002",)), root, "s").counts()
        assert (one.clips, one.boxes) == (1, 4) and one.left_out == {"absent": 1}, "of the clips that are wanted"
        index.build("got10k", root)


def test_one_object_of_a_video(tmp_path: Path) -> None:
    root = layouts.imagenet_vid(tmp_path)
    (name,) = {n.partition("#")[0] for n in open_source(SourceConfig("s", "imagenet_vid"), root, "s").tracks.names}
    for _ in ("read", "indexed"):
        found = open_source(SourceConfig("s", "imagenet_vid", exclude=(f"{name}#1",)), root, "s")
        assert found.tracks.names == [f"{name}#0"] and found.excluded == {f"{name}#1"}
        both = open_source(SourceConfig("s", "imagenet_vid"), root, "s")
        assert both.counts().frames == 5 and both.boxes == 8
        index.build("imagenet_vid", root)


def test_choices_by_clip_and_by_object() -> None:
    choice = Choice(frozenset({"a", "b#1"}), frozenset({"a", "b", "c#2"}))
    assert [choice.may_take(clip) for clip in "abcd"] == [False, True, True, False]
    assert [choice.takes(n) for n in ("a#0", "b#0", "b#1", "c#1", "c#2", "d")] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]


def test_one_process_makes_the_indexes_for_all(tmp_path: Path) -> None:
    layouts.got10k(tmp_path / "a")
    layouts.coco(tmp_path / "stills/one")
    layouts.coco(tmp_path / "off")
    layouts.lasot(tmp_path / "held")
    sources = (SourceConfig("a"), SourceConfig("stills/*", "coco"), SourceConfig("off", "coco", weight=0.0))
    config = DataConfig(root=str(tmp_path), sources=sources)
    prepare(config, SourceConfig("held", "lasot"), SourceConfig("gone"), SourceConfig(""))
    files = sorted(tmp_path.rglob("*.index"))
    assert [str(f.relative_to(tmp_path)) for f in files] == [
        "a/.siamsa/got10k.index",
        "held/.siamsa/lasot.index",
        "stills/one/.siamsa/coco.index",
    ]
    times = [f.stat().st_mtime_ns for f in files]
    prepare(config)
    assert [f.stat().st_mtime_ns for f in files] == times, "those that are valid are left alone"
    assert all(source.tracks.source is not None for source in open_sources(config))
    with pytest.raises(InputError, match="known: coco"):
        prepare(DataConfig(root=str(tmp_path), sources=(SourceConfig("a", "cocoa"),)))


def unwritable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make both places of derived files of a folder ones that cannot be written."""
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    root.chmod(0o555)


def test_where_no_index_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = layouts.got10k(tmp_path / "a")
    config = DataConfig(root=str(tmp_path), sources=(SourceConfig("a"),))
    index.build("got10k", root)
    table = root / "GOT-10k_Train_000001/groundtruth.txt"
    table.write_text(layouts.rows([SECOND] * 5))
    unwritable(root, monkeypatch)
    try:
        for _ in range(2):
            (source,) = open_sources(config)
            assert source.tracks[0].boxes[0].tolist() == list(SECOND), "read, not taken from the old index"
        prepare(config)
    finally:
        root.chmod(0o755)
    assert [m for m in caplog.messages if "the data are read at every start" in m] != []
    assert sum("each process reads the data" in m for m in caplog.messages) == 1
