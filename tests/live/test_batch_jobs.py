"""Which videos a table or a folder names, and what is said of rows that are no good."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from tests.helpers import draw_frame
from tests.live.batching import BOX, HEAD, table
from tracker.box import Box
from tracker.errors import InputError
from tracker.live.batch.jobs import pictures, read_jobs
from tracker.live.batch.rows import Target


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Files that pass for videos, since nothing is opened before tracking, and a folder of images."""
    for name in ("a.mp4", "b.avi", "in/a.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"video")
    (tmp_path / "frames").mkdir()
    for index in range(3):
        cv2.imwrite(str(tmp_path / "frames" / f"{index}.png"), draw_frame(index))
    return tmp_path


def test_rows_of_one_video_are_its_targets(place: Path) -> None:
    path = table(place / "jobs.csv", "a.mp4,1,2,30,40,car,,", "b.avi,5,6,7,8,,,", "a.mp4,9,9,9,9,bus,4,")
    first, second = read_jobs(path).jobs
    assert first.name == "a" and Path(first.address) == place / "a.mp4"
    assert first.targets == (Target(Box(1, 2, 30, 40), "car"), Target(Box(9, 9, 9, 9), "bus", 4))
    assert second.name == "b" and second.targets == (Target(Box(5, 6, 7, 8)),)


def test_targets_are_in_order_of_their_frames(place: Path) -> None:
    path = table(place / "jobs.csv", "a.mp4,1,1,5,5,late,9,", "./a.mp4,2,2,5,5,early,,")
    assert [target.name for target in read_jobs(path).jobs[0].targets] == ["early", "late"]


@pytest.mark.parametrize("text", ["video;x;y;w;h\na.mp4;1;2;3;4\n", "\ufeffVideo, x,y,w,h\r\na.mp4,1,2,3,4\r\n\r\n"])
def test_tables_as_spreadsheets_write_them(place: Path, text: str) -> None:
    (place / "jobs.csv").write_bytes(text.encode())
    assert read_jobs(place / "jobs.csv").jobs[0].targets == (Target(Box(1, 2, 3, 4)),)


def test_json_says_the_same(place: Path) -> None:
    rows = [{"video": "a.mp4", "x": 1, "y": 2, "w": 3.5, "h": 4, "name": "car", "frame": 2, "output": "first"}]
    (place / "jobs.json").write_text(json.dumps(rows))
    (job,) = read_jobs(place / "jobs.json").jobs
    assert job.name == "first" and job.targets == (Target(Box(1, 2, 3.5, 4), "car", 2),)


def test_images_are_a_video_as_folder_and_as_pattern(place: Path) -> None:
    path = table(place / "jobs.csv", f"frames,{BOX},,,", f"frames/*.png,{BOX},,,")
    assert [job.name for job in read_jobs(path).jobs] == ["frames", f"{place.name}-frames"]


def test_a_pattern_in_a_folder_with_brackets(place: Path) -> None:
    (place / "frames").rename(place / "my [a]")
    (job,) = read_jobs(table(place / "jobs.csv", f"my [a]/*.png,{BOX},,,")).jobs
    assert len(pictures(job.video)) == 3 and job.shown == "my [a]/*.png"


def test_readers_are_shown_no_paths_of_this_machine(place: Path) -> None:
    (place / "in" / "jobs").mkdir()
    names = ("../a.mp4", str(place / "b.avi"), str(place / "in" / "jobs" / "c.mp4"))
    path = table(place / "in" / "jobs" / "jobs.csv", *(f"{name},{BOX},,," for name in names))
    shown = [job.shown for job in read_jobs(path, skip_missing=True).jobs]
    assert shown == ["in/a.mp4", f"{place.name}/b.avi", "c.mp4"]


def test_names_of_results_never_meet(place: Path) -> None:
    (place / "A.mkv").write_bytes(b"video")
    rows = [f"{name},{BOX},,,{output}" for name, output in
            (("a.mp4", ""), ("in/a.mp4", ""), ("A.mkv", ""), ("b.avi", "in-a"))]  # fmt: skip
    names = [job.name for job in read_jobs(table(place / "jobs.csv", *rows)).jobs]
    assert names[0] == "a" and names[3] == "in-a" and len({name.lower() for name in names}) == 4


BAD = [
    ("a.mp4,1,2,30,x,,,", "line 2: expected numbers"),
    ("a.mp4,1,2,30,,,,", "line 2: expected numbers"),
    ("a.mp4,1,2,30", "line 2: expected numbers"),
    ("a.mp4,1,2,30,nan,,,", "line 2: the box must have"),
    ("a.mp4,1,2,0,5,,,", "line 2: the box must have"),
    ("a.mp4,1,2,3,5,,-1,", "line 2: expected numbers"),
    ("a.mp4,1,2,3,5,,1.5,", "line 2: expected numbers"),
    ("a.mp4,1,2,3,5,Smith, John,,", "line 2: has more fields"),
    (",1,2,3,5,,,", "line 2: names no video"),
    ("no.mp4,1,2,3,5,,,", "line 2: {place}/no.mp4: no such file"),
    ("in,1,2,3,5,,,", "line 2: {place}/in: no images"),
    ("a.mp4,1,2,3,5,,,../up", "line 2: output '../up'"),
    ("a.mp4,1,2,3,5,,,.hidden", "line 2: output '.hidden'"),
    ("a.mp4,1,2,3,5,,,one\na.mp4,1,2,3,5,,,two", "line 3: output 'two', and 'one'"),
    ("a.mp4,1,2,3,5,,,one\nb.avi,1,2,3,5,,,One", "line 3: output 'One' is taken by"),
]


@pytest.mark.parametrize(("row", "wrong"), BAD, ids=[row for row, _ in BAD])
def test_a_bad_row_is_named_by_its_line(place: Path, row: str, wrong: str) -> None:
    path = table(place / "jobs.csv", row)
    with pytest.raises(InputError) as caught:
        read_jobs(path)
    assert f"{path}, {wrong.format(place=place)}" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("jobs.csv", "video,x,y,w\n", "line 1: has no column h"),
        ("jobs.csv", "vidoe,x,y,w,h\na.mp4,1,2,3,4\n", "line 1: unknown column 'vidoe'; did you mean 'video'?"),
        ("jobs.csv", HEAD + "\n", "has no rows"),
        ("jobs.csv", "", "line 1: has no column"),
        ("jobs.json", "{}", "expected a list of objects"),
        ("jobs.json", "[1]", "entry 1: expected an object"),
        ("jobs.json", '[{"video": "a.mp4", "x": 1, "y": 2, "w": 3}]', "entry 1: expected numbers"),
        ("jobs.json", "[", "cannot be read as JSON"),
        ("jobs.txt", "", "expected a .csv or .json file, or a folder"),
        ("jobs.csv", "video,x,y,w,h\n\x00", "line"),
    ],
)
def test_a_table_that_is_none_is_refused(place: Path, name: str, text: str, wrong: str) -> None:
    (place / name).write_text(text)
    with pytest.raises(InputError, match=".") as caught:
        read_jobs(place / name)
    assert str(place / name) in str(caught.value) and wrong in str(caught.value)


def test_a_folder_has_a_box_file_beside_each_video(place: Path) -> None:
    (place / "a.box.txt").write_text("1,2,3,4\n\nbus=5 6 7 8\n")
    (place / "b.csv").write_text("x,y,w,h,name\n1,2,3,4,car\n")
    (place / "frames.json").write_text('[{"x": 1, "y": 2, "w": 3, "h": 4, "frame": 1}]')
    (place / "c.mov").write_bytes(b"video")
    (place / "notes.txt").write_text("-")
    jobs = read_jobs(place)
    assert [job.name for job in jobs.jobs] == ["a", "b", "frames"]
    assert jobs.jobs[0].targets == (Target(Box(1, 2, 3, 4)), Target(Box(5, 6, 7, 8), "bus"))
    assert jobs.jobs[2].targets == (Target(Box(1, 2, 3, 4), "", 1),)
    assert [Path(video).name for video in jobs.without] == ["c.mov"]


def test_our_own_box_files_say_where_each_target_begins(place: Path) -> None:
    lines = ["frame,x,y,w,h,score,lost,id,name,state", "3,1,2,3,4,1,0,1,car,tracking", "3,5,6,7,8,1,0,2,,tracking"]
    (place / "a.csv").write_text("\n".join([*lines, "4,2,2,3,4,0.9,0,1,car,tracking"]) + "\n")
    (job,) = read_jobs(place).jobs
    assert job.targets == (Target(Box(1, 2, 3, 4), "car", 3), Target(Box(5, 6, 7, 8), "", 3))


@pytest.mark.parametrize(
    ("text", "wrong"), [("1,2,3\n", "line 1"), ("1,2,3,4\na=b=1,2,3,0\n", "line 2"), ("\n", "has no box")]
)
def test_a_bad_box_file_is_named_by_its_line(place: Path, text: str, wrong: str) -> None:
    (place / "a.box.txt").write_text(text)
    with pytest.raises(InputError) as caught:
        read_jobs(place)
    assert str(place / "a.box.txt") in str(caught.value) and wrong in str(caught.value)


def test_a_folder_without_boxes_says_what_to_write(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"write x,y,w,h into .*a\.box\.txt"):
        read_jobs(place)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no videos and no folders of images"):
        read_jobs(tmp_path / "empty")
