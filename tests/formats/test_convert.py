"""`siamsa convert` from form to form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers import SIZE, write_video
from tracker.cli import convert
from tracker.cli.main import parse
from tracker.errors import InputError
from tracker.formats import FORMATS, read_rows
from tracker.formats.cvat import Cvat

NATIVE = Path(__file__).parent / "native"


def siamsa(*words: object) -> int:
    return convert.run(parse("convert", [*map(str, words)]))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(
        "frame,x,y,w,h,score,lost,id,name,state\n"
        "0,1,2,30,40,0.5,0,1,car,tracking\n0,9,8,30,40,1,0,2,,\n2,1,2,30,40,0.25,1,1,car,lost\n"
    )
    return path


def test_through_every_form_and_back(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_rows(table)
    for name in ("jsonl", "mot", "cvat", "coco", "yolo"):
        there, back = tmp_path / name, tmp_path / f"{name}.csv"
        assert siamsa(table, there, "--to", name, "--size", "160x120") == 0
        assert siamsa(there, back, "--from", name, "--size", "160x120") == 0
        got = read_rows(back)
        wanted = [row for row in rows if name != "yolo" or row.seen]
        assert [(row.frame, row.id) for row in got] == [(row.frame, row.id) for row in wanted], name
        for row, other in zip(got, wanted, strict=True):
            assert row.box.xywh == pytest.approx(other.box.xywh, abs=1e-3)
    said = capsys.readouterr().out
    assert f"wrote {tmp_path / 'mot'}: 3 boxes of 2 targets in 2 frames\n" in said
    assert "the new form has no place for: name, state\n" in said
    assert "the new form has no place for: score, lost, state\n" in said


def test_size_and_rate_come_from_the_video_or_the_file(table: Path, tmp_path: Path) -> None:
    video, out = write_video(tmp_path / "v.avi", 5, fps=12.0), tmp_path / "a.json"
    assert siamsa(table, out, "--video", video) == 0
    shown = json.loads(out.read_text())["videos"][0]
    assert (shown["width"], shown["height"]) == SIZE
    assert shown["fps"] == 12 and shown["length"] == 5 and shown["name"] == "v.avi"
    assert siamsa(out, tmp_path / "a.xml", "--fps", 30) == 0
    clip = Cvat.clip(tmp_path / "a.xml")
    assert clip is not None and clip.size == SIZE and clip.frames == 5
    assert siamsa(NATIVE / "cvat.xml", tmp_path / "labels", "--to", "yolo") == 0
    assert (tmp_path / "labels" / "classes.txt").read_text() == "person\nHund & Katz\n"
    assert siamsa(tmp_path / "labels", tmp_path / "b.csv", "--size", "1280x720") == 0


@pytest.mark.parametrize("length", ["40", -1, 2.5, True, [], None])
def test_a_length_that_is_none_is_not_believed(table: Path, tmp_path: Path, length: object) -> None:
    siamsa(table, tmp_path / "a.json", "--size", "160x120")
    data = json.loads((tmp_path / "a.json").read_text())
    data["videos"][0]["length"] = length
    (tmp_path / "b.json").write_text(json.dumps(data))
    assert siamsa(tmp_path / "b.json", tmp_path / "b.xml") == 0
    clip = Cvat.clip(tmp_path / "b.xml")
    assert clip is not None and (clip.size, clip.frames) == ((160, 120), 3)


@pytest.mark.parametrize(
    ("lost", "read"), [("0", False), ("False", False), ("0.0", False), ("", False), ("True", True)]
)
def test_lost_as_spreadsheets_write_it(tmp_path: Path, lost: str, read: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"frame,x,y,w,h,score,lost\n0,1,2,3,4,1,{lost}\n")
    assert read_rows(path)[0].lost is read


def test_refusals_are_one_line_and_leave_nothing(table: Path, tmp_path: Path) -> None:
    before = table.read_bytes()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    for words, says in {
        (table, tmp_path / "a.txt"): "holds one target; several can be written as",
        (table, tmp_path / "a.xml"): "a.xml: the size of the video is needed .*: --video FILE or --size WxH",
        (table, tmp_path / "a.xml", "--size", "640"): "--size: expected a width and height",
        (table, tmp_path / "a.xml", "--size", "0x5"): "--size: expected a width and height",
        (table, tmp_path / "a.xml", "--size", "5x5", "--fps", "0"): "--fps: must be greater than 0",
        (table, tmp_path / "a.xml", "--size", "5x5", "--video", "a"): "not allowed with",
        (table, tmp_path / "a.xml", "--video", tmp_path / "none.mp4"): "none.mp4",
        (table, tmp_path / "a.docx"): "form of the box file is not known",
        (table, table, "--overwrite"): "is the input itself",
        (table, tmp_path / "full", "--size", "5x5"): "folder with files in it",
        (table, tmp_path / "a.mot", "--from", "xml"): "invalid choice",
        (table, tmp_path / "a.mot", "--from", "mot"): "a.csv, line 1: expected frame,id",
        (tmp_path / "none.csv", tmp_path / "a.mot"): "none.csv: missing",
    }.items():
        with pytest.raises(InputError, match=says) as caught:
            siamsa(*words)
        assert "\n" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "full"] and table.read_bytes() == before


def test_a_file_that_is_there_is_kept(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.mot"
    out.write_text("mine")
    with pytest.raises(InputError, match="add --overwrite"):
        siamsa(table, out)
    assert out.read_text() == "mine"
    assert siamsa(table, out, "--overwrite") == 0 and len(read_rows(out)) == 3


def test_the_documented_table_is_true() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    assert {row[0].strip("`") for row in rows} == {*FORMATS}
    for form, ending, several, holds, *_ in rows:
        kind = FORMATS[form.strip("`")]
        assert ending.replace("`", "").split(", ")[: len(kind.endings)] == [*kind.endings]
        assert several == ("yes" if kind.several else "no")
        assert {word for word in holds.split(", ") if word != "-"} == kind.holds
