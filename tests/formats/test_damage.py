"""Files that are damaged, or made to do damage, end in one line that names the place."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from tracker.errors import InputError
from tracker.formats import FORMATS, Clip, form_of, read_rows

NATIVE = Path(__file__).parent / "native"
CLIP = Clip("a", (640, 480))
COCO = '{"images": [{"id": 1}, {"id": 2}], "annotations": [%s]}'
XML = '<annotations>\n<track id="0" label="a">\n%s\n</track>\n</annotations>\n'
BOX = '<box frame="%s" outside="0" xtl="1" ytl="2" xbr="%s" ybr="5"/>'
BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>\n'

DAMAGE = [
    ("a.csv", "frame,x,y,w,h\n0,1,2,3,4\n1,1,2,3\n", "a.csv, line 3: expected frame,x,y,w,h"),
    ("a.csv", "0,1,2,3,4\n1,1,2,3,4\n", "below a line with these names"),
    ("a.csv", "frame,x,y,w,h\n0,1,2,3,4\n0,1,2,3,4\n", "frame 0 has two boxes"),
    ("a.csv", "frame,x,y,w,h\n", "no boxes in it"),
    ("a.csv", "", "no boxes in it"),
    ("a.csv", "frame,x,y,w,h\n0,1,2,inf,4\n", "line 2: w of the box must be a number of pixels, got inf"),
    ("a.csv", "frame,x,y,w,h\n0,1,2,3,1e300\n", "line 2: h of the box"),
    ("a.csv", "frame,x,y,w,h\n0,nan,2,3,4\n", "line 2: x of the box"),
    ("a.csv", "frame,x,y,w,h\n-3,1,2,3,4\n", "line 2: frame -3 is not among"),
    ("a.csv", "frame,x,y,w,h\n9999999999999999999,1,2,3,4\n", "line 2: frame 9999999999999999999 is not among"),
    ("a.csv", "frame,x,y,w,h,score\n0,1,2,3,4,nan\n", "line 2: the score must be finite"),
    ("a.csv", "frame,x,y,w,h,score\n0,1,2,3,4,high\n", "line 2: expected"),
    ("a.csv", 'frame,x,y,w,h,name\n0,1,2,3,4,"' + "a" * 140_000, "line 2: cannot be read as CSV"),
    ("a.jsonl", '{"frame": 0, "x": 1}\n', "a.jsonl, line 1: expected a JSON object"),
    ("a.jsonl", '{"frame": 0, "x": 1, "y": 1, "w": 1, "h": 1}\n[1]\n', "a.jsonl, line 2"),
    ("a.jsonl", "[" * 100_000, "a.jsonl, line 1"),
    ("a.jsonl", '{"frame": Infinity, "x": 1, "y": 1, "w": 1, "h": 1}\n', "a.jsonl, line 1"),
    ("a.jsonl", '{"frame": 0, "x": 1e999, "y": 1, "w": 1, "h": 1}\n', "line 1: x of the box"),
    ("a.mot", "1,1,2,2\n", "a.mot, line 1: expected frame,id,x,y,w,h"),
    ("a.mot", "0,1,2,2,5,5,1,-1,-1,-1\n", "frames counted from 1"),
    ("a.mot", "inf,1,2,2,5,5\n", "a.mot, line 1"),
    ("a.mot", "1,-1,2,2,5,5\n1,-1,3,3,5,5\n", "frame 0 has two boxes"),
    ("a.txt", "1,2,3\n", "a.txt, line 1: expected x,y,w,h"),
    ("a.txt", "1,2,3,4\n1,2,3,-inf\n", "a.txt, line 2: h of the box"),
    ("a.vot", "1\n1,2,3,4,5\n", "a.vot, line 2: expected x,y,w,h, a polygon"),
    ("a.vot", "1\nm0,0,5,5,3,2\n", "a.vot, line 2"),
    ("a.vot", "3\n", "a.vot, line 1"),
    ("a.vot", "1,2,3,4,nan,6,7,8\n", "a.vot, line 1: x of the box"),
    ("a.json", "{\n'a'", "a.json, line 2: is not JSON"),
    ("a.json", "[]", "expected a JSON object with the lists"),
    ("a.json", '{"annotations": {}}', "expected a JSON object with the lists"),
    ("a.json", "[" * 100_000, "a.json"),
    ("a.json", '{"annotations": [1]}', "annotations must be a list of objects"),
    ("a.json", COCO % '{"image_id": 3, "bbox": [1, 2, 3, 4]}', "a.json, annotation 1: expected bbox"),
    ("a.json", COCO % '{"image_id": [], "bbox": [1, 2, 3, 4]}', "a.json, annotation 1"),
    ("a.json", COCO % '{"image_id": 1, "bbox": [1, 2, 3]}', "a.json, annotation 1"),
    ("a.json", COCO % '{"image_id": 1, "bbox": "1234"}', "a.json, annotation 1"),
    ("a.json", COCO % '{"image_id": 1, "bbox": [1, 2, 3, NaN]}', "a.json, annotation 1: h of the box"),
    ("a.json", COCO % "", "no boxes in it"),
    ("a.json", '{"images": [{"id": 1, "frame_index": "x"}], "annotations": []}', "a.json, image 1: expected an id"),
    ("a.json", '{"images": [{"id": 1, "video_id": 1}, {"id": 2, "video_id": 2}], "annotations": []}', "several videos"),
    ("a.xml", XML % (BOX % (0, 9) + "\n" + BOX % (1, "x")), "a.xml, line 4: expected <box frame="),
    ("a.xml", XML % '<box frame="0"/>', "a.xml, line 3"),
    ("a.xml", XML % (BOX % (0, "nan")), "a.xml, line 3: w of the box"),
    ("a.xml", XML % (BOX % (-1, 9)), "a.xml, line 3: frame -1"),
    ("a.xml", XML % "<box", "a.xml, line 4: is not XML"),
    ("a.xml", "", "a.xml, line 1: is not XML"),
    ("a.xml", BOMB + XML % (BOX % (0, 9)), "a.xml, line 1: has a DOCTYPE"),
    ("a.xml", '<?xml version="1.0" encoding="martian"?>' + XML % "", "a.xml.*: is not XML|cannot be read as XML"),
    ("a.xml", '<annotations><image id="0"><box/></image></annotations>', "export it as CVAT for video 1.1"),
    ("a.xml", XML % "", "no boxes in it"),
]


@pytest.mark.parametrize(("name", "text", "words"), DAMAGE)
def test_damage_is_named(name: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        read_rows(tmp_path / name)
    assert "\n" not in str(caught.value) and str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.mot", "a.txt", "a.vot", "a.json", "a.xml", "a.zip"])
def test_what_is_no_text_and_what_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        read_rows(tmp_path / name, clip=CLIP)
    (tmp_path / name).write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=name):
        read_rows(tmp_path / name, clip=CLIP)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    form = next(f for f in FORMATS if name.endswith(FORMATS[f].endings))
    with pytest.raises(InputError, match=name):
        read_rows(tmp_path / name, form, CLIP)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 0.5 0.5 0.1", "000001.txt, line 2: expected class cx cy w h"),
        ("0 0.5 0.5 0.1 x", "line 2: expected"),
        ("0 0.5 0.5 0.1 inf", "line 2: .* of the box"),
        ("0 0.1 0.1 0.2 0.1 0.3 0.4 0.5 0.6", "line 2: expected"),
        ("-1 0.5 0.5 0.1 0.1", "line 2: expected"),
        ("0 0.5 0.5 0.1 0.1 0.5 0.5", "line 2: expected"),
        ("0 0.5 0.5 0.1 0.1\n0 0.6 0.6 0.1 0.1", "frame 1 has two boxes"),
    ],
)
def test_damage_in_yolo_labels(line: str, words: str, tmp_path: Path) -> None:
    folder, path = tmp_path / "labels", tmp_path / "a.zip"
    folder.mkdir()
    (folder / "000001.txt").write_text("\n" + line + "\n")
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(folder / "000001.txt", "obj/000001.txt")
    for place in (folder, path):
        with pytest.raises(InputError, match=words):
            read_rows(place, clip=CLIP)


def test_zip_files_made_to_do_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../000001.txt", "0 0.5 0.5 0.1 0.1\n")
    assert len(read_rows(path, clip=CLIP)) == 1 and [*tmp_path.iterdir()] == [path]
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"0 0.5", b"0 0.6"))
    data = bytearray(whole)
    data[45] ^= 255
    path.write_bytes(data)
    with pytest.raises(InputError, match="a.zip"):
        read_rows(path, clip=CLIP)
    # A directory that claims four gigabytes: refused before anything is unpacked.
    entry = whole.index(b"PK\x01\x02")
    path.write_bytes(whole[: entry + 24] + b"\xf0\xff\xff\xff" + whole[entry + 28 :])
    with pytest.raises(InputError, match="unpacks to 4294967280 bytes"):
        read_rows(path, clip=CLIP)
    with pytest.raises(InputError, match="holds no annotations.xml"):
        read_rows(path, "cvat")


def test_unknown_forms_and_endings() -> None:
    with pytest.raises(InputError, match=r"boxes.xlsx: the form .* \(.csv, .json, .jsonl, .mot, .mot.txt, .ndjson"):
        form_of("boxes.xlsx")
    with pytest.raises(InputError, match="did you mean 'cvat'"):
        form_of("boxes.csv", "cvta")
    assert form_of("A.MOT.TXT") is FORMATS["mot"] and form_of("a.txt") is FORMATS["otb"]
    assert form_of("a.vot.txt") is FORMATS["vot"] and form_of("a.csv", "otb") is FORMATS["otb"]


@pytest.mark.parametrize("name", ["cvat.xml", "tao.json", "gt.mot.txt", "bag_001.vot.txt", "a.csv", "a.jsonl", "a.zip"])
def test_scrambled_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    """Bytes changed, cut out and doubled at random: never any other error than InputError."""
    if name == "a.zip":
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(3):
                archive.writestr(f"{i:06d}.txt", f"0 0.5 0.5 0.{i + 1} 0.1 {i + 1}\n")
        data = (tmp_path / name).read_bytes()
    elif name.startswith("a."):
        row = '{"frame": 0, "x": 1, "y": 2, "w": 3, "h": 4, "id": 2, "name": "a"}\n'
        data = (row if name == "a.jsonl" else 'frame,x,y,w,h,score,lost,id,name\n0,1,2,3,4,0.5,0,1,"a b"\n').encode()
    else:
        data = (NATIVE / name).read_bytes()
    rng = random.Random(5)
    for _ in range(150):
        bad = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            at, size = rng.randrange(len(bad)), rng.choice((1, 1, 2, 8, 40))
            bad[at : at + size] = rng.choice((b"", bytes(bad[at : at + size]) * 2, rng.randbytes(size), b"9e9", b"-"))
            bad = bad or bytearray(b" ")
        path = tmp_path / name
        path.write_bytes(bad)
        try:
            read_rows(path, clip=CLIP)
            form_of(path).clip(path)
        except InputError as error:
            assert str(path) in str(error)
