"""`siamsa evaluate report`: the page tells what `score` tells, alone and in any browser; the files beside it open."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.evaluation.helpers import images, moving, oracles, otb, table
from tracker.cli.main import main
from tracker.evaluation.benchmark import load_benchmark
from tracker.evaluation.report.style import SERIES, look

pytest.importorskip("matplotlib")
METRICS = tuple("success precision norm_precision ao sr50 sr75 eao accuracy robustness failures".split())
VOID = {"meta", "br", "img", "input", "hr", "link"}


class Page(HTMLParser):
    """A parsed page: every tag with its attributes, the cells of each table by its id, and whether all tags match."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.rows: dict[str, list[list[tuple[str, dict[str, str | None]]]]] = {}
        self.table = ""
        self.text = path.read_text("utf-8")
        self.feed(self.text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.table = given.get("id") or str(given.get("class"))
            self.rows[self.table] = []
        elif tag == "tr":
            self.rows[self.table].append([])
        elif tag in {"td", "th"}:
            self.rows[self.table][-1].append(("", given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open) and self.table:
            text, given = self.rows[self.table][-1][-1]
            self.rows[self.table][-1][-1] = (text + data, given)

    def cells(self, name: str) -> dict[str, list[tuple[str, dict[str, str | None]]]]:
        """Rows by the text of their first cell."""
        return {row[0][0]: row for row in self.rows[name]}


def report(*words: object) -> int:
    return main(["evaluate", "report", *map(str, words)])


def prepare(folder: Path) -> tuple[Path, Path]:
    """A part of OTB100 with images, and the results of a good tracker and of one that runs away, with times."""
    for name, last in (("Couple", 8), ("Deer", 6)):
        otb(folder / "data", name, range(1, last + 1))
        table(folder / f"results/a_good & $c$o/{name}.txt", moving(last))
        table(folder / f"results/poor/{name}.txt", [(5, 6, 10, 8)] * 2 + [(50, 30, 9, 9)] * (last - 2))
        table(folder / f"results/poor/times/{name}_time.txt", [(0.02,)] * last)
    return folder / "results", folder / "data"


@pytest.fixture
def material(tmp_path: Path) -> tuple[Path, Path]:
    """Results and benchmark that a test may change."""
    return prepare(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that tests only look at."""
    folder = tmp_path_factory.mktemp("made")
    results, root = prepare(folder)
    assert report("--benchmark", "otb100", "--results", results, "--root", root, "--output", folder / "out") == 0
    return folder / "out"


@pytest.mark.parametrize("which", ["OTB100", "VOT2016"])
def test_published_results(which: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = oracles() / which
    words = ("--benchmark", which, "--results", str(folder), "--annotations", str(folder / "gt"))
    assert report(*words, "--output", tmp_path / "out") == 0
    assert main(["evaluate", "score", *words, "--json", str(tmp_path / "s.json")]) == 0
    scores = json.loads((tmp_path / "s.json").read_text())
    page = Page(tmp_path / "out/report.html")
    metrics = [m for m in next(iter(scores.values())) if m in METRICS]
    lines = {(line["tracker"], line["kind"]): line for line in read_csv(tmp_path / "out/ranking.csv")}
    for tracker, entry in scores.items():
        line = lines[tracker, "measured"]
        assert [float(line[m]) for m in metrics] == [entry[m] for m in metrics]
        assert line["protocol"] == entry["protocol"] and line["sequences"] == entry["sequences"]
        shown = next(
            row
            for row in page.rows["ranking"]
            if row[0][0].lstrip("0123456789") == tracker and "published" not in row[0][0]
        )
        assert shown[1][0] == f"{entry[metrics[0]]:.4f}" and shown[-1][0] == entry["protocol"]
    for line in load_benchmark(which).published:
        assert lines[line["tracker"], "published"]["protocol"] == f"as published: {line['source']}"
    text = capsys.readouterr().out
    assert entry["protocol"] in text and entry["sequences"] in text
    compare_sequences(page, scores)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def compare_sequences(page: Page, scores: dict) -> None:
    """The table that is sorted holds the figures of each sequence, by tracker from the best on."""
    main_metric = next(m for m in ("success", "eao") if m in next(iter(scores.values())))
    order = sorted(scores, key=lambda name: -scores[name][main_metric])
    shown = [m for m in ("success", "precision", "accuracy", "failures") if m in next(iter(scores.values()))]
    rows = page.cells("sequence-table")
    for tracker_index, tracker in enumerate(order):
        for name, figures in scores[tracker]["per_sequence"].items():
            for i, metric in enumerate(shown):
                _, given = rows[name][2 + tracker_index * len(shown) + i]
                wanted = figures[metric]
                assert (
                    given["data-v"] == ""
                    if wanted is None
                    else float(given["data-v"] or "nan") == pytest.approx(wanted, rel=1e-5)
                )


def test_page_stands_alone(made: Path) -> None:
    page = Page(made / "report.html")
    for tag, given in page.tags:
        assert tag not in {"link", "iframe", "object", "base"} and not (tag == "script" and "src" in given)
        for attribute in ("src", "href", "xlink:href", "srcset"):
            assert re.match(r"#|data:image/jpeg;base64,|$", given.get(attribute) or ""), (tag, given)
    text = re.sub(r"base64,[^\"]+", "", page.text)
    assert not re.search(r"[a-z]+:?//[a-z]|@import|\b(fetch|XMLHttpRequest|import)\b", text)
    assert set(re.findall(r"url\(([^)]{2})", page.text)) <= {"#s", "#p", "#n", "#a", "#r", "#e"}
    named = [given["id"] for _, given in page.tags if "id" in given]
    assert len(named) == len(set(named))
    wanted = set(re.findall(r'(?:href="|url\()#([^")]+)', page.text))
    assert wanted <= set(named)
    assert "prefers-color-scheme: dark" in page.text and 'name="viewport"' in page.text and 'lang="en"' in page.text
    drawn = [given for tag, given in page.tags if tag == "svg" and given.get("role") == "img"]
    assert drawn and all(given["aria-labelledby"] in named for given in drawn)
    assert all(given.get("alt") for tag, given in page.tags if tag == "img")
    assert page.text.count("a_good &amp; $c$o") > 8 and "a_good & " not in page.text


def test_a_part_is_called_a_part(made: Path) -> None:
    page = Page(made / "report.html")
    assert page.text.count("2 of 100 sequences") >= 6  # note, tables and every plot
    assert "Published numbers are over the whole benchmark" in page.text
    plots = re.findall(r"<svg viewBox.*?</svg>", page.text, re.DOTALL)
    assert len(plots) == 5 and all("2\u00a0of\u00a0100\u00a0sequences" in plot and "pysot" in plot for plot in plots)
    for name in ("ranking.md", "ranking.tex", "ranking.csv"):
        assert "2 of 100 sequences" in (made / name).read_text("utf-8")
    assert r"a\_good \& \$c\$o" in (made / "ranking.tex").read_text("utf-8")


def test_plots_open_again(made: Path) -> None:
    names = {"success", "precision", "norm_precision", "speed", "attributes"}
    assert {path.name for path in (made / "plots").iterdir()} == {f"{n}.{e}" for n in names for e in ("png", "pdf")}
    for name in names:
        image = cv2.imread(str(made / f"plots/{name}.png"))
        assert image is not None and min(image.shape[:2]) > 500 and image.std() > 5
        data = (made / f"plots/{name}.pdf").read_bytes()
        assert data.startswith(b"%PDF") and data.rstrip().endswith(b"%%EOF")
    line = next(line for line in read_csv(made / "ranking.csv") if line["tracker"] == "poor")
    assert float(line["fps"]) == pytest.approx(50)


def test_strips_show_truth_and_result(made: Path) -> None:
    import base64

    text = (made / "report.html").read_text("utf-8")
    alts = re.findall(r'alt="([^"]+)"', text)
    assert alts[0] == "poor on Couple, frame 1: start" and "poor on Couple, frame 3: overlap 0.00" in alts
    assert not any("good" in alt for alt in alts)  # it never lost its target
    assert "no overlap in frames 3 to 8 of 8" in text and len(text) < 5_000_000
    shots = re.findall(r"data:image/jpeg;base64,([^\"]+)", text)
    last = cv2.imdecode(
        np.frombuffer(base64.b64decode(shots[alts.index("poor on Couple, frame 3: overlap 0.00")]), np.uint8), 1
    )
    white = (last > 215).all(axis=2).sum()
    orange = ((last[..., 2] > 190) & (last[..., 0] < 90)).sum()
    assert white > 50 and orange > 50  # both regions are drawn


def test_supervised_failures_and_plots(tmp_path: Path) -> None:
    images(tmp_path / "data/bag", range(1, 31), 8)
    table(tmp_path / "data/bag/groundtruth.txt", [(10, 10, 9, 9)] * 30)
    rows = [(1,), *[(10 + i, 10, 9, 9) for i in range(9)], (2,), *[(0,)] * 4, (1,), *[(10, 10, 9, 9)] * 14]
    table(tmp_path / "r/mine/bag_001.txt", rows)
    words = ("--benchmark", "vot2016", "--results", tmp_path / "r", "--root", tmp_path / "data")
    assert report(*words, "--output", tmp_path / "out") == 0
    text = (tmp_path / "out/report.html").read_text("utf-8")
    assert "mine on bag, frame 11: lost" in text and "lost in frame 11 of 30" in text and "1 of 60 sequences" in text
    plots = {path.stem for path in (tmp_path / "out/plots").iterdir()}
    assert plots == {"accuracy_robustness", "eao_curve", "ranking"}
    assert report(*words, "--output", tmp_path / "out", "--protocol", "vot_unsupervised") == 2  # no such results


@pytest.mark.parametrize("protocol", ["sre", "vot_unsupervised"])
def test_other_protocols(protocol: str, tmp_path: Path) -> None:
    otb(tmp_path / "data", "Couple", range(1, 41))
    words = ["--benchmark", "otb100", "--root", str(tmp_path / "data"), "--protocol", protocol]
    tracker = ["--tracker", "tests.evaluation.helpers:Still", "--output", str(tmp_path / "r")]
    assert main(["evaluate", "run", *words, *tracker]) == 0
    assert report(*words, "--results", tmp_path / "r", "--output", tmp_path / "out") == 0
    lines = read_csv(tmp_path / "out/ranking.csv")
    assert [line["kind"] for line in lines] == ["measured"]  # what was published is about one pass
    assert float(lines[0]["fps"]) > 0 and 0 < float(lines[0]["ao"]) < 0.5
    assert ("Still on Couple, frame 40" in Page(tmp_path / "out/report.html").text) == (protocol != "sre")


def test_attributes_make_a_radar(material: tuple[Path, Path], tmp_path: Path) -> None:
    text = "title: Mine\nlayout: otb\nattributes: {IV: [Couple], OCC: [Couple, Deer], DEF: [Deer]}\n"
    (tmp_path / "mine.yaml").write_text(text)
    words = ("--benchmark", tmp_path / "mine.yaml", "--results", material[0], "--root", material[1])
    assert report(*words, "--output", tmp_path / "out") == 0
    page = Page(tmp_path / "out/report.html")
    assert (tmp_path / "out/plots/attributes.pdf").is_file()
    assert {"IV", "OCC", "DEF"} <= set(page.cells("attribute-table")) and "OCC (2)" in page.text


def test_otb_attributes_are_as_many_as_published() -> None:
    benchmark = load_benchmark("otb100")
    names, counts = "IV SV OCC DEF MB FM IPR OPR OV BC LR".split(), [38, 64, 49, 44, 29, 39, 51, 63, 14, 31, 9]
    assert {a: len(members) for a, members in benchmark.attributes.items()} == dict(zip(names, counts, strict=True))
    assert all(set(members) <= set(benchmark.sequences) for members in benchmark.attributes.values())


def test_again_only_when_asked(material: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (results, root), made = material, tmp_path / "out"
    words = ("--benchmark", "otb100", "--results", results, "--root", root, "--output", made)
    assert report(*words) == 0
    before = {path: path.read_bytes() for path in made.rglob("*.*") if path.is_file()}
    assert report(*words) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert report(*words, "--overwrite") == 0
    assert {path: path.read_bytes() for path in made.rglob("*.*") if path.is_file()} == before  # the same, byte by byte
    assert report(*words, "--overwrite", "--trackers", "a_good & $c$o") == 0
    assert not (made / "plots/speed.png").exists()  # of a tracker that is not in it any more
    assert not list(made.rglob("*.partial"))


def test_results_from_several_folders(
    material: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, root = material
    table(tmp_path / "more/third/Deer.txt", moving(6))
    words = ("--benchmark", "otb100", "--results", results, tmp_path / "more", "--root", root)
    assert report(*words, "--output", tmp_path / "out") == 0
    text = (tmp_path / "out/report.html").read_text("utf-8")
    assert "1 to 2 of 100 sequences" in text and "not scored on the same sequences" in text
    assert report(*words, "--output", tmp_path / "all", "--common", "--trackers", "third", "poor") == 0
    assert "1 of 100 sequences" in (tmp_path / "all/report.html").read_text("utf-8")
    capsys.readouterr()
    assert report(*words, "--output", tmp_path / "no", "--trackers", "fourth") == 2
    table(tmp_path / "more/poor/Deer.txt", moving(6))
    assert report(*words, "--output", tmp_path / "no") == 2
    err = capsys.readouterr().err
    assert "no tracker fourth" in err and "rename one" in err and err.count("\n") == 2


@pytest.mark.parametrize("kind", ["short", "image", "times", "negative", "file", "empty", "benchmark"])
def test_damage_is_one_line(
    material: tuple[Path, Path], tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    results, root = material
    out, benchmark = tmp_path / "out", "otb100"
    if kind == "short":
        table(results / "poor/Deer.txt", moving(5))
    elif kind == "image":
        (root / "Couple/img/0003.jpg").write_bytes(b"\xff\xd8\xff")
    elif kind == "times":
        (results / "poor/times/Deer_time.txt").write_text("soon\n")
    elif kind == "negative":
        table(results / "poor/times/Deer_time.txt", [(-1.0,)] * 6)
    elif kind == "file":
        out.write_text("mine")
    elif kind == "empty":
        (results / "none").mkdir()
    else:
        benchmark = "otb1000"
    assert report("--benchmark", benchmark, "--results", results, "--root", root, "--output", out) == 2
    words = {
        "short": "Deer.txt: 5 rows",
        "image": "0003.jpg",
        "times": "Deer_time.txt, line 1",
        "negative": "Deer_time.txt: a time is negative",
        "file": "out: is a file",
        "empty": "none: no result",
        "benchmark": "otb1000",
    }
    text = capsys.readouterr().err
    assert words[kind] in text.replace("\\", "/") and text.count("\n") == 1
    assert not out.is_dir()


def contrast(a: str, b: str) -> float:
    """Ratio of two colours as WCAG 2 defines it."""
    lights = []
    for color in (a, b):
        parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        lights.append(float(linear @ (0.2126, 0.7152, 0.0722)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_trackers_can_be_told_apart() -> None:
    looks = [look(i) for i in range(28)]
    assert len({(one.color, one.dash) for one in looks}) == 28
    assert all(a.color != b.color and a.dash != b.dash for a, b in zip(looks, looks[1:], strict=False))
    for light, dark in SERIES:
        assert contrast(light, "#fefefe") >= 3 and contrast(dark, "#15191d") >= 3
