"""The engine: targets that come, go and change while it runs, and what the files say of it afterwards."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import FRAMES, START, TemplateTracker, damage, true_box, write_video
from tracker.box import Box, iou
from tracker.errors import InputError
from tracker.live.engine import Engine
from tracker.live.followers import Copies
from tracker.live.sinks.boxes import Boxes
from tracker.live.sources import Frame, Source, Span, open_source
from tracker.live.targets import PALETTE, TargetInfo

ASIDE = Box(100, 70, 30, 30)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def of(table: list[dict[str, str]], id: int) -> dict[int, dict[str, str]]:
    return {int(row["frame"]): row for row in table if row["id"] == str(id)}


@pytest.fixture
def source(video: Path) -> Iterator[Source]:
    with open_source(str(video)) as opened:
        yield opened


def engine_on(source: Source, *sinks: Boxes) -> Engine:
    return Engine(source, Copies(TemplateTracker()), sinks)


def test_edits_are_in_the_rows_of_the_frame_that_was_looked_at(source: Source, tmp_path: Path) -> None:
    with engine_on(source, Boxes(tmp_path / "a.csv")) as engine:
        assert engine.add(START) == 1
        for step in engine:
            if step.index == 5:
                assert engine.add(ASIDE, "other") == 2
                assert engine.current.results[2].box == ASIDE and 2 not in step.results
            if step.index == 10:
                engine.redraw(1, true_box(10))
                engine.rename(2, "leaf")
            if step.index == 20:
                engine.remove(2)
                assert set(engine.current.results) == {1}
                assert engine.add(ASIDE) == 3, "an id is never used again"
            if step.index == 25:
                break
    table = rows(tmp_path / "a.csv")
    first, second, third = (of(table, id) for id in (1, 2, 3))
    assert list(first) == list(range(26)) and list(second) == list(range(5, 20)) and list(third) == list(range(20, 26))
    assert second[5]["score"] == "1" and Box(*(float(second[5][k]) for k in "xywh")) == ASIDE
    assert [float(first[10][k]) for k in "xywh"] == pytest.approx(true_box(10).xywh, abs=1e-4)
    assert second[9]["name"] == "other" and second[10]["name"] == "leaf"


def test_targets_can_come_when_the_run_has_begun(source: Source, tmp_path: Path) -> None:
    with engine_on(source, Boxes(tmp_path / "a.csv")) as engine:
        for step in engine:
            if step.index == 30:
                engine.add(true_box(30))
    table = rows(tmp_path / "a.csv")
    assert [int(row["frame"]) for row in table] == list(range(30, FRAMES))
    got = [[float(row[k]) for k in "xywh"] for row in table]
    assert iou(got, [true_box(i).xywh for i in range(30, FRAMES)]).mean() > 0.9
    assert engine.summary.frames == FRAMES


def test_the_frame_in_hand_can_be_seen_before_anything_is_tracked(source: Source) -> None:
    with engine_on(source) as engine:
        first = engine.first()
        assert first.index == 0 and not first.results and engine.current is first


@pytest.mark.parametrize("box", [Box(500, 0, 10, 10), Box(0, 0, 0, 10)])
def test_a_box_that_cannot_be_tracked_changes_nothing(source: Source, box: Box) -> None:
    with engine_on(source) as engine:
        engine.add(START)
        for step in engine:
            if step.index == 3:
                with pytest.raises(InputError, match="frame 3"):
                    engine.add(box)
                with pytest.raises(InputError, match="frame 3"):
                    engine.redraw(1, box.xywh)
                assert engine.current is step and set(engine.targets) == {1}
            if step.index == 6:
                break
        with pytest.raises(KeyError):
            engine.redraw(2, START)
        with pytest.raises(KeyError):
            engine.remove(2)
        with pytest.raises(KeyError):
            engine.rename(2, "x")


def test_given_boxes_and_absences_of_several_targets(source: Source) -> None:
    given = {4: {1: None}, 8: {1: true_box(8), 2: ASIDE}, 99: {1: START}}
    with Engine(source, Copies(TemplateTracker()), given=given) as engine:
        engine.add(START)
        engine.add(ASIDE)
        steps = {step.index: step for step in engine}
    assert steps[4].away == {1} and steps[7].results[1].lost and not steps[4].results[2].lost
    assert steps[7].results[1].box == steps[3].results[1].box
    assert steps[8].given == {1, 2} and set(steps[8].tracked) == {2} and not steps[8].away
    assert iou(steps[20].results[1].box.xywh, true_box(20).xywh) > 0.8
    assert engine.summary.away == 4 and engine.summary.unused == (99,)


def test_nothing_can_be_drawn_on_an_unreadable_frame(tmp_path: Path) -> None:
    path = damage(write_video(tmp_path / "a.mp4"))
    seen = 0
    with open_source(str(path)) as source, engine_on(source) as engine:
        engine.add(START)
        for step in engine:
            if not step.readable:
                seen += 1
                with pytest.raises(InputError, match="could not be read"):
                    engine.add(ASIDE)
    assert seen == engine.summary.bad > 0


class News(Source):
    """A live source that is away for a while, and comes back with frames of another size."""

    live = True

    @classmethod
    def claims(cls, address: str) -> bool:
        return False

    def open(self) -> None:
        pass

    def read(self) -> Iterator[Frame]:
        yield Frame(0, np.zeros((60, 80, 3), np.uint8))
        yield Frame(1, None, status="reconnecting, 1 s")
        yield Frame(1, np.zeros((120, 160, 3), np.uint8))


def test_news_of_a_source_are_seen_and_not_written(tmp_path: Path) -> None:
    with News("news") as source, engine_on(source, Boxes(tmp_path / "a.csv")) as engine:
        engine.add(Box(10, 10, 20, 20))
        seen = [(step.index, step.status, step.readable) for step in engine]
    assert seen == [(0, "", True), (0, "reconnecting, 1 s", False), (1, "", True)]
    assert len(rows(tmp_path / "a.csv")) == engine.summary.frames == 2 and engine.summary.bad == 0


class Failure(Exception):
    pass


def test_an_error_in_the_loop_leaves_what_is_useful(video: Path, tmp_path: Path) -> None:
    for at, left in ((0, False), (9, True)):
        path = tmp_path / f"{at}.csv"
        with (
            pytest.raises(Failure),
            open_source(str(video), Span(0, 20)) as source,
            engine_on(source, Boxes(path)) as engine,
        ):
            engine.add(START)
            for step in engine:
                if step.index == at:
                    raise Failure
        assert path.exists() == left
    assert len(rows(tmp_path / "9.csv")) == 9, "the frame on which it failed is not written"


def test_colours_and_labels() -> None:
    assert TargetInfo(2).label == "target 2" and TargetInfo(2, "cat").label == "cat"
    assert TargetInfo(1).colour == TargetInfo(9).colour == PALETTE[0] and len(set(PALETTE)) == 8
