"""got10k's own experiments around our trackers and results: run, resumed, reported, and beside our numbers."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.evaluation.helpers import Fragile, Mover, images, moving, oracles, otb, table
from tests.helpers import ROOT, TemplateTracker, draw_frame, shared, true_box
from tracker.box import Box
from tracker.cli.main import main
from tracker.errors import InputError
from tracker.evaluation.running.trackers import Choice, open_tracker

pytest.importorskip("got10k", reason="got10k is not installed (siamsa[eval])")
pytestmark = pytest.mark.slow  # the package takes seconds to import and to plot

HELPERS = "tests.evaluation.helpers"


def got10k(*words: object) -> int:
    return main(["evaluate", "got10k", *map(str, words)])


def adapter() -> Any:
    from tracker.evaluation.adapters import got10k

    return got10k


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three tiny OTB sequences, one of two targets."""
    data = tmp_path / "data"
    otb(data, "Couple", range(1, 9))
    otb(data, folder="Jogging", truth="groundtruth_rect.1.txt")
    table(data / "Jogging/groundtruth_rect.2.txt", moving(8, (30, 20, 6, 6)))
    return data


def experiment(root: Path, tmp_path: Path, benchmark: str = "otb100") -> Any:
    return adapter().open_experiment(benchmark, root, tmp_path / "results", tmp_path / "reports")


def test_tracker_class_counts_from_zero_inside_and_times_the_tracker_alone(root: Path) -> None:
    """Under the package's own dataset and loop, which hand over boxes as the files have them."""
    from got10k.datasets import OTB

    dataset = OTB(str(root), 2015, download=False)
    follower = Mover()
    files, truth = dataset["Couple"]
    boxes, seconds = adapter().Got10kTracker(follower, origin=1).track(files, truth[0])
    assert follower.given == Box(4, 5, 10, 8) and boxes.tolist() == truth.tolist()
    assert follower.grey == pytest.approx([10 + 2 * n for n in range(1, 9)], abs=1)
    assert seconds.shape == (8,) and (seconds > 0).all() and seconds.sum() < 0.1


def test_images_are_handed_over_in_bgr(tmp_path: Path) -> None:
    from PIL import Image

    seen = []
    follower = Mover()
    follower.init = lambda frame, box: seen.append(frame)  # type: ignore[method-assign]
    adapter().Got10kTracker(follower).init(Image.new("RGB", (4, 3), (255, 0, 7)), (0, 0, 2, 2))
    assert seen[0].shape == (3, 4, 3) and seen[0][0, 0].tolist() == [7, 0, 255]


def test_sequences_are_what_the_package_reads_itself(root: Path, tmp_path: Path) -> None:
    from got10k.datasets import OTB

    theirs, ours = OTB(str(root), 2015, download=False), experiment(root, tmp_path).dataset
    assert [n.replace("-", ".") for n in ours.seq_names] == theirs.seq_names and len(ours) == len(theirs)
    for (frames, truth), (their_frames, their_truth) in zip(ours, theirs, strict=True):
        assert frames == their_frames and truth.tolist() == their_truth.tolist()


def test_run_and_report(root: Path, tmp_path: Path) -> None:
    made = experiment(root, tmp_path)
    outcomes = made.run(adapter().Got10kTracker(Mover(), "mine"))
    assert [o.name for o in outcomes] == ["Couple", "Jogging-1", "Jogging-2"] and not any(o.error for o in outcomes)
    assert (tmp_path / "results/mine/Couple.txt").read_text().startswith("5.000,6.000,10.000,8.000\n6.000,")
    performance = made.report(["mine"])
    assert performance["mine"]["overall"]["success_score"] == pytest.approx(20 / 21)
    held = sorted(path.name for path in (tmp_path / "reports/mine").iterdir())
    assert held == ["performance.json", "precision_plots.png", "success_plots.png"]
    assert json.loads((tmp_path / "reports/mine/performance.json").read_text()).keys() == {"mine"}
    assert [p.name for p in (tmp_path / "reports").iterdir()] == ["mine"]  # nothing half-made is left


@pytest.mark.parametrize("damage", ["truncated", "stale", "times"])
def test_a_file_is_not_taken_for_a_result_because_it_exists(root: Path, tmp_path: Path, damage: str) -> None:
    made = experiment(root, tmp_path)
    made.run(adapter().Got10kTracker(Mover(), "mine"))
    path = tmp_path / "results/mine" / ("times/Couple_time.txt" if damage == "times" else "Couple.txt")
    good = path.read_text()
    path.write_text(good[: len(good) // 2] if damage != "stale" else good.replace("8.000", "9.000"))
    assert [o.name for o in made.run(adapter().Got10kTracker(Mover(), "mine"))] == ["Couple"]
    assert damage == "times" or path.read_text() == good
    assert made.run(adapter().Got10kTracker(Mover(), "mine")) == []


def test_other_peoples_results_are_not_overwritten(root: Path, tmp_path: Path) -> None:
    table(tmp_path / "results/mine/Couple.txt", moving(8))
    with pytest.raises(InputError, match="no record says that this run wrote it"):
        experiment(root, tmp_path).run(adapter().Got10kTracker(Mover(), "mine"))
    (tmp_path / "results/mine/Couple.txt").write_text("5,6,10,8\n")
    with pytest.raises(InputError, match="Couple.txt: 1 rows, but the ground truth has 8"):
        experiment(root, tmp_path).report(["mine"])


def test_a_failure_costs_its_sequence_only(root: Path, tmp_path: Path) -> None:
    images(root / "Couple/img", range(1, 9))
    for number in (5, 6, 7):
        cv2.imwrite(str(root / f"Jogging/img/{number:04d}.jpg"), np.full((48, 64, 3), 250, np.uint8))
    outcomes = experiment(root, tmp_path).run(adapter().Got10kTracker(Fragile(), "fragile"))
    assert [o.name for o in outcomes] == ["Couple", "Jogging-1", "Jogging-2"] and all(o.error for o in outcomes)
    assert "not finite" in outcomes[0].error and "frame 1" in outcomes[0].error
    (root / "Couple/img/0004.jpg").write_bytes((root / "Couple/img/0004.jpg").read_bytes()[:300])
    outcomes = experiment(root, tmp_path).run(adapter().Got10kTracker(Mover(), "other"))
    assert [bool(o.error) for o in outcomes] == [True, False, False]
    assert outcomes[0].bad_input and "0004.jpg: cannot be read as an image" in outcomes[0].error


def test_what_is_left_after_a_failure_is_reported(root: Path, tmp_path: Path) -> None:
    (root / "Couple/img/0004.jpg").write_bytes(b"no image")
    out = tmp_path / "s.json"
    assert got10k("--benchmark", "otb100", "--root", root, "--output", tmp_path / "out", "--json", out,
                  "--tracker", f"{HELPERS}:Mover") == 2  # fmt: skip
    assert json.loads(out.read_text())["Mover"]["sequences"] == "2 of 100 sequences"


def test_trackers_of_the_package_run_as_well(root: Path, tmp_path: Path) -> None:
    from got10k.trackers import IdentityTracker

    made = experiment(root, tmp_path)
    assert len(made.run(IdentityTracker())) == 3
    assert made.report(["IdentityTracker"])["IdentityTracker"]["overall"]["precision_score"] == 1


def got10k_val(root: Path) -> None:
    """Two GOT-10k sequences; boxes that reach out of the image, and frames without a visible target."""
    for i, count in ((1, 6), (2, 9)):
        folder = root / f"val/GOT-10k_Val_00000{i}"
        images(folder, range(1, count + 1), 8)
        table(folder / "groundtruth.txt", moving(count, (10, 6, 20, 12)))
        (folder / "cover.label").write_text("".join("0\n" if n == 3 else "8\n" for n in range(count)))
        (folder / "absence.label").write_text("".join("1\n" if n == 2 else "0\n" for n in range(count)))
        (folder / "cut_by_image.label").write_text("0\n" * count)
        (folder / "meta_info.ini").write_text("[METAINFO]\nurl: http://x\nresolution: (64, 48)\n")
    (root / "val/list.txt").write_text("GOT-10k_Val_000001\nGOT-10k_Val_000002\n")


def test_got10k_validation_equals_ours_within_the_image(tmp_path: Path) -> None:
    got10k_val(tmp_path / "data")
    out = tmp_path / "s.json"
    words = ("--benchmark", "got10k_val", "--root", tmp_path / "data", "--output", tmp_path / "out", "--json", out)
    assert got10k(*words, "--tracker", f"{HELPERS}:Still") == 0
    entry = json.loads(out.read_text())["Still"]
    assert entry["difference"] == pytest.approx({"ao": 0, "sr50": 0}, abs=1e-12)
    # Pooled: 4 visible frames of the first sequence, 7 of the second, after the one that is given.
    lags = [n for count in (6, 9) for n in range(1, count) if n != 3]
    assert entry["ours"]["ao"] == pytest.approx(np.mean([(20 - n) / (20 + n) for n in lags]))
    assert entry["sequences"] == "2 of 180 sequences"
    # As the package's own dataset class has it.
    from got10k.experiments import ExperimentGOT10k

    theirs = ExperimentGOT10k(str(tmp_path / "data"), "val", str(tmp_path / "theirs"), str(tmp_path / "reports"))
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/GOT-10k").symlink_to(tmp_path / "out/results")
    assert theirs.report(["Still"])["Still"]["overall"]["ao"] == pytest.approx(entry["got10k"]["ao"], abs=1e-12)


def test_got10k_moves_boxes_into_the_image(tmp_path: Path) -> None:
    """The explained difference: a box that begins left of the image keeps its whole width there."""
    got10k_val(tmp_path / "data")
    name = "GOT-10k_Val_000001"
    table(tmp_path / "data/val" / name / "groundtruth.txt", [(0, 6, 20, 12)] * 6)
    table(tmp_path / f"results/left/{name}/{name}_001.txt", [(-10, 6, 20, 12)] * 6)
    out = tmp_path / "s.json"
    assert got10k("--benchmark", "got10k_val", "--root", tmp_path / "data", "--results", tmp_path / "results",
                  "--output", tmp_path / "out", "--json", out) == 0  # fmt: skip
    entry = json.loads(out.read_text())["left"]
    assert entry["got10k"]["ao"] == pytest.approx(1) and entry["ours"]["ao"] == pytest.approx(1 / 3)


def test_got10k_test_set_becomes_a_zip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "GOT-10k_Test_000001"
    images(tmp_path / "data/test" / name, range(1, 6), 8)
    table(tmp_path / "data/test" / name / "groundtruth.txt", moving(1))
    assert got10k("--benchmark", "got10k_test", "--root", tmp_path / "data", "--output", tmp_path / "out",
                  "--tracker", f"{HELPERS}:Mover") == 0  # fmt: skip
    with zipfile.ZipFile(tmp_path / "out/results/Mover.zip") as archive:
        held = sorted(n for n in archive.namelist() if not n.endswith("/"))
        assert held == [f"{name}/{name}_001.txt", f"{name}/{name}_time.txt"]
        assert len(archive.read(held[0]).splitlines()) == 5


def test_uav123_leaves_out_frames_without_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images(tmp_path / "data/data_seq/UAV123/boat1", range(1, 7), 6)
    rows = moving(6)
    rows[2] = (np.nan,) * 4
    table(tmp_path / "data/anno/UAV123/boat1.txt", rows)
    out = tmp_path / "s.json"
    words = ("--benchmark", "uav123", "--root", tmp_path / "data", "--output", tmp_path / "out", "--json", out)
    assert got10k(*words, "--tracker", f"{HELPERS}:Mover") == 0
    entry = json.loads(out.read_text())["Mover"]
    assert entry["got10k"]["success"] == pytest.approx(20 / 21)
    assert entry["ours"]["success"] == pytest.approx(20 / 21 * 5 / 6) and entry["ours"]["precision"] == 1
    assert got10k(*words, "--tracker", f"{HELPERS}:Mover", "--invalid", "drop") == 0  # nothing is run again
    assert json.loads(out.read_text())["Mover"]["difference"] == pytest.approx(dict.fromkeys(entry["ours"], 0))
    text = capsys.readouterr().out
    assert "1 of 123 sequences" in text and "0 sequences run" in text and "left out, where NaN" in text


@pytest.mark.parametrize("which", ["OTB100", "UAV123"])
def test_published_results_by_both(which: str, tmp_path: Path) -> None:
    """Whole benchmarks: equal, but for frames whose ground truth is invalid."""
    folder, out = oracles(), tmp_path / "s.json"
    invalid = "drop" if which == "UAV123" else "pysot"
    assert got10k("--benchmark", which, "--results", folder / which, "--annotations", folder / which / "gt",
                  "--invalid", invalid, "--output", tmp_path, "--json", out) == 0  # fmt: skip
    expected = json.loads((folder / "expected.json").read_text())
    for tracker, entry in json.loads(out.read_text()).items():
        wanted = expected[f"{which}/{tracker}"]
        assert entry["difference"]["success"] == pytest.approx(0, abs=1e-12)
        if which == "UAV123":
            assert entry["got10k"]["precision"] == pytest.approx(wanted["p20_nan_dropped"], abs=1e-6)
            continue
        assert entry["got10k"]["success"] == pytest.approx(wanted["auc"], abs=1e-9)
        # Both have one frame whose box has no size: a hit by PySOT, a distance like any other by got10k.
        away = {name: part["difference"]["precision"] for name, part in entry["per_sequence"].items()}
        assert {n: v for n, v in away.items() if v} == pytest.approx({"Board": -1 / 698, "Twinnings": -1 / 472})


def test_real_sequences_with_another_tracker(tmp_path: Path) -> None:
    """All nine that lie beside the repository, David from frame 300 on, both targets of Jogging."""
    root = shared() / "benchmarks/OTB100"
    made = adapter().open_experiment("otb100", root, tmp_path / "results", tmp_path / "reports")
    outcomes = made.run(adapter().Got10kTracker(TemplateTracker(), "template"))
    assert len(outcomes) == 9 and sum(o.frames for o in outcomes) == 2068 and not any(o.error for o in outcomes)
    overall = made.report(["template"])["template"]["overall"]
    assert main(["evaluate", "score", "--benchmark", "otb100", "--root", str(root), "--results",
                 str(tmp_path / "results"), "--json", str(tmp_path / "s.json")]) == 0  # fmt: skip
    ours = json.loads((tmp_path / "s.json").read_text())["template"]
    assert ours["sequences"] == "9 of 100 sequences"
    assert (ours["success"], ours["precision"]) == pytest.approx((overall["success_score"], overall["precision_score"]))


def clip(folder: Path, count: int = 12) -> None:
    """A rendered sequence in OTB's layout."""
    (folder / "img").mkdir(parents=True)
    for index in range(count):
        cv2.imwrite(str(folder / f"img/{index + 1:04d}.jpg"), draw_frame(index))
    rows = [true_box(index).xywh for index in range(count)]
    table(folder / "groundtruth_rect.txt", [(x + 1, y + 1, w, h) for x, y, w, h in rows])


def test_shipped_checkpoint_equals_our_own_run(tmp_path: Path) -> None:
    clip(tmp_path / "data/Couple")
    assert got10k("--benchmark", "otb100", "--root", tmp_path / "data", "--output", tmp_path / "out",
                  "--json", tmp_path / "s.json", "--device", "cpu", "--name", "mine") == 0  # fmt: skip
    assert main(["evaluate", "run", "--benchmark", "otb100", "--root", str(tmp_path / "data"), "--name", "mine",
                 "--output", str(tmp_path / "own"), "--device", "cpu"]) == 0  # fmt: skip
    theirs = np.loadtxt(tmp_path / "out/results/mine/Couple.txt", delimiter=",")
    own = np.loadtxt(tmp_path / "own/mine/Couple.txt", delimiter=",")
    assert np.abs(theirs - own).max() <= 0.00051  # the package writes three decimals, we four
    entry = json.loads((tmp_path / "s.json").read_text())["mine"]
    assert entry["difference"]["success"] == pytest.approx(0) and entry["got10k"]["success"] > 0.3
    held = json.loads((tmp_path / "out/results/mine/records/Couple.json").read_text())
    assert held["rows"] == 12 and held["tracking_seconds"] > 0


def test_identity_of_an_entry_is_kept(root: Path, tmp_path: Path) -> None:
    entry = open_tracker(Choice(f"{HELPERS}:Mover"))
    experiment(root, tmp_path).run(adapter().Got10kTracker(entry))
    text = (tmp_path / "results/Mover/config.yaml").read_text()
    assert f"tracker: {HELPERS}:Mover" in text and "run_by: got10k" in text
    with pytest.raises(InputError, match="holds results of another run"):
        experiment(root, tmp_path).run(adapter().Got10kTracker(Mover(), "Mover"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--benchmark", "vot2016", "--root", "data"], "got10k has no experiment for VOT2016"),
        (["--benchmark", "otb100", "--annotations", "data"], "a tracker needs images"),
    ],
)
def test_bad_usage(root: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    images(root / "bag", range(1, 4), 8)
    table(root / "bag/groundtruth.txt", moving(3))
    assert got10k(*(str(root) if word == "data" else word for word in words)) == 2
    assert message in capsys.readouterr().err


def test_missing_package_is_one_line(root: Path) -> None:
    code = ("import sys; sys.modules['got10k'] = None; from tracker.cli.main import main;"
            f"sys.exit(main(['evaluate', 'got10k', '--benchmark', 'otb100', '--root', {str(root)!r}]))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and 'pip install "siamsa[eval]"' in done.stderr and done.stderr.count("\n") == 1
