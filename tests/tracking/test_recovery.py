from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tracker.settings import RecoveryConfig
from tracker.tracking.appearance import Appearance, Look
from tracker.tracking.decode import Prediction
from tracker.tracking.others import LATELY, Find
from tracker.tracking.recovery import Instead, Verdict, Watch
from tracker.tracking.target import View

SETTINGS = RecoveryConfig(
    sure_score=0.9,
    gone_score=0.1,
    doubt_likeness=0.5,
    plain_likeness=0.9,
    gone_likeness=0.35,
    back_likeness=0.6,
    learn_likeness=0.8,
    patience=2,
    long_patience=5,
    jump=32,
    check_every=5,
)

SIZE = (44.0, 22.0)


def at(likeness: float, colours: float = 1.0) -> Look:
    """A look of so much cosine with the first one of `watch`, and colours that are so much the same."""
    vectors = (np.array([part, math.sqrt(1 - part**2)], np.float32) for part in (likeness, colours))
    return Look(*vectors)


def watch() -> Watch:
    return Watch(SETTINGS, Appearance(at(1.0), []), (40.0, 20.0), pause=5, level=1.0)


def test_half_of_the_colours_tells_what_comes_out_from_behind_something() -> None:
    halves = np.stack([np.array([1.0, 0.0], np.float32)] * 4)
    judge = watch()
    judge.appearance = Appearance(replace(at(1.0), halves=halves), [])
    emerging = replace(at(0.9, 0.6), halves=halves)
    assert judge.strict_likeness(emerging) < 0.4 < 0.8 < judge.emerging_likeness(emerging) < 0.9
    assert judge.emerging_likeness(at(0.9, 0.6)) == judge.strict_likeness(at(0.9, 0.6))


def never() -> Look:
    raise AssertionError("there was no doubt")


def test_a_sure_box_that_is_like_the_target_is_remembered() -> None:
    judge = watch()
    judge.again()
    for likeness in (0.7, 0.85):
        judge.pause = 1
        assert judge.judge(0.95, (0, 0), SIZE, lambda at_=likeness: at(at_)) is Verdict.SURE  # type: ignore[misc]
    assert judge.appearance.similarity(at(0.85)) == pytest.approx(1)
    assert judge.appearance.similarity(at(0.7)) < 0.99
    # the usual likeness: 1, then 0.94 by 0.7, then a fifth of the way to 0.85
    assert judge.level == pytest.approx(0.922)
    for _ in range(3):  # the last three are kept
        judge.appearance.learn(at(1.0))
    assert judge.appearance.similarity(at(0.85)) == pytest.approx(0.85)


@pytest.mark.parametrize(
    ("score", "likeness", "verdict"),
    [
        (0.85, 0.9, Verdict.DOUBTFUL),
        (0.05, 0.55, Verdict.DOUBTFUL),
        (0.85, 0.45, Verdict.REFUSED),
        (0.05, 0.45, Verdict.LOST),
        (0.85, 0.3, Verdict.LOST),
    ],
)
def test_one_doubtful_box(score: float, likeness: float, verdict: Verdict) -> None:
    assert watch().judge(score, (0, 0), SIZE, lambda: at(likeness)) is verdict


def test_a_sure_box_is_not_looked_at_but_now_and_then() -> None:
    judge, looks = watch(), []
    judge.again()  # from now on ever more rarely, but every 5 frames at least

    def look() -> Look:
        looks.append(len(sure))
        return at(0.95)

    sure: list[int] = []
    for frame in range(1, 20):
        sure.append(frame)
        assert judge.judge(0.95, (1, 1), SIZE, look) is Verdict.SURE
    assert looks == [1, 3, 7, 12, 17]
    assert judge.size == SIZE


def test_a_box_whose_shape_changes_is_looked_at_and_remembered_while_it_is_still_alike() -> None:
    judge = watch()
    for width, likeness in ((46.0, 0.95), (48.0, 0.9), (50.0, 0.88)):
        assert judge.judge(0.95, (0, 0), (width, 22.0), never) is Verdict.SURE
        assert judge.judge(0.95, (0, 0), (width + 8, 22.0), lambda at_=likeness: at(at_)) is Verdict.SURE  # type: ignore[misc]
        judge.shape, judge.pause = math.log((width + 2) / 22), 5
    assert judge.appearance.similarity(at(0.88)) == pytest.approx(1)


def test_what_loses_the_first_colours_bit_by_bit_is_covered_and_not_remembered() -> None:
    judge = watch()
    for colours in (0.95, 0.9, 0.8):
        judge.pause = 1
        assert judge.judge(0.95, (0, 0), SIZE, lambda at_=colours: at(0.95, at_)) is Verdict.SURE  # type: ignore[misc]
    assert judge.appearance.same_colours(at(0.95, 0.9)) == pytest.approx(1)
    assert judge.appearance.same_colours(at(0.95, 0.8)) < 0.99


def test_what_leaves_the_frame_or_becomes_much_smaller_is_not_remembered() -> None:
    judge = watch()
    for size, at_edge, likeness in ((SIZE, True, 0.9), ((30.0, 22.0), False, 0.85)):
        judge.pause = 1
        args = (0.95, (0, 0), size, lambda at_=likeness: at(at_), lambda: False, at_edge)
        assert judge.judge(*args) is Verdict.SURE  # type: ignore[arg-type]
        assert judge.appearance.similarity(at(likeness)) == pytest.approx(likeness)


def test_a_sudden_step_is_looked_at() -> None:
    judge = watch()
    assert judge.judge(0.99, (10, 0), SIZE, never) is Verdict.SURE
    assert judge.judge(0.99, (40, 0), SIZE, never) is Verdict.SURE  # 30 pixels more
    assert judge.judge(0.99, (0, 0), SIZE, lambda: at(0.2)) is Verdict.LOST


def test_a_sudden_step_to_another_thing_is_refused_however_alike() -> None:
    judge = watch()
    assert judge.judge(0.99, (50, 0), SIZE, lambda: at(0.99), lambda: True) is Verdict.REFUSED
    assert watch().judge(0.99, (70, 0), SIZE, lambda: at(0.99), lambda: False) is Verdict.REFUSED
    assert watch().judge(0.99, (50, 0), SIZE, lambda: at(0.99), lambda: False) is Verdict.SURE
    assert watch().judge(0.99, (10, 0), SIZE, never, lambda: True) is Verdict.SURE


def test_two_refused_boxes_in_a_row_are_a_loss() -> None:
    judge = watch()
    assert judge.judge(0.3, (0, 0), SIZE, lambda: at(0.45)) is Verdict.REFUSED
    assert judge.judge(0.7, (0, 0), SIZE, lambda: at(0.7)) is Verdict.DOUBTFUL  # not in a row
    assert judge.judge(0.3, (0, 0), SIZE, lambda: at(0.45)) is Verdict.REFUSED
    assert judge.judge(0.95, (0, 0), SIZE, lambda: at(0.45)) is Verdict.LOST  # sure, but after a refused one


def test_likeness_is_part_of_what_is_usual() -> None:
    judge = watch()
    judge.level = 0.8
    assert judge.likeness(at(0.6)) == pytest.approx(0.75)


def test_another_of_the_kind_has_other_colours() -> None:
    assert watch().strict_likeness(at(0.9, 0.7)) == pytest.approx(0.9 * (0.7 / 0.98) ** 2, rel=1e-3)
    judge = watch()
    assert judge.judge(0.95, (10, 0), SIZE, never) is Verdict.SURE  # not looked at
    judge.pause = 1
    verdicts = [judge.judge(0.95, (10, 0), SIZE, lambda: at(0.95, 0.6)) for _ in range(6)]
    assert verdicts == [Verdict.DOUBTFUL] * 4 + [Verdict.REFUSED, Verdict.LOST]  # something may pass in front of it
    assert watch().judge(0.7, (10, 0), SIZE, lambda: at(0.95, 0.6)) is Verdict.REFUSED
    assert watch().judge(0.99, (50, 0), SIZE, lambda: at(0.99, 0.7)) is Verdict.REFUSED  # after a sudden step


def test_colours_that_change_slowly_become_usual() -> None:
    judge = watch()
    judge.pause = 1
    assert judge.judge(0.95, (0, 0), SIZE, lambda: at(0.7, 0.85)) is Verdict.SURE
    assert judge.hue == pytest.approx(0.954)  # a fifth of the way to 0.85


def test_a_box_that_leaves_doubt_is_followed_by_a_look() -> None:
    judge = watch()
    assert judge.judge(0.7, (0, 0), SIZE, lambda: at(0.7)) is Verdict.DOUBTFUL
    assert judge.judge(0.99, (0, 0), SIZE, lambda: at(0.3)) is Verdict.LOST


def test_at_the_edge_of_the_frame_looks_are_frequent() -> None:
    judge, looks = watch(), []
    judge.pause = 100
    for frame in range(8):
        judge.judge(0.99, (0, 0), SIZE, lambda frame=frame: looks.append(frame) or at(0.99), at_edge=True)  # type: ignore[misc,func-returns-value]
    assert looks == [3, 7]


def turned(angle: float) -> Look:
    """A look at so many degrees from the target's, of the same colours."""
    return at(math.cos(math.radians(angle)))


def test_what_looks_rather_like_a_thing_that_was_met_is_not_the_target() -> None:
    judge = watch()
    other = judge.others.add((60.0, 0.0))
    judge.meet((0.0, 0.0), 30.0, lambda place: turned(50))
    assert not judge.others.meeting and len(other.looks) == 1  # it is near, but did not meet the target
    judge.meet((40.0, 0.0), 30.0, lambda place: never())
    assert judge.others.meeting
    judge.pause = 5
    assert judge.judge(0.95, (0, 0), SIZE, never) is Verdict.SURE
    assert judge.judge(0.95, (0, 0), SIZE, lambda: turned(24)) is Verdict.SURE  # every second frame it is looked at
    assert judge.mistaken is None and judge.appearance.similarity(turned(24)) < 0.95  # and not remembered
    assert judge.judge(0.95, (0, 0), SIZE, never) is Verdict.SURE
    assert judge.judge(0.95, (0, 0), SIZE, lambda: turned(35)) is Verdict.REFUSED
    assert judge.mistaken is not None and judge.mistaken.thing is other
    assert judge.judge(0.95, (0, 0), SIZE, lambda: turned(35)) is Verdict.LOST


def test_a_meeting_is_over_after_a_while() -> None:
    judge = watch()
    judge.others.add((20.0, 0.0))
    judge.meet((0.0, 0.0), 30.0, lambda place: turned(80))
    for _ in range(LATELY):
        assert judge.others.meeting
        judge.others.next_frame()
    assert not judge.others.meeting


@pytest.mark.parametrize(
    ("first_seen_at", "own", "its", "swapped"),
    [(30.0, 60, 5, True), (30.0, 20, 5, False), (50.0, 60, 5, False), (30.0, 60, 60, False)],
)
def test_what_comes_out_beside_another_thing_may_be_the_target(
    first_seen_at: float, own: float, its: float, swapped: bool
) -> None:
    judge = watch()
    other = judge.others.add((first_seen_at, 0.0))
    angles = {0.0: own, first_seen_at: its}
    assert judge.meet((0.0, 0.0), 30.0, lambda place: turned(angles[place[0]])) is (other if swapped else None)
    assert other.alike(turned(own if swapped else its)) == pytest.approx(1)  # what is remembered is not the target


def test_a_thing_that_is_still_beside_the_target_was_not_exchanged_for_it() -> None:
    def verdict(its: float) -> Verdict:
        judge = watch()
        judge.others.remember(judge.others.add((40.0, 0.0)), turned(50))
        return judge.judge(0.5, (0, 0), SIZE, lambda: turned(35), beside=lambda place: turned(its))

    assert verdict(50) is Verdict.DOUBTFUL
    assert verdict(10) is Verdict.REFUSED


def test_beside_a_thing_that_was_followed_instead_is_the_target() -> None:
    judge = watch()
    other = judge.others.add((0.0, 0.0))
    other.looks.append(turned(60))
    found = Prediction(0.0, 0.0, *SIZE, 0.3, 1.0)
    finds = [
        Find(found, View(np.zeros((223, 223, 3), np.uint8), (x, 0.0), 1.0), (x, 0.0)) for x in (1.0, 2.0, 3.0, 4.0)
    ]
    angles = {1.0: 60, 2.0: 24, 3.0: 15, 4.0: 90}
    assert judge.rather(Instead(other), finds, lambda place: turned(angles[place[0]])) is finds[2]
    assert judge.rather(Instead(other), finds[:1], lambda place: turned(60)) is None
    assert judge.rather(Instead(other), [], lambda place: never()) is None


def test_a_box_that_slid_onto_something_of_other_colours_is_believed_unless_the_target_is_beside_it() -> None:
    judge = watch()
    judge.pause = 1
    judge.appearance.learn(at(1.0, 0.7))  # as if it were the target's
    assert judge.judge(0.95, (0, 0), SIZE, lambda: at(1.0, 0.7)) is Verdict.SURE
    instead = judge.mistaken
    assert instead is not None and not instead.known and instead.least == pytest.approx(0.7**2 + 0.2)
    found = Prediction(0.0, 0.0, *SIZE, 0.3, 1.0)
    beside = Find(found, View(np.zeros((223, 223, 3), np.uint8), (50.0, 0.0), 1.0), (50.0, 0.0))
    assert judge.rather(instead, [beside], lambda place: at(0.95)) is beside
    assert judge.rather(instead, [beside], lambda place: at(1.0, 0.8)) is None
    judge.pause = 1
    assert judge.judge(0.95, (0, 0), SIZE, lambda: at(1.0, 0.8)) is Verdict.SURE and judge.mistaken is None
