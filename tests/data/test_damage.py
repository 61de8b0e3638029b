"""One damaged clip costs training that clip and one line; a check names it; what is excluded is not even read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from tests.data import layouts
from tests.data.layouts import LAYOUTS, image, place, rows
from tracker.cli.main import main
from tracker.data import index
from tracker.data.datasets import read
from tracker.data.pairs import PairSampler
from tracker.data.sources import Source, clip_of, open_source, open_sources
from tracker.errors import InputError
from tracker.settings import DataConfig, SourceConfig, TrackingConfig


def put(path: Path, text: str) -> str:
    """Write over a file; its former text."""
    before = path.read_text()
    path.write_text(text)
    return before


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def second_video(root: Path) -> None:
    for part in ("Annotations", "Data"):
        place = root / "ILSVRC2015" / part / "VID/train/ILSVRC2015_VID_train_0000"
        shutil.copytree(place / "ILSVRC2015_train_00000001", place / "other")


def damage_vid(root: Path) -> None:
    xml = root / "ILSVRC2015/Annotations/VID/train/ILSVRC2015_VID_train_0000/other"
    for file in xml.iterdir():
        put(file, "<cut")


# Layout: the clip that is damaged, and how.
DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "coco": ("000000000001.jpg", lambda root: swap(next(root.glob("*/*.json")), "[26, 33, 24, 24]", '"no box"')),
    "folder": ("garden/two", lambda root: shutil.rmtree(root / "garden/two/img")),
    "got10k": ("GOT-10k_Train_000002", lambda root: put(root / "GOT-10k_Train_000002/groundtruth.txt", "1,2\n")),
    "imagenet_det": ("n01440764/n01440764_1", lambda root: next(root.rglob("n01440764_1.JPEG")).unlink()),
    "imagenet_vid": ("ILSVRC2015_VID_train_0000/other", damage_vid),
    "lasot": ("dog-2", lambda root: shutil.rmtree(root / "dog/dog-2/img")),
    "pysot": ("b/ILSVRC2015_train_2", lambda root: put(root / "train.json", broken_json(root))),
    "trackingnet": ("bbb_1", lambda root: shutil.rmtree(root / "TRAIN_10/frames/bbb_1")),
    "video": ("other", lambda root: shutil.copy(root / "clip.avi", root / "other.avi")),
    "youtubebb": ("zzz", lambda root: swap(next(root.glob("*.csv")), "zzz,240000,3", "zzz,soon,3")),
}


def broken_json(root: Path) -> str:
    table = json.loads((root / "train.json").read_text())
    table["b/ILSVRC2015_train_2"]["00"]["000001"] = [1.0]
    return json.dumps(table)


@pytest.fixture(params=sorted(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make(layout: str, root: Path) -> Path:
    LAYOUTS[layout](root)
    if layout == "imagenet_vid":
        second_video(root)
    return root


def opened(layout: str, root: Path, **how: tuple[str, ...]) -> Source:
    return open_source(SourceConfig(root.name, layout, **how), root, root.name)  # type: ignore[arg-type]


def frames(source: Source) -> set[tuple[str, int]]:
    return {(t.name, int(n)) for t in source.tracks for n in t.numbers}


def test_every_layout_is_damaged_here() -> None:
    assert set(DAMAGE) == set(LAYOUTS)


def test_a_damaged_clip_is_left_out_and_named(
    layout: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make(layout, tmp_path / "set")
    whole = frames(opened(layout, root))
    clip, harm = DAMAGE[layout]
    harm(root)
    with pytest.raises(InputError):
        read(layout, root)
    source = opened(layout, root)
    left = {(name, n) for name, n in whole if clip_of(name) != clip}
    assert left <= frames(source) < whole or layout == "video"
    assert list(source.left.damaged) == [clip]
    (line,) = caplog.messages
    assert line.startswith(f"{root}: left out 1 damaged, such as {root}") and "\n" not in line
    config = DataConfig(root=str(tmp_path), sources=(SourceConfig("set", layout),))
    assert PairSampler(config, TrackingConfig(), 1).sample(0)["search"].shape == (3, 255, 255)
    assert len(caplog.messages) == 1, "said once, however often it is opened"
    assert main(["data", "check", "--layout", layout, "--root", str(root)]) == 2
    assert source.left.damaged[clip] in capsys.readouterr().out


def test_an_excluded_clip_is_not_read(layout: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = make(layout, tmp_path / "set")
    clip, harm = DAMAGE[layout]
    harm(root)
    for _ in ("read", "indexed"):
        source = opened(layout, root, exclude=(clip,))
        assert source.excluded == {clip} and not source.left.damaged and clip not in map(clip_of, source.tracks.names)
        index.build(layout, root)
    assert not caplog.messages
    sources = (SourceConfig("set", layout, exclude=(clip, "gone")),)
    with pytest.raises(InputError, match=r"exclude names \['gone'\]"):
        open_sources(DataConfig(root=str(tmp_path), sources=sources))


def test_clips_that_are_not_listed_are_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = layouts.trackingnet(tmp_path)
    put(root / "TRAIN_10/anno/bbb_1.txt", "no box\n")
    (root / "mine.txt").write_text("aaa_0\nccc_0\n")
    source = open_source(SourceConfig(root.name, "trackingnet", only="mine.txt"), root, "set")
    assert source.tracks.names == ["aaa_0", "ccc_0"] and not caplog.messages


def test_an_index_leaves_damage_out_and_sees_the_repair(layout: str, tmp_path: Path) -> None:
    root = make(layout, tmp_path / "set")
    whole = frames(opened(layout, root))
    shutil.copytree(root, tmp_path / "good", ignore=lambda *_: {".siamsa"})
    clip, harm = DAMAGE[layout]
    harm(root)
    plain = opened(layout, root)
    index.build(layout, root)
    indexed = opened(layout, root)
    assert frames(plain) == frames(indexed) and plain.left == indexed.left and indexed.tracks.source is not None
    assert clip in indexed.left.damaged
    if layout == "video":
        layouts.write(root / "other.csv", (root / "clip.csv").read_text())
    shutil.copytree(tmp_path / "good", root, dirs_exist_ok=True)
    assert len(frames(opened(layout, root))) == len(whole) * (2 if layout == "video" else 1)


def test_frames_that_come_later(tmp_path: Path) -> None:
    root = layouts.folder(tmp_path)
    shutil.move(root / "garden/two/img", tmp_path / ".kept")
    (root / "garden/two/img").mkdir()
    index.build("folder", root)
    assert len(opened("folder", root).tracks) == 2
    shutil.copytree(tmp_path / ".kept", root / "garden/two/img", dirs_exist_ok=True)
    assert len(opened("folder", root).tracks) == 3


@pytest.mark.parametrize("layout", ["got10k", "lasot", "trackingnet", "folder"])
def test_a_first_image_that_is_no_image(layout: str, tmp_path: Path) -> None:
    root = LAYOUTS[layout](tmp_path)
    count = len(opened(layout, root).tracks)
    clip = next(p.parent for p in sorted(root.rglob("*.*g")) if "TEST" not in p.parts)
    path = min(clip.glob("*.*g"), key=lambda p: (len(p.name), p.name))
    good = path.read_bytes()
    path.write_bytes(b"nothing")
    index.build(layout, root)
    assert len(opened(layout, root).tracks) == count - 1
    path.write_bytes(good)
    assert len(opened(layout, root).tracks) == count, "the index depends on that image"


def test_nothing_but_damage_is_an_error(layout: str, tmp_path: Path) -> None:
    root = make(layout, tmp_path / "set")
    for path in sorted(root.rglob("*")):
        if path.suffix in (".txt", ".xml", ".json", ".csv") and path.name not in ("list.txt", "nothing.xml"):
            path.write_text("x\n")
    with pytest.raises(InputError, match=str(root)) as error:
        opened(layout, root)
    assert "\n" not in str(error.value)


def test_an_error_where_all_that_is_wanted_is_damaged(tmp_path: Path) -> None:
    root = layouts.got10k(tmp_path)
    DAMAGE["got10k"][1](root)
    for _ in ("read", "indexed"):
        with pytest.raises(InputError, match=r"1 damaged, such as .*000002/groundtruth\.txt, line 1"):
            opened("got10k", root, exclude=("GOT-10k_Train_000001",))
        index.build("got10k", root)


def test_an_unlabelled_video_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = layouts.video(tmp_path)
    shutil.copy(root / "clip.avi", root / "holiday.avi")
    source = opened("video", root)
    assert source.tracks.names == ["clip"] and source.counts().damaged == 1
    assert "holiday.csv: missing, the boxes of holiday.avi" in source.left.damaged["holiday"]
    assert main(["data", "check", "--layout", "video", "--root", str(root)]) == 2
    assert "holiday.csv: missing" in capsys.readouterr().out


def test_frames_of_a_video_that_are_damaged_cost_only_themselves(tmp_path: Path) -> None:
    root = layouts.imagenet_vid(tmp_path)
    frame = next(root.rglob("000003.JPEG"))
    frame.unlink()
    source = opened("imagenet_vid", root)
    assert [t.numbers.tolist() for t in source.tracks] == [[0, 1, 2, 4], [0, 1]]
    assert [text.startswith(str(frame)) for text in source.left.damaged.values()] == [True]


def test_a_coco_folder_without_its_images_is_refused(tmp_path: Path) -> None:
    root = layouts.coco(tmp_path)
    paths = sorted(root.rglob("*.jpg"))
    good = paths[0].read_bytes()
    paths[0].unlink()
    index.build("coco", root)
    assert len(opened("coco", root).tracks) == 4, "one is missing, the next one is there"
    paths[0].write_bytes(good)
    assert len(opened("coco", root).tracks) == 6
    shutil.rmtree(root / ".siamsa")
    for path in paths:
        path.unlink()
    with pytest.raises(InputError, match=r"nothing in it is whole: 3 damaged, such as .*000000000000\.jpg: missing"):
        opened("coco", root)


def link(path: Path, target: Path) -> None:
    path.symlink_to(target, target_is_directory=True)


@pytest.mark.parametrize("kind", ["VID", "DET"])
def test_links_of_pysot_do_not_double_imagenet(kind: str, tmp_path: Path) -> None:
    layout = f"imagenet_{kind.lower()}"
    root = LAYOUTS[layout](tmp_path / "set")
    plain = read(layout, root)
    base = root / "ILSVRC2015" if kind == "VID" else root
    for part in ("Annotations", "Data"):
        train = base / part / kind / "train"
        (inner,) = [p for p in train.iterdir() if p.name.startswith("ILSVRC201")]
        link(train / "A", inner)  # comes first by name
        link(train / "z", inner)
        link(inner / "loop", train)
    again = read(layout, root)
    assert again.tracks.names == plain.tracks.names and again.left_out == plain.left_out
    top = base / "Annotations" / kind / "train"
    assert read(layout, top).tracks.names == plain.tracks.names
    assert main(["data", "check", "--layout", layout, "--root", str(root)]) == 0


def test_links_to_other_disks_are_followed_once(tmp_path: Path) -> None:
    far = layouts.imagenet_vid(tmp_path / "far")
    for part in ("Annotations", "Data"):
        train = tmp_path / "set" / part / "VID/train"
        train.mkdir(parents=True)
        for name in ("a", "b"):
            link(train / name, far / "ILSVRC2015" / part / "VID/train/ILSVRC2015_VID_train_0000")
    names = read("imagenet_vid", tmp_path / "set").tracks.names
    assert names == ["a/ILSVRC2015_train_00000001#0", "a/ILSVRC2015_train_00000001#1"]


def test_links_among_own_clips(tmp_path: Path) -> None:
    root = layouts.folder(tmp_path / "set")
    link(root / "again", root / "garden")
    link(root / "garden/up", root)
    shutil.copytree(root / "three", tmp_path / "far")
    link(root / "zebra", tmp_path / "far")
    (root / ".store").mkdir()
    shutil.move(root / "three", root / ".store/three")
    link(root / "three", root / ".store/three")
    assert sorted(read("folder", root).tracks.names) == ["garden/one", "garden/two", "three", "zebra"]


def test_lasot_without_a_list_leaves_its_test_clips_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = layouts.lasot(tmp_path / "set")
    for name in ("cat-1", "dog-19"):
        shutil.copytree(root / "dog/dog-2", root / name.split("-")[0] / name)
    for _ in ("read", "indexed"):
        source = opened("lasot", root, exclude=("cat-1",))
        assert source.tracks.names == ["cat-2", "cat-10", "dog-2"] and source.excluded == {"cat-1"}
        note = "no training_set.txt, so 2 clips of LaSOT's test set are left out"
        assert note in str(source.counts()) and caplog.messages == [f"{root}: {note}"]
        index.build("lasot", root)
    (root / "training_set.txt").write_text("cat-1\ncat-2\n")
    assert opened("lasot", root).tracks.names == ["cat-1", "cat-2"], "who writes a list decides"
    (root / "training_set.txt").unlink()
    for name in ("cat-2", "cat-10", "dog-2"):
        shutil.rmtree(root / name.split("-")[0] / name)
    with pytest.raises(InputError, match="its 2 clips are of LaSOT's test set"):
        opened("lasot", root)


def test_youtubebb_rows_in_any_order(tmp_path: Path) -> None:
    root = layouts.youtubebb(tmp_path)
    plain = read("youtubebb", root)
    table = next(root.glob("*.csv"))
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[::3], *lines[1::3], *lines[2::3]]) + "\n")
    mixed = read("youtubebb", root)
    assert mixed.left_out == plain.left_out and len(mixed.tracks) == 3
    by_name = {track.name: track for track in plain.tracks}
    for track in mixed.tracks:
        other = by_name[track.name]
        assert list(track.paths) == list(other.paths) and track.boxes.tolist() == other.boxes.tolist()


def test_crops_name_the_clips_that_are_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = layouts.got10k(tmp_path / "set")
    DAMAGE["got10k"][1](root)
    words = ["data", "crops", "--layout", "got10k", "--root", str(root), "--output", str(tmp_path / "out")]
    assert main(words) == 1
    out = capsys.readouterr().out
    assert "000002/groundtruth.txt, line 1" in out and "crops of 1 tracks" in out
    assert cv2.imread(str(next((tmp_path / "out").rglob("*.jpg")))) is not None


def test_a_clip_that_was_added_damaged_to_an_index(tmp_path: Path) -> None:
    root = layouts.folder(tmp_path)
    index.build("folder", root)
    image(root / "new/1.png", place(0))
    layouts.write(root / "new/groundtruth.txt", "1,2\n")
    assert len(opened("folder", root).tracks) == 3
    layouts.write(root / "new/groundtruth.txt", rows([place(0)]))
    assert len(opened("folder", root).tracks) == 4
