"""The index gives the same tracks as reading, costs little to hand on, and is never used when it is out of date."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.data.layouts import LAYOUTS, image, place, rows
from tracker.cli.main import main
from tracker.data import index
from tracker.data.datasets import Loaded, Track, Tracks, read
from tracker.data.pairs import PairSampler
from tracker.data.tracks import encode_paths
from tracker.settings import DataConfig, SourceConfig, TrackingConfig


def same(a: Loaded, b: Loaded) -> bool:
    assert a.left_out == b.left_out and len(a.tracks) == len(b.tracks)
    for p, q in zip(a.tracks, b.tracks, strict=True):
        assert (p.name, p.category, list(p.paths)) == (q.name, q.category, list(q.paths))
        for key in ("boxes", "numbers", "others"):
            assert np.array_equal(getattr(p, key), getattr(q, key))
    return True


def files(root: Path, layout: str = "got10k") -> Path:
    return root / ".siamsa" / f"{layout}.index"


def valid(root: Path, layout: str = "got10k") -> bool:
    return index.current(layout, root) is not None


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_same_tracks_as_read(layout: str, tmp_path: Path) -> None:
    root = LAYOUTS[layout](tmp_path / "set")
    plain = read(layout, root)
    built, path = index.build(layout, root)
    assert path == files(root, layout) and same(plain, built) and same(plain, index.open_folder(layout, root))
    moved = tmp_path / "moved"
    if layout != "video":  # whose frames were unpacked for the video where it was
        shutil.copytree(root, moved)
        assert valid(moved, layout), "a copy has other times, but the same content"
        assert str(moved) in index.open_folder(layout, moved).tracks[0].paths[0]


@pytest.mark.parametrize(
    "change", ["row", "frame", "clip", "list", "flag", "gone", "cut", "byte", "header", "empty", "rules"]
)
def test_what_makes_it_invalid(
    change: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = LAYOUTS["got10k"](tmp_path)
    index.build("got10k", root)
    clip, path = root / "GOT-10k_Train_000002", files(root)
    if change == "row":
        (clip / "groundtruth.txt").write_text(rows([(21, 31, 24, 24), *(place(i) for i in range(1, 5))]))
    elif change in ("frame", "clip"):
        shutil.rmtree(clip) if change == "clip" else (clip / "00000005.jpg").unlink()
        (root / "list.txt").write_text("GOT-10k_Train_000001\n")
    elif change == "list":
        (root / "list.txt").write_text("GOT-10k_Train_000002\n")
    elif change == "flag":
        (clip / "absence.label").write_text("1\n0\n0\n0\n0\n")
    elif change == "gone":
        (clip / "cover.label").unlink()
    elif change == "rules":
        monkeypatch.setattr(index, "MIN_SIDE", 5.0)
    else:
        data = bytearray(path.read_bytes())
        data[-100 if change == "byte" else 30] ^= 255
        path.write_bytes({"cut": data[:-64], "empty": b""}.get(change, bytes(data)))
    assert not valid(root)
    with caplog.at_level(logging.WARNING):
        loaded = index.open_folder("got10k", root)
    assert "made anew" in caplog.text and same(loaded, read("got10k", root)) and valid(root)


def test_touching_is_no_change(tmp_path: Path) -> None:
    root = LAYOUTS["got10k"](tmp_path)
    index.build("got10k", root)
    for path in root.rglob("*"):
        os.utime(path)
    assert valid(root)


def test_unpacked_frames_that_were_removed(tmp_path: Path) -> None:
    root = LAYOUTS["video"](tmp_path)
    index.build("video", root)
    shutil.rmtree(root / ".siamsa" / "frames")
    assert not valid(root, "video")
    assert Path(index.open_folder("video", root).tracks[0].paths[0]).is_file()


def test_a_read_only_folder_has_its_index_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = LAYOUTS["folder"](tmp_path / "set")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root.chmod(0o555)
    try:
        _, path = index.build("folder", root)
        assert tmp_path / "cache" in path.parents and not (root / ".siamsa").exists() and valid(root, "folder")
        root.chmod(0o755)
        (root / ".siamsa").mkdir()
        (root / ".siamsa/folder.index").write_bytes(b"old")
        root.chmod(0o555)
        assert index.current("folder", root)[1] == path, "a bad one in the folder does not hide it"
    finally:
        root.chmod(0o755)


def test_other_processes_map_it_instead_of_a_copy(tmp_path: Path) -> None:
    root = LAYOUTS["coco"](tmp_path)
    loaded, _ = index.build("coco", root)
    text = pickle.dumps(loaded.tracks)
    assert len(text) < 1000 and same(Loaded(pickle.loads(text), loaded.left), loaded)
    some = pickle.loads(pickle.dumps(loaded.tracks.take([4, 1]).take([1])))
    assert some.names == ["000000000000.jpg#1"] and some[0].others.tolist() == [list(place(0))]


def test_pairs_are_the_same_with_and_without(tmp_path: Path) -> None:
    LAYOUTS["coco"](tmp_path / "a")
    LAYOUTS["got10k"](tmp_path / "b")
    sources = (SourceConfig(path="a", layout="coco"), SourceConfig(path="b", exclude=("GOT-10k_Train_000001",)))
    config = DataConfig(root=str(tmp_path), sources=sources)
    plain = [PairSampler(config, TrackingConfig(), 5).sample(i) for i in range(6)]
    index.build("coco", tmp_path / "a")
    index.build("got10k", tmp_path / "b")
    mapped = pickle.loads(pickle.dumps(PairSampler(config, TrackingConfig(), 5)))
    for i, pair in enumerate(plain):
        assert all(np.array_equal(pair[k], v) for k, v in mapped.sample(i).items())


def test_only_the_clips_of_a_list(tmp_path: Path) -> None:
    LAYOUTS["trackingnet"](tmp_path / "t")
    (tmp_path / "t" / "mine.txt").write_text("bbb_1\nccc_0\n")
    source = SourceConfig(path="t", layout="trackingnet", only="mine.txt", exclude=("ccc_0",))
    sampler = PairSampler(DataConfig(root=str(tmp_path), sources=(source,)), TrackingConfig(), 0)
    assert sampler.sources[0].tracks.names == ["bbb_1"]


@pytest.mark.parametrize(
    ("names", "numbers", "parts"),
    [
        (["c/0008.jpg", "c/0009.jpg", "c/0010.jpg"], [8, 9, 10], 3),
        (["c/8.jpg", "c/9.jpg", "c/10.jpg"], [8, 9, 10], 3),
        (["c/7/7_238000_7.jpg", "c/7/7_240000_7.jpg"], [238, 240], 3),
        (["a/000000.JPEG", "a/000001.JPEG"], [0, 1], 3),
        (["1.jpg", "2.jpg"], [1, 2], 3),
        (["c/x.jpg"], [4], 1),
        (["c/8.jpg", "c/9.png"], [8, 9], 3),
        (["/far/é1.jpg", "/far/é2.jpg"], [1, 2], 3),
    ],
)
def test_names_are_found_again(names: list[str], numbers: list[int], parts: int) -> None:
    assert encode_paths(names, np.array(numbers)).count("\0") == parts - 1
    boxes = np.ones((len(names), 4), np.float32)
    whole = ["/set/" + n if not n.startswith("/") else n for n in names]
    (track,) = Tracks.of([Track("t", whole, boxes, np.array(numbers))], "/set")
    assert list(track.paths) == whole and track.paths[-1] == whole[-1] and track.paths[:1] == tuple(whole[:1])


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roots = [str(LAYOUTS["folder"](tmp_path / name)) for name in ("a", "b")]
    words = ["data", "index", "--layout", "folder", "--root", *roots]
    assert main(words) == 0 and capsys.readouterr().out.count("written") == 2
    image(tmp_path / "b/more/1.png", place(0))
    (tmp_path / "b/more/groundtruth.txt").write_text(rows([place(0)]))
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.count("is valid") == 1 and "b: 4 tracks, 13 boxes" in out
    assert main([*words, "--force"]) == 0 and capsys.readouterr().out.count("written") == 2
    (tmp_path / "b/more/groundtruth.txt").write_text("1,2\n")
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "more/groundtruth.txt, line 1" in out and "b: 3 tracks" in out and "left out: 1 damaged clip" in out
    for table in (tmp_path / "b").rglob("groundtruth.txt"):
        table.write_text("1,2\n")
    assert main(words) == 2
    assert "nothing in it is whole: 4 damaged, such as" in capsys.readouterr().err


def hidden_change(root: Path) -> None:
    """Change a file in a way that sizes and times do not show: whoever looks at its content sees it."""
    path = root / "GOT-10k_Train_000001/groundtruth.txt"
    stat = path.stat()
    path.write_text(path.read_text().replace("20,30", "21,30"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_touched_data_are_read_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = LAYOUTS["got10k"](tmp_path)
    index.build("got10k", root)
    payload = index.open_folder("got10k", root).tracks.source
    for path in root.rglob("*"):
        os.utime(path)
    index.open_folder("got10k", root)
    hidden_change(root)
    again = index.open_folder("got10k", root).tracks
    assert again[0].boxes[0].tolist() == list(place(0)), "content was not read again: the index has the new times"
    assert again.source == payload and not caplog.messages


def test_touched_data_in_a_read_only_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = LAYOUTS["got10k"](tmp_path / "set")
    index.build("got10k", root)
    os.utime(root / "list.txt")
    root.chmod(0o555)
    try:
        monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
        for _ in range(2):
            assert index.open_folder("got10k", root).tracks.source is not None
        (line,) = caplog.messages
        assert "neither can be written" in line and "compared with the index at every start" in line
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        index.open_folder("got10k", root)
        hidden_change(root)
        assert tmp_path / "cache" in index.current("got10k", root)[1].parents, "a copy with the new times"
    finally:
        root.chmod(0o755)
