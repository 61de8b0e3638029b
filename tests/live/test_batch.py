"""A batch in this process: what it writes, what it does not do twice, and what one bad video costs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.helpers import FRAMES, TemplateTracker, damage, draw_frame, true_box, write_video
from tests.live.batching import BOX, Page, clips, stamps, summary, table
from tracker.box import iou
from tracker.errors import InputError
from tracker.formats import read_rows
from tracker.live.batch.jobs import Jobs, read_jobs
from tracker.live.batch.page import write_page
from tracker.live.batch.records import Store
from tracker.live.batch.run import Outcome, execute
from tracker.live.batch.summary import write_summary
from tracker.live.batch.work import Wanted


def run(store: Store, jobs: Jobs, **how: Any) -> dict[str, Outcome]:
    """Do all, and write the table and the page."""
    done = {outcome.name: outcome for outcome in execute(store, jobs.jobs, TemplateTracker, 0, **how)}
    write_page(store, jobs, write_summary(store, jobs), "clips <b>&")
    return done


def tracked(outcomes: dict[str, Outcome]) -> list[str]:
    """Which videos were tracked, not merely looked at."""
    return sorted(name for name, outcome in outcomes.items() if not outcome.before)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "out", Wanted(), {"weights": "1"})


def test_boxes_video_and_table_are_written(video: Path, tmp_path: Path, store: Store) -> None:
    store = replace(store, wanted=Wanted(video=True))
    late = ",".join(f"{value:g}" for value in true_box(20).xywh)
    jobs = read_jobs(table(tmp_path / "jobs.csv", f"{video},{BOX},first,,clip", f"{video},{late},later,20,"))
    assert run(store, jobs)["clip"].frames == FRAMES
    rows = read_rows(store.folder / "boxes" / "clip.csv")
    assert [row.frame for row in rows if row.id == 1] == list(range(FRAMES))
    assert [row.frame for row in rows if row.id == 2] == list(range(20, FRAMES)) and rows[-1].name == "later"
    assert iou([r.box.xywh for r in rows], [true_box(r.frame).xywh for r in rows]).mean() > 0.9
    capture = cv2.VideoCapture(str(store.folder / "videos" / "clip.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES and capture.get(cv2.CAP_PROP_FPS) == 25
    first, second = summary(store.folder)
    assert (first["state"], first["target"], first["name"], first["frames"], first["lost_frames"]) == (
        "done", "1", "first", "60", "0",
    )  # fmt: skip
    assert second["first_frame"] == "20" and second["frames"] == "40" and float(second["mean_score"]) > 0.9
    assert first["boxes"] == "boxes/clip.csv" and first["annotated"] == "videos/clip.mp4"
    assert sorted(p.name for p in store.folder.iterdir()) == ["boxes", "index.html", "records", "summary.csv", "videos"]


@pytest.mark.parametrize("form", ["mot", "jsonl", "otb", "cvat"])
def test_boxes_in_the_form_that_is_wanted(video: Path, tmp_path: Path, store: Store, form: str) -> None:
    store = replace(store, wanted=Wanted(form))
    run(store, read_jobs(table(tmp_path / "jobs.csv", f"{video},{BOX},,,")))
    (file,) = (store.folder / "boxes").iterdir()
    assert len(read_rows(file, form)) == FRAMES


def test_what_is_done_is_not_done_again(tmp_path: Path, store: Store) -> None:
    clips(tmp_path / "clips", 3)
    jobs = read_jobs(tmp_path / "clips")
    assert tracked(run(store, jobs)) == ["clip0", "clip1", "clip2"]
    before = stamps(store.folder)
    assert tracked(run(store, jobs)) == [] and stamps(store.folder) == before


def test_what_has_changed_is_done_again(tmp_path: Path, store: Store) -> None:
    """A box, a video, a damaged or missing result, a damaged record: that one video and no other."""
    paths = clips(tmp_path / "clips", 6)
    run(store, read_jobs(tmp_path / "clips"))
    boxes = store.folder / "boxes"
    paths[0].with_suffix(".box.txt").write_text("21,40,24,24\n")
    write_video(paths[1], 20)
    (boxes / "clip2.csv").write_text((boxes / "clip2.csv").read_text()[:-20])
    (boxes / "clip3.csv").unlink()
    (store.folder / "records" / "clip4.json").write_text("{")
    (boxes / "clip4.csv").unlink()
    jobs = read_jobs(tmp_path / "clips")
    assert tracked(run(store, jobs)) == ["clip0", "clip1", "clip2", "clip3", "clip4"]
    assert tracked(run(store, jobs)) == []
    assert len(read_rows(boxes / "clip1.csv")) == 20


def test_other_settings_replace_the_results(tmp_path: Path, store: Store) -> None:
    clips(tmp_path / "clips", 2)
    jobs = read_jobs(tmp_path / "clips")
    run(store, jobs)
    assert tracked(run(replace(store, identity={"weights": "2"}), jobs)) == ["clip0", "clip1"]
    assert tracked(run(replace(store, wanted=Wanted("mot")), jobs)) == ["clip0", "clip1"]
    assert sorted(stamps(store.folder)) == ["clip0.mot", "clip1.mot"], "nothing is left of the other form"


def test_a_bad_video_costs_itself_only(tmp_path: Path, store: Store) -> None:
    paths = clips(tmp_path / "clips", 4)
    paths[0].write_bytes(b"no video" * 100)
    paths[1].with_suffix(".box.txt").write_text("500,40,24,24\n")
    paths[2].with_suffix(".box.txt").unlink()
    paths[2].with_suffix(".csv").write_text("x,y,w,h,frame\n20,40,24,24,99\n")
    jobs = read_jobs(tmp_path / "clips")
    done = run(store, jobs)
    wrong = {name: outcome.error for name, outcome in done.items() if outcome.error}
    assert sorted(wrong) == ["clip0", "clip1", "clip2"]
    assert wrong["clip1"].startswith("clip1.box.txt, line 1: box x: 500..524 lies outside the frame")
    assert sorted(stamps(store.folder)) == ["clip3.csv"], "nothing is left of those that failed"
    rows = {row["result"]: row for row in summary(store.folder)}
    assert rows["clip1"]["state"] == "failed" and rows["clip1"]["error"] == wrong["clip1"]

    again = run(store, jobs)
    assert tracked(again) == [] and again["clip0"].error == wrong["clip0"], "remembered"
    paths[1].with_suffix(".box.txt").write_text(BOX)
    assert tracked(run(store, read_jobs(tmp_path / "clips"))) == ["clip1"], "repaired"
    assert tracked(run(store, jobs, retry_failed=True)) == ["clip0", "clip1", "clip2"]


def test_a_video_that_fails_now_keeps_no_results_of_before(tmp_path: Path, store: Store) -> None:
    (path,) = clips(tmp_path / "clips", 1)
    run(store, read_jobs(tmp_path / "clips"))
    path.write_bytes(b"no video" * 100)
    run(store, read_jobs(tmp_path / "clips"))
    assert stamps(store.folder) == {} and summary(store.folder)[0]["state"] == "failed"


def test_a_file_of_somebody_else_stays(tmp_path: Path, store: Store) -> None:
    clips(tmp_path / "clips", 1)
    mine = store.folder / "boxes" / "clip0.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(InputError, match="no record says"):
        run(store, read_jobs(tmp_path / "clips"))
    assert mine.read_text() == "mine"


def test_another_command_at_a_video_is_left_to_it(tmp_path: Path, store: Store) -> None:
    clips(tmp_path / "clips", 2)
    folder = store.folder / "records"
    folder.mkdir(parents=True)
    (folder / ".clip0.claim").write_text("elsewhere 123 4\ndigest\n")
    (store.folder / ".work" / "clip0").mkdir(parents=True)
    (store.folder / ".work" / "clip1").mkdir(parents=True)
    done = run(store, read_jobs(tmp_path / "clips"))
    assert done["clip0"].left == "process 123 of elsewhere" and tracked(done) == ["clip0", "clip1"]
    assert [p.name for p in (store.folder / ".work").iterdir()] == ["clip0"], "its half of the work is not touched"
    assert [row["state"] for row in summary(store.folder)] == ["not done", "done"]


def test_unreadable_frames_and_images(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "clips" / "frames"
    folder.mkdir(parents=True)
    for index in range(10):
        cv2.imwrite(str(folder / f"{index}.png"), draw_frame(index))
    damage(folder / "5.png")
    (tmp_path / "clips" / "frames.box.txt").write_text(BOX)
    run(store, read_jobs(tmp_path / "clips"))
    (row,) = summary(store.folder)
    assert (row["frames"], row["unreadable"], row["lost_frames"]) == ("10", "1", "1")
    before = (folder / "3.png").stat()
    os.utime(folder / "3.png", ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))
    assert tracked(run(store, read_jobs(tmp_path / "clips"))) == ["frames"], "an image has changed"


def test_the_page_is_whole_and_alone(tmp_path: Path, store: Store) -> None:
    paths = clips(tmp_path / "clips", 3)
    paths[0].with_suffix(".box.txt").write_text(f'<script>alert("1")</script>&={BOX}\nb={BOX}\n')
    odd = paths[1].rename(paths[1].with_name("a b#&'<i>.mp4"))
    odd.with_suffix(".box.txt").write_text(BOX)
    paths[1].with_suffix(".box.txt").unlink()
    paths[2].write_bytes(b"no video" * 100)
    write_video(tmp_path / "clips" / "without.mp4", 3)
    run(store, read_jobs(tmp_path / "clips"))
    page = Page(store.folder / "index.html")
    assert len(page.rows) == 1 + 4 and "<script>alert" not in page.text and "<i>.mp4" not in page.text
    links = [given["href"] or "" for tag, given in page.tags if tag == "a"]
    assert "boxes/a%20b%23%26%27_i_.csv" in links
    sources = [given["src"] or "" for tag, given in page.tags if tag == "img"]
    assert len(sources) == 9 and all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not [t for t, given in page.tags if t in {"link", "iframe"} or (t == "script" and given.get("src"))]
    assert "without.mp4" in page.text and "http" not in page.text.replace("http-equiv", "")
    failed = page.rows[1]
    assert failed[0] == "clip2.mp4", "what failed comes first"
    assert {"class": "note failed", "role": "note"} in [given for tag, given in page.tags if tag == "p"]
    assert "<small>video</small>" in page.text, "1 video"
    assert "failed clip2.mp4: " in failed[1] and failed[3] == "-"
    assert page.text.count("clip2.mp4: ") == 1 and str(tmp_path) not in page.text, "once, and not where it is"
    assert next(row for row in page.rows if row[0].startswith("a b"))[0] == "a b#&'<i>.mp4results: a b#&'_i_"


class Doubtful(TemplateTracker):
    """Loses the target in a third of the frames."""

    def update(self, frame: np.ndarray) -> Any:
        self.count = getattr(self, "count", 0) + 1
        found = super().update(frame)
        return replace(found, score=0.1, lost=True) if 25 <= self.count < 50 else found


def test_lost_spans_are_marked(tmp_path: Path, store: Store) -> None:
    clips(tmp_path / "clips", 1, frames=75)
    jobs = read_jobs(tmp_path / "clips")
    list(execute(store, jobs.jobs, Doubtful, 0))
    write_page(store, jobs, write_summary(store, jobs), "clips")
    (row,) = summary(store.folder)
    assert (row["lost_frames"], row["lost_share"], row["lost_spans"]) == ("25", "0.3333", "1")
    page = Page(store.folder / "index.html")
    (lost,) = [given for tag, given in page.tags if given.get("class") == "lost"]
    assert lost["x"] == "25" and lost["width"] == "25", "of 75 columns, one a frame"
    assert "lost 25-49" in page.rows[1][2] and not any("#t=" in (given.get("href") or "") for _, given in page.tags)
    assert page.rows[1][3] == "33.3 %" and "data-look" in next(g for t, g in page.tags if t == "tr" and g)


class Shaky(TemplateTracker):
    """Loses the target four times, not before frame 5."""

    def update(self, frame: np.ndarray) -> Any:
        self.count = getattr(self, "count", 0) + 1
        return replace(super().update(frame), lost=self.count in (5, 6, 9, 11, 13))


def test_the_page_shows_the_worst_first_and_leads_to_its_frames(tmp_path: Path, store: Store) -> None:
    for name, frames in (("a", 4), ("b", 20), ("c", 4)):
        write_video(tmp_path / f"{name}.mp4", frames)
    store = replace(store, wanted=Wanted(video=True))
    jobs = read_jobs(table(tmp_path / "jobs.csv", *(f"{name}.mp4,{BOX},,," for name in "abc")))
    list(execute(store, jobs.jobs[:2], Shaky, 0))
    write_page(store, jobs, write_summary(store, jobs), "jobs")
    page = Page(store.folder / "index.html")
    assert [row[0] for row in page.rows[1:]] == ["b.mp4", "a.mp4", "c.mp4"], "lost, not lost, not done"
    assert page.rows[1][2].endswith("lost 5-6, 9, 11 and 1 more") and "lost" not in page.rows[2][2]
    assert page.rows[3][1] == "not done "
    links = [given["href"] or "" for tag, given in page.tags if tag == "a"]
    assert links.count("videos/b.mp4#t=0.20") == 1, "frame 5 of 25 a second, in the strip"
    assert links.count("videos/a.mp4#t=0.00") == 1, "the first thumbnail"
