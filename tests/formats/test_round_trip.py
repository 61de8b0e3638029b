"""What is written in any form is read back: boxes to its precision, and of the rest what it holds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.box import Box
from tracker.errors import InputError
from tracker.formats import FORMATS, Clip, Row, form_of, read_rows, write_rows
from tracker.formats.text import label, named, one_line

CLIP = Clip("street.mp4", (1280, 720), 25.0)
ENDING = {name: FORMATS[name].endings[0] for name in FORMATS}
PRECISION = dict.fromkeys(FORMATS, 5.01e-5) | {"cvat": 1.01e-4, "yolo": 1e-3}
PLAIN = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

inside = st.builds(
    lambda x, y, w, h: Box(x * 1180, y * 620, 1 + w * 99, 1 + h * 99), *[st.floats(0, 1, allow_subnormal=False)] * 4
)
anywhere = st.builds(Box, *[st.floats(-1e4, 1e4)] * 2, *[st.floats(0.01, 1e4)] * 2)
score = st.floats(0.01, 1)


@st.composite
def videos(draw: st.DrawFn, boxes: st.SearchStrategy[Box], most: int) -> list[Row]:
    """Rows of up to `most` targets that come and go, each with one name."""
    names = draw(st.lists(st.text(max_size=6), min_size=1, max_size=most))
    rows = []
    for frame in sorted(draw(st.sets(st.integers(0, 30), min_size=1, max_size=8))):
        for i in sorted(draw(st.sets(st.integers(1, len(names)), min_size=1))):
            lost = draw(st.booleans())
            state = "lost" if lost else draw(st.sampled_from(["", "tracking", "uncertain"]))
            rows.append(Row(frame, i, draw(boxes), draw(score), lost, names[i - 1], state))
    return rows


def held(name: str, rows: Sequence[Row]) -> list[Row]:
    """The rows as the form should give them back, but for rounding."""
    long = any(row.id != 1 or row.name for row in rows)
    texts = {"csv": one_line, "cvat": lambda n: named(label(n)), "yolo": lambda n: named(label(n))}
    kept = []
    for row in rows:
        holds = FORMATS[name].holds - (set() if name not in ("csv", "jsonl") or long else {"state"})
        if name == "yolo" and row.lost:
            continue
        row = replace(row, name=texts.get(name, str)(row.name))
        if name == "mot":
            row = replace(row, score=0.0 if row.lost else row.score)
        rest = {"score": 1.0, "lost": False, "name": "", "state": ""}
        kept.append(replace(row, **{key: value for key, value in rest.items() if key not in holds}))
    return kept


def same(name: str, rows: Sequence[Row], wanted: Sequence[Row]) -> None:
    assert len(rows) == len(wanted)
    for row, other in zip(rows, wanted, strict=True):
        assert row.box.xywh == pytest.approx(other.box.xywh, abs=PRECISION[name])
        assert row.score == pytest.approx(other.score, abs=5.1e-5)
        assert replace(row, box=other.box, score=other.score) == other


@pytest.mark.parametrize("name", [name for name in FORMATS if FORMATS[name].several])
@PLAIN
@given(data=st.data())
def test_several_targets(name: str, tmp_path: Path, data: st.DataObject) -> None:
    rows = data.draw(videos(inside if name == "yolo" else anywhere, 4))
    wanted = held(name, rows)
    path = tmp_path / f"a{ENDING[name]}"
    write_rows(path, rows, clip=CLIP)
    if not wanted:
        with pytest.raises(InputError, match="no boxes in it"):
            read_rows(path, clip=CLIP)
        return
    if name == "yolo" and {row.id for row in rows} == {1}:
        wanted = [replace(row, id=1) for row in wanted]
    same(name, read_rows(path, clip=CLIP), wanted)
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "nothing else is left"
    first = path.read_bytes()
    write_rows(path, rows, clip=CLIP)
    assert path.read_bytes() == first


@pytest.mark.parametrize("name", ["otb", "vot"])
@PLAIN
@given(boxes=st.lists(anywhere, min_size=2, max_size=6), number=st.integers(1, 9))
def test_one_target(name: str, tmp_path: Path, boxes: list[Box], number: int) -> None:
    rows = [Row(i, number, box, lost=i == 1) for i, box in enumerate(boxes)]
    write_rows(tmp_path / "a", rows, name)
    wanted = [replace(row, id=1, lost=False) for row in rows]
    same(name, read_rows(tmp_path / "a", name), wanted if name == "otb" else wanted[1:])


@pytest.mark.parametrize("name", ["otb", "vot"])
def test_a_second_target_is_refused_where_there_is_no_place(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one target; several can be written as coco, csv, cvat, jsonl, mot, yolo"):
        write_rows(tmp_path / "a", [Row(0, 1, Box(1, 2, 3, 4)), Row(1, 2, Box(1, 2, 3, 4))], name)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(("name", "gap"), [("otb", "NaN,NaN,NaN,NaN"), ("vot", "0")])
def test_frames_without_a_target_keep_their_lines(name: str, gap: str, tmp_path: Path) -> None:
    rows = [Row(2, 1, Box(1, 2, 3, 4)), Row(3, 1, Box(5, 6, 7, 8)), Row(5, 1, Box(0, 0, 0, 0), lost=True)]
    write_rows(tmp_path / "a", rows, name)
    lines = (tmp_path / "a").read_text().splitlines()
    assert lines[:2] == [gap, gap] and lines[4:] == [gap, gap]
    got = read_rows(tmp_path / "a", name)
    assert [row.frame for row in got if row.seen] == ([2, 3] if name == "otb" else [3])
    assert {row.frame for row in got if row.lost} == {0, 1, 4, 5}
    with pytest.raises(InputError, match="cannot skip"):
        write_rows(tmp_path / "b", [replace(rows[0], frame=2_000_000_000)], name)


SHORT = "frame,x,y,w,h,score,lost\n0,1,2,3.5,4,0.25,0\n1,1,2,3,4,1,1\n"
LONG = (
    "frame,x,y,w,h,score,lost,id,name,state\n0,1,2,3.5,4,0.25,0,1,,uncertain\n1,1,2,3,4,1,1,1,,lost\n"
    '2,1,2,3,4,1,0,2,"a ""b"", c",\n'
)


def test_a_csv_grows_columns_when_they_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    writer = form_of(path).writer(path)
    writer.write([Row(0, 1, Box(1, 2, 3.5, 4), 0.25, state="uncertain")])
    writer.write([Row(1, 1, Box(1, 2, 3, 4), 1, True, state="lost")])
    assert path.read_text() == SHORT, "rows can be followed while they come"
    writer.write([Row(2, 2, Box(1, 2, 3, 4), name='a "b", c')])
    assert path.read_text() == LONG and [*tmp_path.iterdir()] == [path]
    writer.finish()
    assert path.read_text() == LONG


def test_jsonl_grows_keys_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    short = '{"frame": 0, "x": 1, "y": 2, "w": 3, "h": 4, "score": 0.5, "lost": 0'
    rows = [Row(0, 1, Box(1, 2, 3, 4), 0.5, state="tracking")]
    write_rows(path, rows)
    assert path.read_text() == short + "}\n"
    write_rows(path, [*rows, Row(0, 2, Box(1, 2, 3, 4), 0.5, name="Zoë")])
    assert path.read_text() == (
        short
        + ', "id": 1, "name": "", "state": "tracking"}\n'
        + short
        + ', "id": 2, "name": "Zo\\u00eb", "state": ""}\n'
    )


def test_single_targets_are_written_as_ever(tmp_path: Path) -> None:
    row = Row(4, 1, Box(10, 20.5, -0.00001, 12.34567), 0.5, True)
    for name, text in {
        "a.mot": "5,1,10,20.5,0,12.3457,0,-1,-1,-1\n",
        "a.txt": "11,21.5,0,12.3457\n",
        "a.csv": "frame,x,y,w,h,score,lost\n4,10,20.5,0,12.3457,0.5,1\n",
        "a.vot": "1\n",
    }.items():
        writer = form_of(name).writer(tmp_path / name)
        writer.write([row])
        writer.finish()
        assert (tmp_path / name).read_text() == text


@pytest.mark.parametrize("name", [*FORMATS])
def test_long_runs_are_not_kept_as_objects(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ENDING[name]}"
    writer = FORMATS[name].writer(path, CLIP)
    count = 6_000
    tracemalloc.start()
    for frame in range(count):
        writer.write([Row(frame, 1, Box(frame % 99 + 0.5, 2.25, 30, 40), 0.5)])
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    writer.finish()
    assert grown < (80 if name in ("coco", "cvat", "yolo") else 3) * count
    if name != "yolo":
        assert len(read_rows(path)) == count - (name == "vot")


def test_ids_and_gaps_survive_cvat(tmp_path: Path) -> None:
    """A target that is taken away ends in CVAT, one that is lost does not, and neither gains rows."""
    box = Box(1, 2, 3, 4)
    rows = [Row(f, i, box, 0.5) for f in range(0, 10, 2) for i in (1, 7) if i == 1 or f in (0, 6)]
    path = tmp_path / "a.xml"
    write_rows(path, rows, clip=CLIP)
    assert read_rows(path) == rows
    text = path.read_text()
    second = text[text.index('<track id="7"') :]
    outside = [line.split('"')[1] for line in second.splitlines() if 'outside="1"' in line]
    assert outside == ["2", "8"] and text.count('outside="1"') == 2


def test_yolo_folders(tmp_path: Path) -> None:
    rows = [Row(0, 1, Box(10, 20, 30, 40)), Row(1, 1, Box(10, 20, 30, 40), lost=True), Row(2, 1, Box(-10, 0, 30, 40))]
    folder = tmp_path / "labels"
    write_rows(folder, rows, "yolo", Clip("a", (100, 200)))
    texts = {p.name: p.read_text() for p in sorted(folder.iterdir())}
    assert texts == {
        "000000.txt": "0 0.250000 0.200000 0.300000 0.200000\n",
        "000001.txt": "",
        "000002.txt": "0 0.100000 0.100000 0.200000 0.200000\n",
        "classes.txt": "target\n",
    }
    assert [row.frame for row in read_rows(folder, clip=Clip("a", (100, 200)))] == [0, 2]
    with pytest.raises(InputError, match="folder with files in it"):
        write_rows(folder, rows, "yolo", CLIP)


@pytest.mark.parametrize("name", ["coco", "cvat", "yolo"])
def test_forms_that_need_the_size_say_so(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ENDING[name]}"
    with pytest.raises(InputError, match=f"a{ENDING[name]}: the size of the video is needed"):
        write_rows(path, [Row(0, 1, Box(1, 2, 3, 4))])
    assert not [*tmp_path.iterdir()]


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(InputError):
        write_rows(path, [Row(0, i, Box(1, 2, 3, 4)) for i in (1, 2)])
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]
    with pytest.raises(InputError, match="cannot be written"):
        write_rows(path / "b.csv", [Row(0, 1, Box(1, 2, 3, 4))])
