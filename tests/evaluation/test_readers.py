"""Readers on tiny benchmarks in the native layouts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.helpers import images, moving, otb, table
from tests.helpers import shared
from tracker.box import Box
from tracker.errors import InputError
from tracker.evaluation.benchmark import benchmark_names, load_benchmark
from tracker.evaluation.readers import READERS, open_reader
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key


def read(benchmark: str, root: Path) -> dict[str, Sequence]:
    reader = open_reader(load_benchmark(benchmark), root)
    return {name: reader.read(name) for name in reader.available()}


def numbers(sequence: Sequence) -> list[int]:
    return [int(path.stem) for path in sequence.frames]


@pytest.mark.parametrize("name", benchmark_names())
def test_benchmarks_are_whole(name: str) -> None:
    benchmark = load_benchmark(name)
    assert benchmark.layout in READERS and benchmark.source
    assert not benchmark.sequences or len(benchmark.sequences) == benchmark.total
    assert [k for k, n in Counter(map(key, benchmark.sequences)).items() if n > 1] == []
    assert set(benchmark.frames) <= set(benchmark.sequences)
    assert all(entry["source"] and entry["tracker"] for entry in benchmark.published)


def test_benchmark_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'otb100'"):
        load_benchmark("otb10")
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\nlayout: folder\nsequence: [a]\n")
    with pytest.raises(InputError, match="unknown key 'sequence'"):
        load_benchmark(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("total: x", "total must be a whole number, got 'x'"),
        ("origin: a", "origin must be a whole number"),
        ("pooled: 1", "pooled must be true or false"),
        ("eao: 5", "eao must be two lengths"),
        ("protocol: foo", "unknown protocol 'foo'"),
        ("published: [a]", "published must be a list of"),
        ("frames: {a: 3}", "int"),
    ],
)
def test_benchmark_values_of_the_wrong_kind(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"title: Mine\nlayout: folder\n{line}\n")
    with pytest.raises(InputError, match=f"benchmark .*mine.yaml: .*{words}"):
        load_benchmark(path)


def test_unknown_layout_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\nlayout: otbb\n")
    with pytest.raises(InputError, match="did you mean 'otb'"):
        open_reader(load_benchmark(path), tmp_path)


def test_otb_counts_from_one_and_says_how_much_is_there(tmp_path: Path) -> None:
    otb(tmp_path, "Couple")
    (tmp_path / "Notes").mkdir()
    found = read("otb100", tmp_path)
    assert list(found) == ["Couple"] and load_benchmark("otb100").of(len(found)) == "1 of 100 sequences"
    sequence = found["Couple"]
    assert sequence.truth[0].tolist() == [5, 6, 10, 8] and numbers(sequence) == list(range(1, 9))
    assert sequence.start() == Box(4, 5, 10, 8)
    assert sequence.stored(Box(4, 5, 10, 8)) == (5, 6, 10, 8)


@pytest.mark.parametrize("folder", ["Jogging", "jogging", "JOGGING"])
def test_otb_two_targets(tmp_path: Path, folder: str) -> None:
    otb(tmp_path, folder=folder, truth="groundtruth_rect.1.txt")
    table(tmp_path / folder / "groundtruth_rect.2.txt", moving(8, (30, 30, 5, 5)))
    found = read("otb100", tmp_path)
    assert list(found) == ["Jogging-1", "Jogging-2"]
    assert found["Jogging-2"].truth[0].tolist() == [30, 30, 5, 5]


@pytest.mark.parametrize("folder", ["jogging_1", "Jogging.1", "Jogging-1"])
def test_otb_targets_in_folders_of_their_own(tmp_path: Path, folder: str) -> None:
    otb(tmp_path, folder=folder)
    assert list(read("otb100", tmp_path)) == ["Jogging-1"]


@pytest.mark.parametrize("truth", ["groundtruth_rect.2.txt", "groundtruth_rect.txt"])
def test_otb_human4_is_its_second_target(tmp_path: Path, truth: str) -> None:
    otb(tmp_path, folder="Human4", truth=truth)
    assert list(read("otb100", tmp_path)) == ["Human4-2"]


def test_otb_frames_by_number(tmp_path: Path) -> None:
    """David: frames 300 to 770, whether or not earlier images are there."""
    folder = otb(tmp_path, "David", range(300, 771))
    assert numbers(read("otb100", tmp_path)["David"]) == list(range(300, 771))
    images(folder / "img", range(290, 300))
    assert numbers(read("otb100", tmp_path)["David"]) == list(range(300, 771))
    (folder / "img" / "0310.jpg").unlink()
    with pytest.raises(InputError, match="0310.jpg is missing"):
        read("otb100", tmp_path)


def test_otb_rows_before_the_range_are_left_out(tmp_path: Path) -> None:
    otb(tmp_path, "Tiger1", range(1, 355))
    sequence = read("otb100", tmp_path)["Tiger1"]
    assert numbers(sequence)[0] == 6 and sequence.truth[0].tolist() == [10, 6, 10, 8] and len(sequence) == 349


def test_otb_wrong_row_count_names_the_file(tmp_path: Path) -> None:
    folder = otb(tmp_path, "David", range(300, 771))
    table(folder / "groundtruth_rect.txt", moving(470))
    with pytest.raises(InputError, match=r"groundtruth_rect.txt: 470 rows, but frames 300 to 770"):
        read("otb100", tmp_path)


@pytest.mark.parametrize("comma", [",", "\t", " ", ", "])
def test_separators(tmp_path: Path, comma: str) -> None:
    folder = otb(tmp_path, "Couple")
    table(folder / "groundtruth_rect.txt", moving(8), comma)
    assert read("otb100", tmp_path)["Couple"].truth[1].tolist() == [6, 6, 10, 8]


def test_uav123_segments_of_one_folder_and_absent_targets(tmp_path: Path) -> None:
    images(tmp_path / "data_seq/UAV123/bird1", range(1, 260), 6)
    images(tmp_path / "data_seq/UAV123/bird1", range(775, 1478), 6)
    rows = moving(703)
    rows[2] = (np.nan,) * 4
    table(tmp_path / "anno/UAV123/bird1_2.txt", rows)
    sequence = read("uav123", tmp_path)["bird1_2"]
    assert numbers(sequence)[0] == 775 and numbers(sequence)[-1] == 1477
    assert np.isnan(sequence.truth[2]).all() and sequence.start() == Box(4, 5, 10, 8)


def test_uav123_ten_frames_a_second(tmp_path: Path) -> None:
    images(tmp_path / "data_seq/UAV123/bird1", range(259, 494), 6)
    table(tmp_path / "anno/UAV123/bird1_2.txt", moving(235))
    assert numbers(read("uav123", tmp_path)["bird1_2"])[0] == 259


def test_names_that_differ_in_a_separator_only() -> None:
    assert key("car1_1") != key("car11") and key("Jogging.1") == key("jogging_1") == key("Jogging-1")


@pytest.mark.parametrize("inside", ["", "color"])
def test_vot_polygons(tmp_path: Path, inside: str) -> None:
    images(tmp_path / "bag" / inside, range(1, 4), 8)
    table(tmp_path / "bag/groundtruth.txt", [(10, 0, 20, 10, 10, 20, 0, 10)] * 3)
    sequence = read("vot2018", tmp_path)["bag"]
    assert sequence.boxes[0].tolist() == [0, 0, 20, 20]
    # A diamond of side sqrt(200) in a square of 20: the level box has half its area, plus one pixel a side.
    side = 20 * np.sqrt(0.5) + 1
    assert sequence.start().xywh == pytest.approx((10 - (side - 1) / 2, 10 - (side - 1) / 2, side, side))


def test_vot_boxes(tmp_path: Path) -> None:
    images(tmp_path / "cup", range(1, 4), 8)
    table(tmp_path / "cup/groundtruth.txt", moving(3))
    assert read("vot2013", tmp_path)["cup"].start() == Box(5, 6, 10, 8)


def test_got10k_validation_and_test(tmp_path: Path) -> None:
    for clip, count in (("val/GOT-10k_Val_000001", 4), ("test/GOT-10k_Test_000001", 1)):
        images(tmp_path / clip, range(1, 5), 8)
        table(tmp_path / clip / "groundtruth.txt", moving(count))
    (tmp_path / "val/GOT-10k_Val_000001/cover.label").write_text("8\n0\n8\n8\n")
    seen = read("got10k_val", tmp_path)["GOT-10k_Val_000001"]
    assert not seen.given and np.isnan(seen.truth[1]).all() and seen.start() == Box(5, 6, 10, 8)
    unseen = read("got10k_test", tmp_path)["GOT-10k_Test_000001"]
    assert unseen.given and len(unseen) == 4


def test_lasot(tmp_path: Path) -> None:
    folder = tmp_path / "cat" / "cat-20"
    images(folder / "img", range(1, 5), 8)
    table(folder / "groundtruth.txt", moving(4))
    (folder / "full_occlusion.txt").write_text("0,0,1,0\n")
    (folder / "out_of_view.txt").write_text("0,0,0,1")
    sequence = read("lasot", tmp_path)["cat-20"]
    assert np.isnan(sequence.truth[:, 0]).tolist() == [False, False, True, True] and sequence.start().x == 4


def test_trackingnet(tmp_path: Path) -> None:
    images(tmp_path / "TEST/frames/a_B-1", range(12), 1)
    table(tmp_path / "TEST/anno/a_B-1.txt", moving(1))
    sequence = read("trackingnet_test", tmp_path)["a_B-1"]
    assert sequence.given and numbers(sequence) == list(range(12))


def test_nfs(tmp_path: Path) -> None:
    images(tmp_path / "dog_1/30/dog_1", range(1, 4), 5)
    rows = [f'0 {10 + i} 20 {40 + i} 60 0 0 1 {i} "dog"' for i in range(24)]
    (tmp_path / "dog_1/30/dog_1.txt").write_text("\n".join(rows) + "\n")
    sequence = read("nfs30", tmp_path)["dog_1"]
    assert sequence.truth.tolist() == [[10, 20, 30, 40], [18, 20, 30, 40], [26, 20, 30, 40]]
    images(tmp_path / "dog_1/30/dog_1", range(4, 5), 5)  # one frame more than rows is known of this benchmark
    assert len(read("nfs30", tmp_path)["dog_1"]) == 3
    images(tmp_path / "dog_1/30/dog_1", range(5, 7), 5)
    with pytest.raises(InputError, match="dog_1.txt: 3 rows, but there are 6 frames"):
        read("nfs30", tmp_path)


def test_tc128(tmp_path: Path) -> None:
    images(tmp_path / "Biker/img", range(1, 9))
    table(tmp_path / "Biker/Biker_gt.txt", moving(4))
    table(tmp_path / "Biker/Biker_frames.txt", [(3, 6)])
    assert numbers(read("tc128", tmp_path)["Biker"]) == [3, 4, 5, 6]


def test_dtb70(tmp_path: Path) -> None:
    otb(tmp_path, "Car2")
    assert read("dtb70", tmp_path)["Car2"].start() == Box(4, 5, 10, 8)


@pytest.mark.parametrize("single", [False, True])
def test_any_folder(tmp_path: Path, single: bool) -> None:
    images(tmp_path / "clip", range(8, 12), 1)
    table(tmp_path / "clip/groundtruth.txt", moving(4))
    sequence = read("folder", tmp_path / "clip" if single else tmp_path)["clip"]
    assert numbers(sequence) == [8, 9, 10, 11]  # by number, not by name


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read("otb100", tmp_path / "absent")
    with pytest.raises(InputError, match="no sequence of OTB100"):
        read("otb100", tmp_path)


def test_real_material() -> None:
    """What lies beside the repository: every sequence is found, with frames that begin where they should."""
    root = shared() / "benchmarks"
    found = read("otb100", root / "OTB100")
    assert len(found) == 9 and sum(map(len, found.values())) == 2068
    assert found["David"].frames[0].name == "0300.jpg"
    assert len(read("uav123", root / "UAV123")["wakeboard7"]) == 67
    assert len(read("vot2016", root / "VOT2016")["bag"]) == 196


def test_uav123_attributes_lie_beside_the_annotations(tmp_path: Path) -> None:
    images(tmp_path / "data_seq/UAV123/boat1", range(1, 5), 6)
    table(tmp_path / "anno/UAV123/boat1.txt", moving(4))
    assert read("uav123", tmp_path)["boat1"].attributes == ()
    table(tmp_path / "anno/UAV123/att/boat1.txt", [(1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1)])
    assert read("uav123", tmp_path)["boat1"].attributes == ("SV", "LR", "SOB")
    table(tmp_path / "anno/UAV123/att/boat1.txt", [(1, 0, 1)])
    with pytest.raises(InputError, match="att/boat1.txt: expected 12 zeros or ones, got 3"):
        read("uav123", tmp_path)


@pytest.mark.parametrize("ending", ["tag", "label"])
def test_vot_attributes_hold_for_frames(tmp_path: Path, ending: str) -> None:
    images(tmp_path / "bag", range(1, 5), 8)
    table(tmp_path / "bag/groundtruth.txt", moving(4))
    (tmp_path / f"bag/occlusion.{ending}").write_text("0\n1\n")
    (tmp_path / f"bag/camera_motion.{ending}").write_text("0\n1\n1\n0\n")
    (tmp_path / f"bag/size_change.{ending}").write_text("")
    sequence = read("vot2016", tmp_path)["bag"]
    assert sequence.attributes == ("camera_motion", "occlusion", "empty")
    assert sequence.tags["occlusion"].tolist() == [False, True, False, False]  # a short file goes on as zeros
    assert sequence.tags["empty"].tolist() == [True, False, False, True]
    (tmp_path / f"bag/occlusion.{ending}").write_text("0\n" * 5)
    with pytest.raises(InputError, match=rf"occlusion.{ending}: expected a zero or one for each of 4 frames"):
        read("vot2016", tmp_path)
