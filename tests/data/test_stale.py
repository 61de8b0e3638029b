"""What is added to a data set after its index was made: the index is not valid any more. And nothing to index."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.layouts import LAYOUTS, write
from tracker.cli.main import main
from tracker.data import index
from tracker.data.datasets import read
from tracker.errors import InputError

VID, SECOND = "VID/train/ILSVRC2015_VID_train_0000", "VID/train/ILSVRC2015_VID_train_0001"
CLIP = "GOT-10k_Train_000002"


def copy_part(root: Path, parts: str, old: str, new: str) -> None:
    for part in ("Annotations", "Data"):
        shutil.copytree(root / parts / part / old, root / parts / part / new)


def copy_file(root: Path, old: str, new: str) -> None:
    shutil.copy(root / old, root / new)


# Layout and what comes: what is taken away before the index is made (and then comes back), or what is added.
LATER: dict[str, str | Callable[[Path], object]] = {
    "lasot occlusion": "cat/cat-10/full_occlusion.txt",
    "lasot out of view": "cat/cat-10/out_of_view.txt",
    "lasot boxes": "cat/cat-10/groundtruth.txt",
    "lasot list": lambda root: write(root / "training_set.txt", "cat-2\n"),
    "got10k boxes": f"{CLIP}/groundtruth.txt",
    "got10k absence": f"{CLIP}/absence.label",
    "got10k category": lambda root: write(root / CLIP / "meta_info.ini", "[METAINFO]\nobject_class: cat\n"),
    "got10k list": lambda root: write(root / "list.txt", f"{CLIP}\n"),
    "trackingnet part": "TRAIN_10",
    "trackingnet boxes of a part": "TRAIN_10/anno",
    "imagenet_vid part": lambda root: copy_part(root, "ILSVRC2015", VID, SECOND),
    "imagenet_det part": lambda root: copy_part(root, "", "DET/train/n01440764", "DET/train/ILSVRC2013_train/n0999"),
    "pysot table": lambda root: copy_file(root, "train.json", "train2.json"),
    "coco table": lambda root: copy_file(root, "annotations/instances_train2017.json", "instances.json"),
    "coco of Roboflow": lambda root: write(root / "annotations/more.json", (root / "part/a.json").read_text()),
    "folder frames": "garden/two/img",
    "youtubebb table": lambda root: copy_file(root, "yt_bb_other.csv", "yt_bb_detection_train.csv"),
}


def prepare(what: str, root: Path) -> Path:
    layout = what.split()[0]
    LAYOUTS[layout](root)
    if what.startswith("got10k"):
        (root / "list.txt").unlink()
    if layout == "coco":
        (root / "train2017").rename(root / "images")
    if what == "coco of Roboflow":
        shutil.move(root / "annotations", root / "part")
        shutil.move(root / "part/instances_train2017.json", root / "part/a.json")
    if what == "youtubebb table":
        for path in list(root.iterdir()):
            path.rename(root / path.name.replace("detection_train", "other"))
        shutil.copytree(root / "yt_bb_other", root / "yt_bb_detection_train")
    return root


@pytest.mark.parametrize("what", sorted(LATER))
def test_what_comes_later_is_seen(what: str, tmp_path: Path) -> None:
    root, layout, change = prepare(what, tmp_path / "set"), what.split()[0], LATER[what]
    if isinstance(change, str):
        shutil.move(root / change, tmp_path / "kept")
    index.build(layout, root)
    assert index.current(layout, root) is not None
    if isinstance(change, str):
        shutil.move(tmp_path / "kept", root / change)
    else:
        change(root)
    assert index.current(layout, root) is None
    plain, again = read(layout, root), index.open_folder(layout, root)
    assert again.tracks.names == plain.tracks.names and again.left_out == plain.left_out
    assert index.current(layout, root) is not None


@pytest.mark.parametrize("layout", ["coco", "got10k", "trackingnet", "youtubebb"])
def test_a_list_beside_the_data_changes_nothing(layout: str, tmp_path: Path) -> None:
    """The setting `only` names a file in the folder of the data set."""
    root = tmp_path / "set"
    LAYOUTS[layout](root / "train" if layout == "got10k" else root)
    index.build(layout, root)
    write(root / "mine.txt", "one\n")
    assert index.current(layout, root) is not None


@pytest.mark.parametrize(
    ("layout", "name", "text"),
    [
        ("got10k", "list.txt", ""),
        ("youtubebb", "yt_bb_detection_train.csv", ""),
        ("youtubebb", "yt_bb_detection_train.csv", "youtube_id,timestamp_ms,class_id\n"),
        ("pysot", "train.json", "{}"),
        ("coco", "instances.json", '{"images": [], "annotations": []}'),
    ],
)
def test_nothing_usable_at_all(
    layout: str, name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = LAYOUTS[layout](tmp_path)
    (root / name).write_text(text)
    for part in ("check", "index"):
        assert main(["data", part, "--layout", layout, "--root", str(root)]) == 2
        out, err = capsys.readouterr()
        assert (out + err).count(f"{root}: no usable box in it (") == 1
    with pytest.raises(InputError, match="no usable box"):
        index.build(layout, root)
