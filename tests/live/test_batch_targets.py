"""What one bad target costs: itself, and not the others of its video."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from tests.helpers import damage, draw_frame, true_box
from tests.live.batching import BOX, Page, clips, summary, table
from tests.live.test_batch import run, tracked
from tracker.formats import read_rows
from tracker.live.batch.jobs import Jobs, read_jobs
from tracker.live.batch.records import Store
from tracker.live.batch.work import Wanted

OUTSIDE = "jobs.csv, line 3 (far): box x: 400..424 lies outside the frame, which is 160x120 pixels"
BEYOND = "jobs.csv, line 4 (late): the video ends with frame 11, before 99"


def at(frame: int) -> str:
    return ",".join(f"{value:g}" for value in true_box(frame).xywh)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "out", Wanted(), {"weights": "1"})


def jobs_of(place: Path, *rows: str) -> Jobs:
    """One clip of twelve frames, with targets as rows have them."""
    if not (place / "in" / "clip0.mp4").exists():
        clips(place / "in", 1)
    return read_jobs(table(place / "jobs.csv", *(f"in/clip0.mp4,{row}," for row in rows)))


def test_the_good_targets_of_a_video_are_tracked(tmp_path: Path, store: Store) -> None:
    jobs = jobs_of(tmp_path, f"{BOX},near,0", "400,40,24,24,far,0", f"{BOX},late,99", f"{at(5)},second,5")
    outcome = run(store, jobs)["clip0"]
    assert outcome.frames == 12 and not outcome.error and outcome.partly == f"{OUTSIDE}; {BEYOND}"
    rows = {row["name"]: row for row in summary(store.folder)}
    assert [rows[name]["state"] for name in ("near", "second", "far", "late")] == ["done", "done", "failed", "failed"]
    assert rows["far"]["error"] == OUTSIDE and rows["late"]["error"] == BEYOND and not rows["near"]["error"]
    found = read_rows(store.folder / "boxes" / "clip0.csv")
    assert {(row.id, row.name) for row in found} == {(1, "near"), (2, "second")} and len(found) == 12 + 7
    page = Page(store.folder / "index.html")
    assert page.text.count(OUTSIDE) == 1 == page.text.count(BEYOND) and str(tmp_path) not in page.text
    (note,) = (given for tag, given in page.tags if tag == "a" and given["href"] == "#video-0")
    assert [given["class"] for tag, given in page.tags if tag == "tr" and given.get("id") == (note["href"] or "")[1:]]


def test_it_is_as_if_the_bad_target_had_not_been_asked_for(tmp_path: Path, store: Store) -> None:
    """Also where the first one is bad, with which tracking would have begun."""
    store = replace(store, wanted=Wanted(video=True))
    run(store, jobs_of(tmp_path, "400,40,24,24,far,0", f"{at(5)},second,5"))
    other = replace(store, folder=tmp_path / "other")
    run(other, jobs_of(tmp_path, f"{at(5)},second,5"))
    for name in ("boxes/clip0.csv", "videos/clip0.mp4"):
        assert (store.folder / name).read_bytes() == (other.folder / name).read_bytes()


def test_a_video_whose_targets_are_all_bad_fails(tmp_path: Path, store: Store) -> None:
    jobs = jobs_of(tmp_path, f"{BOX},early,98", "400,40,24,24,far,0", f"{BOX},late,99")
    outcome = run(store, jobs)["clip0"]
    for wrong in (OUTSIDE, "line 2 (early): has no frame 98, the source has 12 frames", "line 4 (late): has no frame"):
        assert wrong in outcome.error
    assert [row["state"] for row in summary(store.folder)] == ["failed"] * 3 and not list(store.folder.glob("boxes/*"))


def test_a_target_on_an_unreadable_frame_is_bad(tmp_path: Path, store: Store) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    for index in range(8):
        cv2.imwrite(str(frames / f"{index}.png"), draw_frame(index))
    for index in (0, 5):
        damage(frames / f"{index}.png")
    rows = [f"frames,{at(frame)},from {frame},{frame}," for frame in (0, 2, 5)]
    outcome = run(store, read_jobs(table(tmp_path / "jobs.csv", *rows)))["frames"]
    assert "line 2 (from 0): frame 0 cannot be read;" in outcome.partly
    assert "line 4 (from 5): frame 5: could not be read" in outcome.partly and not outcome.error
    assert {row.name for row in read_rows(store.folder / "boxes" / "frames.csv")} == {"from 2"}


def test_it_is_remembered_and_done_again_when_the_row_is_mended(tmp_path: Path, store: Store) -> None:
    good, bad = f"{BOX},near,0", "400,40,24,24,far,0"
    run(store, jobs_of(tmp_path, good, bad))
    again = run(store, jobs_of(tmp_path, good, bad), retry_failed=True)
    assert tracked(again) == [] and again["clip0"].partly == OUTSIDE and again["clip0"].frames == 12
    moved = run(store, read_jobs(table(tmp_path / "jobs.csv", "", *(f"in/clip0.mp4,{row}," for row in (good, bad)))))
    assert tracked(moved) == [] and "line 4 (far)" in moved["clip0"].partly, "where it stands now"
    mended = run(store, jobs_of(tmp_path, good, f"{at(0)},far,0"))
    assert tracked(mended) == ["clip0"] and not mended["clip0"].partly
    assert {row["state"] for row in summary(store.folder)} == {"done"}


def test_missing_videos_fail_where_that_is_wanted(tmp_path: Path, store: Store) -> None:
    clips(tmp_path, 1)
    path = table(tmp_path / "jobs.csv", f"clip0.mp4,{BOX},,,", f"clip1.mp4,{BOX},,,")
    done = run(store, read_jobs(path, skip_missing=True))
    assert "clip1.mp4: " in done["clip1"].error and not done["clip0"].error and str(tmp_path) not in done["clip1"].error
    clips(tmp_path, 2)
    assert "clip1" in tracked(run(store, read_jobs(path, skip_missing=True))), "it is there now"
