from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.settings import RecoveryConfig, TrackingConfig
from tracker.tracking.appearance import Appearance, Look
from tracker.tracking.decode import Prediction
from tracker.tracking.others import LATELY, Find, Other, Others, blot, finds_beside, finds_in
from tracker.tracking.recovery import Watch
from tracker.tracking.seeking import Candidate, Search, places_in, seek
from tracker.tracking.target import Point, Target, View

SETTINGS = RecoveryConfig(
    back_score=0.8, back_likeness=0.8, plain_likeness=0.95, views=3, stay=2, region=1.5, region_growth=0.5, forget=50
)
TRACKING = TrackingConfig(instance_size=223, penalty_k=0, window_influence=0, recovery=SETTINGS)
ORIGIN = (200.0, 150.0)


@given(
    st.tuples(st.floats(0, 640), st.floats(0, 480)),
    st.floats(20, 2000),
    st.tuples(st.floats(0, 640), st.floats(0, 480)),
)
def test_parts_are_the_whole_frame(home: Point, reach: float, point: Point) -> None:
    places = places_in(home, reach, (640, 480))
    assert all(0 <= x <= 640 and 0 <= y <= 480 for x, y in places)
    assert min(max(abs(x - point[0]), abs(y - point[1])) for x, y in places) <= 1.1 * reach / 2 + 1e-6
    assert len(places) <= (640 / reach + 1) * (480 / reach + 1)
    assert math.dist(places[0], home) <= math.dist(places[-1], home)


def search(**changes: object) -> Search:
    return Search(
        **{
            "home": ORIGIN,
            "reach": 100,
            "size": 40,
            "velocity": (0.0, 0.0),
            "frame_wh": (640, 480),
            "settings": SETTINGS,
            **changes,
        }
    )  # type: ignore[arg-type]


def test_the_last_place_is_looked_at_first_and_now_and_then_and_every_part_in_turn() -> None:
    looking = search()
    looked = [[place for place, _ in looking.places(3)] for _ in range(60)]
    assert [ORIGIN in places for places in looked[:9]] == [True, True, True, False, False, True, False, False, True]
    assert all(len(places) == 3 for places in looked)
    parts = places_in(ORIGIN, 100, (640, 480))
    assert len(parts) == 7 * 5
    others = [place for places in looked for place in places if place != ORIGIN]
    assert others[:5] == parts[:5] and set(others) == set(parts)
    often = [others.count(place) for place in parts]
    assert min(often[:5]) > 2 * max(often[-5:])  # the near ones


def test_a_find_is_looked_at_in_place_of_the_last_place() -> None:
    assert search(found=Candidate((300.0, 200.0), 1.3, 0.85, True)).places(4)[0] == ((300, 200), 1.3)


def test_a_likely_find_takes_the_turn_of_the_last_place_and_the_only_view() -> None:
    def looked(views: int, likely: bool) -> list[list[Point]]:
        looking = search(found=Candidate((300.0, 200.0), 1.0, 0.85, likely))
        return [[place for place, _ in looking.places(views, [(1.0, 1.0)])] for _ in range(30)]

    for views in (1, 2, 3, 4):
        assert all(len(places) == views for likely in (False, True) for places in looked(views, likely))
    assert all(places == [(300, 200)] for places in looked(1, True))
    assert sum((300, 200) in places for places in looked(1, False)) == 15
    assert not any(ORIGIN in places for places in looked(3, True))
    assert sum(ORIGIN in places for places in looked(3, False)) >= 10


def test_views_are_for_larger_and_smaller_targets_in_turn_and_ever_more() -> None:
    looking = search(reach=1000, settings=replace(SETTINGS, stay=0, zoom=0.2, zoom_growth=0.1))  # one part
    factors = [[factor for _, factor in looking.places(4)] for _ in range(5)]
    assert factors[0] == [pytest.approx(1.1)] and factors[1] == [pytest.approx(1 / 1.2)]
    assert factors[2][1] == factors[4][0] == pytest.approx(1.2) and factors[3][0] == pytest.approx(1 / 1.2)


def test_the_region_grows_faster_for_fast_targets() -> None:
    looking = search(velocity=(0.6, -0.8))
    looking.places(4)
    assert looking.may_be((319, 150)) and not looking.may_be((321, 150))  # 1.5 sizes, and 1.5 in one frame


def test_the_region_grows() -> None:
    looking = search()
    assert looking.may_be((259, 150)) and not looking.may_be((261, 150))  # 1.5 sizes of 40 pixels
    for _ in range(4):
        looking.places(4)
    assert looking.may_be((339, 150)) and not looking.may_be((341, 150))  # 0.5 more in each of four frames


def test_what_comes_in_is_something_else_unless_the_target_left() -> None:
    def believed(**changes: object) -> bool:
        looking = search(**changes)
        for _ in range(30):
            looking.places(4)
        return looking.may_be((10, 150))

    assert believed(home=(40.0, 150.0)) and not believed(home=(120.0, 150.0))
    assert not believed(home=(120.0, 150.0), velocity=(0.5, 0.0))
    assert believed(home=(120.0, 150.0), velocity=(-0.5, 0.0))  # it was on its way out


def test_parts_along_the_edge_have_their_turn_more_often_where_the_target_left() -> None:
    def turns(home: Point) -> float:
        """How much more often parts along the edge are seen than those in the middle."""
        looking = search(home=home, size=200.0, settings=replace(SETTINGS, stay=0))  # so large that all are near
        looked = [place for _ in range(90) for place, _ in looking.places(4) if place != home]
        middle = [p for p in places_in(home, looking.reach, looking.frame_wh) if 50 < p[0] < 350 and 50 < p[1] < 250]
        edge = [p for p in places_in(home, looking.reach, looking.frame_wh) if p not in middle]
        return float(np.mean([looked.count(p) for p in edge]) / np.mean([looked.count(p) for p in middle]))

    assert turns((30.0, 150.0)) > 1.3 > 1.1 > turns(ORIGIN)


def view(origin: Point = ORIGIN) -> View:
    return View(np.zeros((223, 223, 3), np.uint8), origin, 1.0)


def maps(*things: tuple[int, int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Logits and distances of a map of 21 x 21 points: boxes of 40 x 40 at row, column, with logit."""
    cls = np.full((2, 21, 21), -2.0, np.float32)
    cls[0] = 2.0
    for row, column, logit in things:
        cls[1, row, column] = logit
    return cls, np.full((4, 21, 21), 20.0, np.float32)


def find_at(x: float, y: float) -> Find:
    return Find(Prediction(0, 0, 40, 40, 0.95, 1), view(), (x, y))


def test_what_was_found_is_blotted_out() -> None:
    cls = np.zeros((2, 21, 21), np.float32)
    blot(cls, Prediction(dx=20, dy=-40, w=20, h=12, score=0.9, penalty=1), scale=2, stride=8)  # 40, -80 crop pixels
    gone = np.argwhere(np.isinf(cls[1]))
    assert gone.tolist() == [[y, x] for y in (0, 1) for x in (13, 14, 15, 16, 17)] and np.isfinite(cls[0]).all()


def test_things_in_views_are_found_once_and_not_at_the_edge() -> None:
    target = Target(ORIGIN, (40, 40), None, (0, 0, 0))
    # the same thing in two views that lie 40 pixels apart, and one more in the first
    both = [maps((10, 15, 6.0), (4, 4, 5.0)), maps((10, 10, 7.0), (0, 0, 3.0))]
    finds = finds_in(target, [view(), view((240, 150))], both, TRACKING)
    assert [f.place for f in finds] == [(240, 150), (152, 102), (160, 70)]
    cls, outside = maps((10, 15, 6.0))
    outside[2] += 90  # the box reaches so much farther right that its middle lies beyond the points
    assert finds_in(target, [view()], [(cls, outside)], TRACKING) == []


@pytest.mark.parametrize(("score", "worth", "is_found"), [(0.9, 0.5, True), (0.2, 0.5, False), (0.2, 0.05, True)])
def test_things_beside_what_was_found_are_found_however_faint(score: float, worth: float, is_found: bool) -> None:
    target = Target(ORIGIN, (40, 40), None, (0, 0, 0), lost=True)  # no window: it may be anywhere
    found = Prediction(0, 0, 40, 40, 0.99, 1)
    logit = math.log(score / (1 - score)) + 2
    both = maps((10, 10, 7.0), (10, 11, 6.0), (10, 18, logit))
    finds = finds_beside(
        target, view(), both, found, replace(TRACKING, window_influence=0.45, lost_window_influence=0.0), worth
    )
    assert [find.place for find in finds] == ([(264, 150)] if is_found else [])


def test_known_things_are_known_by_where_they_are() -> None:
    others = Others(forget=50)
    for place in ((100, 100), (160, 100)):
        others.add(place)
    others.next_frame()
    free, claimed = others.claim([find_at(110, 100), find_at(165, 100), find_at(300, 100)], size=40)
    assert [f.place for f in free] == [(300, 100)] and [f.place for _, f in claimed] == [(165, 100), (110, 100)]
    assert [o.place for o in others.known] == [(110, 100), (165, 100)]
    for _ in range(26):  # not seen for so long
        others.next_frame()
    assert others.known == []


def test_where_other_things_were_lately_the_target_is_not() -> None:
    others = Others(forget=50)
    others.add((100, 100))
    assert others.any_at((125, 100), size=40) and not others.any_at((130, 100), size=40)
    for _ in range(9):
        others.next_frame()
    assert not others.any_at((100, 100), size=40)


def test_rough_finds_are_known_things_from_farther_away() -> None:
    others = Others(forget=50)
    others.add((100, 100))
    others.next_frame()
    rough = Find(Prediction(70, 0, 40, 40, 0.95, 1), view(), (140, 100))
    assert rough.is_rough and not find_at(140, 100).is_rough
    assert others.claim([find_at(140, 100)], size=40)[1] == []
    assert len(others.claim([rough], size=40)[1]) == 1 and others.known[0].place == (120, 100)


def look(likeness: float) -> Look:
    """A look of so much cosine with that of the target in `watching`, of the same colours."""
    return Look(np.array([likeness, math.sqrt(1 - likeness**2)], np.float32), np.ones(1, np.float32))


def test_looks_tell_a_thing_from_the_target_that_takes_its_place() -> None:
    own, target = look(0.6), look(1.0)
    thing = Other((0, 0), 0)
    assert thing.wants_look() and thing.is_still(own, 0.9)  # nothing is known of its looks: so it looks
    thing.moved((5, 0), 2, 40)
    assert not thing.wants_look() and thing.is_still(look(0.7), 0.8)  # it has been in sight
    thing = Other((0, 0), 0)
    thing.is_still(own, 0.6)
    thing.moved((5, 0), 12, 40)  # it has not
    assert thing.wants_look() and not thing.is_still(target, 1.0) and thing.wants_look()
    assert thing.is_still(own, 0.97) and thing.wants_look()  # not clearly the one or the other
    assert thing.is_still(own, 0.6) and not thing.wants_look()


def test_a_thing_in_sight_that_has_become_the_target_was_taken_for_it_where_they_met() -> None:
    thing = Other((0, 0), 0)
    assert thing.is_still(look(0.6), 0.6)
    thing.moved((5, 0), 2, 40)
    assert thing.is_still(look(0.7), 0.72) and not thing.is_still(look(1.0), 1.0)


def test_what_came_up_beside_a_target_just_before_it_was_lost_may_be_its_other_half() -> None:
    others = Others(forget=120)
    old = others.add((130, 100))
    for _ in range(LATELY):
        others.next_frame()
    half, far = others.add((140, 100)), others.add((200, 100))
    for thing in (old, half, far):
        thing.is_still(look(0.6), 0.6)
    others.lost((100, 100), size=40)
    assert [thing.unsure for thing in (old, half, far)] == [False, True, False]
    assert not half.is_still(look(1.0), 1.0)  # the whole of it
    assert half.is_still(look(0.5), 0.5) and not half.unsure  # it is something else


def test_a_sudden_step_of_a_thing_asks_for_a_look() -> None:
    thing = Other((0, 0), 10)
    thing.is_still(look(0.6), 0.6)
    thing.moved((15, 0), 11, 40)
    assert not thing.wants_look()
    thing.moved((35, 0), 12, 40, rough=True)  # to 25: its place may be wrong
    assert not thing.wants_look()
    thing.moved((43, 0), 13, 40)
    assert thing.wants_look()


def seen(watch: Watch, looking: Search, logit: float, likeness: float) -> Point | None:
    """One frame with one thing at 240, 150: where the target is back, if it is."""
    target = Target(ORIGIN, (40, 40), None, (0, 0, 0))
    looking.places(4)
    result = seek(
        watch, looking, target, [view()], [maps((10, 15, logit))], TRACKING, lambda place, factor: look(likeness)
    )
    return result.back and result.back.place


def watching() -> Watch:
    return Watch(SETTINGS, Appearance(look(1.0), []), (40, 40), level=1.0)


def test_a_find_is_confirmed_by_the_next_frame() -> None:
    watch, looking = watching(), search()
    assert seen(watch, looking, 6.0, 0.85) is None and looking.found == Candidate(
        (240, 150), 1, pytest.approx(0.85), True
    )
    assert seen(watch, looking, 6.0, 0.85) == (240, 150)


@pytest.mark.parametrize(("logit", "likeness"), [(3.0, 0.55), (-1.0, 0.99)])
def test_what_is_unlike_or_weak_is_not_the_target(logit: float, likeness: float) -> None:
    watch, looking = watching(), search()
    assert [seen(watch, looking, logit, likeness) for _ in range(4)] == [None] * 4 and looking.found is None


def test_one_frame_is_enough_where_there_is_no_doubt() -> None:
    assert seen(watching(), search(), 6.0, 0.97) == (240, 150)


def test_what_cannot_have_got_there_is_something_else_and_stays_that() -> None:
    watch, looking = watching(), search(home=(40.0, 150.0))  # 200 pixels away: 5 sizes
    assert [seen(watch, looking, 6.0, 0.99) for _ in range(30)] == [None] * 30
    assert len(watch.others.known) == 1
    for _ in range(25):  # but not for ever
        back = seen(watch, looking, 6.0, 0.99)
    assert back == (240, 150)


@pytest.mark.parametrize(("likeness", "is_found"), [(0.97, True), (0.93, False)])
def test_what_came_into_the_frame_while_the_target_was_away_may_be_it_wherever_it_is(
    likeness: float, is_found: bool
) -> None:
    watch, looking = watching(), search(home=(10.0, 150.0), frame_wh=(400, 300))
    for _ in range(2):
        assert not looking.is_new((240, 150))  # it may have been there all the time
        looking.places(20)  # all parts
    assert looking.is_new((240, 150)) and not looking.may_be((240, 150))
    assert (seen(watch, looking, 6.0, likeness) == (240, 150)) is is_found


def test_a_thing_that_was_looked_at_in_vain_must_become_more_like_the_target() -> None:
    def last(*likenesses: float) -> Point | None:
        watch, looking = watching(), search()
        return [seen(watch, looking, 6.0, each) for each in likenesses][-1]

    assert last(*[0.5] * 8, 0.82, 0.82) == (240, 150)  # half hidden before
    assert last(*[0.75] * 8, 0.82, 0.82) is None  # another of the kind: 0.9 would be enough
    assert last(*[0.75] * 8, 0.92, 0.92) == (240, 150)


def test_things_that_were_looked_at_in_vain_take_turns() -> None:
    watch, looking = watching(), search()
    target, looks = Target(ORIGIN, (40, 40), None, (0, 0, 0)), list[Point]()
    both = [maps((2, 2, 6.0), (2, 18, 6.0)), maps((18, 2, 6.0), (18, 18, 6.0))]  # one more than a frame has looks
    for _ in range(10):
        looking.places(4)  # the target may be anywhere by now

    def closer(place: Point, factor: float) -> Look:
        looks.append(place)
        return look(0.3)

    for _ in range(8):
        seek(watch, looking, target, [view(), view()], both, TRACKING, closer)
    assert len(looks) == 24 and len(set(looks)) == 4 and min(looks.count(place) for place in looks) >= 4


def test_what_is_nearly_like_the_target_is_looked_at_again() -> None:
    watch, looking = watching(), search()
    assert seen(watch, looking, 6.0, 0.55) is None and looking.found is None
    watch, looking = watching(), search()
    assert seen(watch, looking, 6.0, 0.7) is None and looking.found is not None and not looking.found.likely
    assert seen(watch, looking, 6.0, 0.85) is None  # it confirms nothing yet
    assert seen(watch, looking, 6.0, 0.85) == (240, 150)
