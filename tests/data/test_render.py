from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from tracker.box import Box
from tracker.data.paths import Camera, Way
from tracker.data.render import Clip, Scene, render_clip
from tracker.data.scenery import GROUNDS, cast, lay, opacity, placed
from tracker.data.sprites import SPRITES, Easel, Sprite
from tracker.errors import InputError

SMALL = Clip(frames=40, size=(200, 150), seed=2)


def around(mask: np.ndarray) -> Box:
    ys, xs = np.nonzero(mask > 0.5)
    return Box(xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1)


def disc(rng: np.random.Generator, phase: float) -> Sprite:
    """Half as wide as the square of a sprite."""
    easel = Easel()
    easel.paint(easel.cover(easel.ellipse(0, 0, 0.5, 0.5)), (255, 0, 255))
    return easel.done()


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(SMALL)


@pytest.mark.parametrize("index", [0, 13, 30, 39])
def test_the_box_is_that_of_the_mask(scene: Scene, index: int) -> None:
    drawn = scene.draw(index)
    assert drawn.frame.shape == (150, 200, 3) and drawn.frame.dtype == np.uint8
    assert drawn.mask.shape == (150, 200)
    assert drawn.box == around(drawn.mask), "the target is within the frame"
    assert drawn.box.area > 300


def test_the_mask_is_where_the_target_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disc of a colour that nothing else has: its pixels in the frame, and its place by hand, are the box."""
    monkeypatch.setitem(SPRITES._parts, "disc", disc)
    scene = Scene(replace(SMALL, target="disc", distractor=False, occluded=0, light=0.0))
    for index in (0, 20, 39):
        drawn = scene.draw(index)
        b, g, r = (drawn.frame[..., i].astype(float) for i in range(3))
        seen = around((np.minimum(b, r) - g) / 160)
        assert seen.xywh == pytest.approx(drawn.box.xywh, abs=1)
        x, y = scene.camera.to_frame(scene.place(index), index)
        side = 0.5 * scene.length * scene.camera.at(index)[1]
        assert drawn.box.xywh == pytest.approx(Box.from_centre(x, y, side, side).xywh, abs=1)


def test_an_occluded_target_keeps_its_full_box(scene: Scene) -> None:
    bare = Scene(replace(SMALL, occluded=0))
    visible = [scene.draw(index).visible for index in range(40)]
    assert visible[0] == pytest.approx(1) and min(visible) < 0.8
    worst = int(np.argmin(visible))
    covered, free = scene.draw(worst), bare.draw(worst)
    assert covered.box == free.box and (covered.mask == free.mask).all()
    assert free.visible == pytest.approx(1)
    differs = np.abs(covered.frame.astype(int) - free.frame).max(axis=2) > 40
    assert differs[free.mask > 0.9].mean() > 0.1, "something lies over it"


def test_a_seed_gives_one_clip_in_any_order(scene: Scene) -> None:
    again = Scene(SMALL)
    for index in (25, 3):
        assert (again.draw(index).frame == scene.draw(index).frame).all()
    other = Scene(replace(SMALL, seed=3))
    assert (other.draw(3).frame != again.draw(3).frame).mean() > 0.5


def test_render_clip_yields_frames_and_boxes() -> None:
    clip = list(render_clip(3, (200, 150), seed=2))
    assert [frame.shape for frame, _ in clip] == [(150, 200, 3)] * 3
    assert clip[0][1].w > 10 and clip[0][1] != clip[2][1]


@pytest.mark.parametrize(("target", "ground"), list(zip(cycle(SPRITES), GROUNDS, strict=False)))
def test_every_target_moves_smoothly_over_any_ground(target: str, ground: str) -> None:
    clip = Clip(frames=30, size=(128, 96), seed=5, target=target, ground=ground)
    boxes = [box for _, box in render_clip(30, (128, 96), 5, target=target, ground=ground)]
    centres = np.array([box.centre for box in boxes])
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    assert steps.max() < 0.25 * Scene(clip).length and np.ptp(centres, axis=0).max() > 5


def test_a_large_leaf_hides_all_of_it() -> None:
    clip = Scene(Clip(frames=60, size=(160, 120), seed=3, hidden=8))
    visible = np.array([clip.draw(index).visible for index in range(0, 60, 2)])
    assert visible[0] == 1 and (visible < 0.02).sum() >= 4


def test_it_leaves_the_frame_and_comes_back() -> None:
    scene = Scene(Clip(frames=60, size=(160, 120), seed=6, leaves=True, occluded=0))
    first, gone, last = (scene.draw(index) for index in (0, 30, 59))
    assert first.visible > 0.95 and last.visible > 0.95
    assert gone.visible == 0 and gone.mask.max() == 0
    assert gone.box.x >= 160 or gone.box.x + gone.box.w <= 0, "the box says where it is beyond the frame"


def test_a_twin_looks_the_same() -> None:
    for twin in (False, True):
        scene = Scene(replace(SMALL, twin=twin))
        same = (scene._draw_sprite(False, 0).image == scene._draw_sprite(True, 0).image).all()
        assert same == twin


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"frames": 0}, "clip frames"),
        ({"size": (32, 480)}, "clip width"),
        ({"size": (640, 0)}, "clip height"),
        ({"seed": -1}, "clip seed"),
    ],
)
def test_a_clip_that_cannot_be_is_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Clip(**wrong)  # type: ignore[arg-type]


def test_a_sprite_is_placed_by_its_middle_at_any_scale() -> None:
    for scale in (300.0, 60.0, 11.0):  # the small ones are halved first
        patch, left, top = cast(disc(np.random.default_rng(0), 0), placed(50.25, 70.5, 0.4, scale))
        weights = opacity((500, 500), patch, left + 200, top + 200)
        ys, xs = np.mgrid[0:500, 0:500]
        assert (weights * xs).sum() / weights.sum() - 200 == pytest.approx(50.25, abs=0.05)
        assert (weights * ys).sum() / weights.sum() - 200 == pytest.approx(70.5, abs=0.05)
        assert weights.sum() == pytest.approx(np.pi * (scale / 2) ** 2, rel=0.03)


@pytest.mark.parametrize(("left", "top"), [(-3, -2), (8, 9), (-50, 0), (40, 40)])
def test_what_lies_beyond_the_canvas_is_cut_off(left: int, top: int) -> None:
    canvas, patch = np.zeros((10, 12, 3)), np.ones((4, 6, 4), np.float32)
    lay(canvas, patch, left, top)
    expected = np.zeros((10, 12))
    for y in range(top, top + 4):
        for x in range(left, left + 6):
            if 0 <= y < 10 and 0 <= x < 12:
                expected[y, x] = 1
    assert (canvas == expected[..., None]).all()
    assert (opacity((10, 12), patch, left, top) == expected).all()


def test_the_camera_goes_there_and_back() -> None:
    camera = Camera((640, 480), 90, 1.6, (0.3, 1.2, 2.0))
    point = camera.to_ground((123.0, 45.0), 17)
    assert camera.to_frame(point, 17) == pytest.approx([123, 45])
    seen = np.array([camera.to_ground(corner, i) for i in range(600) for corner in ((0, 0), (640, 480))])
    assert (np.abs(seen).max(axis=0) <= camera.reach).all()


def test_the_way_is_even_and_stays_inside() -> None:
    way = Way(np.random.default_rng(4), (640, 480), 60)
    points = np.array([way.at(5.0 * i) for i in range(1000)])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.max() < 5.01 and np.median(steps) > 4.9
    assert (points > 20).all() and (points < (620, 460)).all()
