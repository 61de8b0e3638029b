from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tracker.box import Box, iou
from tracker.errors import InputError
from tracker.settings import Config, TrackingConfig
from tracker.tracking.siamese_tracker import Tracker


class Brightness(nn.Module):
    """A network whose answer can be told by hand: the brighter a 63x63 patch, the surer; boxes of 64 x 64."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(()))

    def embed(self, template: Tensor) -> list[Tensor]:
        return [template.mean((1, 2, 3))]

    def forward(self, embedding: list[Tensor], search: Tensor) -> tuple[Tensor, Tensor]:
        # Patches centred at 31, 39, .. 223: the points of the score map.
        bright = nn.functional.avg_pool2d(search.mean(1, keepdim=True), 63, 8)
        logit = (bright - 128) / 20 + self.offset
        return torch.cat((-logit, logit), 1), torch.full((1, 4, 25, 25), 32.0) + self.offset


CONFIG = Config(tracking=TrackingConfig(penalty_k=0.1, window_influence=0.1, lr=0.3))


def scene(cx: float, cy: float, size: float = 40, shape: tuple[int, int] = (240, 320)) -> np.ndarray[Any, Any]:
    frame = np.full((*shape, 3), 20, np.uint8)
    corners = [round(v) for v in (cx - size / 2, cy - size / 2, cx + size / 2 - 1, cy + size / 2 - 1)]
    cv2.rectangle(frame, corners[:2], corners[2:], (250, 250, 250), -1)
    return frame


def tracker_on(frame: np.ndarray[Any, Any], box: Box) -> Tracker:
    tracker = Tracker(Brightness(), CONFIG, "cpu", "fp32")  # type: ignore[arg-type]
    tracker.init(frame, box)
    return tracker


def test_follows_a_bright_square() -> None:
    tracker = tracker_on(scene(100, 120), Box.from_centre(100, 120, 40, 40))
    for step in range(1, 40):
        result = tracker.update(scene(100 + 4 * step, 120 - 2 * step))
    assert not result.lost and result.score > 0.9
    assert iou(result.box.xywh, Box.from_centre(256, 42, 40, 40).xywh) > 0.6
    assert tracker.timings.frames == 39 and tracker.timings.network > 0


def test_state_after_one_frame_by_hand() -> None:
    # Target 50 x 50: s_z 100, scale 1.27, search side 200.79 -> 201. A frame of one brightness scores alike
    # everywhere, so the window decides: the middle point, a 64-pixel box around the crop's centre.
    frame = np.full((300, 300), 128, np.uint8)
    tracker = tracker_on(frame, Box(100, 90, 50, 50))
    result = tracker.update(frame)
    seen = 64 / 1.27
    penalty = math.exp(-(seen / 50 - 1) * 0.1)
    lr = penalty * 0.5 * 0.3
    side = 50 * (1 - lr) + seen * lr
    assert result.score == pytest.approx(0.5)
    assert result.box.xywh == pytest.approx((124.5 - side / 2, 114.5 - side / 2, side, side), abs=1e-6)


@pytest.mark.parametrize("centre", [(100.0, 110.0), (100.5, 110.25), (83.3, 91.7)])
@pytest.mark.parametrize("side", [30.0, 31.0, 47.5])
def test_exact_geometry_reports_true_centres(centre: tuple[float, float], side: float) -> None:
    # One brightness everywhere: the middle point wins, which lies where the crop's middle truly is. That is within
    # half a pixel of the centre asked for, and the box is around it, neither early nor late on average.
    config = Config(tracking=TrackingConfig(penalty_k=0.1, window_influence=0.1, lr=0.3, geometry="exact"))
    tracker = Tracker(Brightness(), config, "cpu", "fp32")  # type: ignore[arg-type]
    frame = np.full((300, 300), 128, np.uint8)
    tracker.init(frame, Box.from_centre(*centre, side, side))
    found = tracker.update(frame).box
    assert found.centre == pytest.approx(centre, abs=0.5 + 1e-9)


def test_a_search_size_without_a_middle_point_is_refused() -> None:
    with pytest.raises(InputError, match="tracking.instance_size"):
        Tracker(Brightness(), Config(tracking=TrackingConfig(instance_size=256)), "cpu")  # type: ignore[arg-type]


def test_kinds_of_frames_give_the_same_track() -> None:
    frames = [scene(100 + 5 * i, 100)[..., 0] for i in range(6)]
    kinds = {
        "gray": lambda f: f,
        "bgr": lambda f: cv2.cvtColor(f, cv2.COLOR_GRAY2BGR),
        "bgra": lambda f: cv2.cvtColor(f, cv2.COLOR_GRAY2BGRA),
        "gray 16": lambda f: f.astype(np.uint16) * 257,
        "bgr 16": lambda f: cv2.cvtColor(f.astype(np.uint16) * 257, cv2.COLOR_GRAY2BGR),
    }
    tracks = {}
    for name, convert in kinds.items():
        tracker = tracker_on(convert(frames[0]), Box(80, 80, 40, 40))
        tracks[name] = [tracker.update(convert(f)) for f in frames[1:]]
    assert all(track == tracks["bgr"] for track in tracks.values())


def test_survives_whatever_comes() -> None:
    tracker = tracker_on(scene(100, 120), Box.from_centre(100, 120, 40, 40))
    odd = [
        np.zeros((240, 320, 3), np.uint8),
        scene(20, 20, shape=(60, 50)),
        np.full((1, 1), 9, np.uint8),
        scene(1000, 700, shape=(1080, 1920)),
        np.full((2000, 3), 9, np.uint8),
        scene(100, 120),
    ]
    for frame in odd * 3:
        result = tracker.update(frame)
        height, width = frame.shape[:2]
        cx, cy = result.box.centre
        assert np.isfinite(result.box.xywh).all() and 0 <= result.score <= 1
        assert 0 <= cx <= width and 0 <= cy <= height
        assert 10 <= result.box.w <= max(10, width) and 10 <= result.box.h <= max(10, height)


def test_target_that_leaves_is_lost_and_found_again() -> None:
    tracker = tracker_on(scene(290, 120), Box.from_centre(290, 120, 40, 40))
    for cx in (300, 310, 318, 330, 345):
        result = tracker.update(scene(cx, 120))
    for _ in range(5):
        result = tracker.update(np.full((240, 320, 3), 20, np.uint8))
    assert result.lost and result.score < 0.3
    for cx in (325, 310, 300, 290):
        result = tracker.update(scene(cx, 120))
    assert not result.lost and iou(result.box.xywh, Box.from_centre(290, 120, 40, 40).xywh) > 0.3


def test_network_that_gives_nothing_finite_keeps_the_last_box() -> None:
    tracker = tracker_on(scene(100, 120), Box.from_centre(100, 120, 40, 40))
    before = tracker.update(scene(102, 120))
    tracker.runtime.net.offset.data.fill_(math.nan)  # type: ignore[union-attr,operator]
    broken = tracker.update(scene(104, 120))
    assert broken.box == before.box and broken.score == 0 and broken.lost
    tracker.runtime.net.offset.data.zero_()  # type: ignore[union-attr,operator]
    assert not tracker.update(scene(104, 120)).lost


def test_ten_pixel_target_in_an_8k_frame() -> None:
    frame = scene(7000, 4000, size=10, shape=(4320, 7680))
    tracker = tracker_on(frame, Box.from_centre(7000, 4000, 10, 10))
    result = tracker.update(frame)
    assert not result.lost and abs(result.box.centre[0] - 7000) < 6 and abs(result.box.centre[1] - 4000) < 6


@pytest.mark.parametrize("box", [Box(0, 0, 7680, 4320), Box(-1e6, -1e6, 3e6, 3e6), Box(3, 3, 1e-6, 1e-6)])
def test_boxes_of_extreme_size(box: Box) -> None:
    frame = np.zeros((4320, 7680), np.uint8)
    tracker = tracker_on(frame, box)
    assert np.isfinite(tracker.update(frame).box.xywh).all()


@pytest.mark.parametrize(
    ("box", "field"),
    [
        (Box(10, 10, 0, 5), "w"),
        (Box(10, 10, 5, -1), "h"),
        (Box(math.nan, 10, 5, 5), "x"),
        (Box(10, math.inf, 5, 5), "y"),
        (Box(400, 10, 5, 5), "x"),
        (Box(10, -20, 5, 5), "y"),
    ],
)
def test_init_names_the_field_that_is_wrong(box: Box, field: str) -> None:
    with pytest.raises(InputError, match=rf"^box {field}: "):
        tracker_on(scene(100, 100), box)


@pytest.mark.parametrize("given", [(80, 100, 40, 40), [80.0, 100, 40, 40], np.array([80, 100, 40, 40])])
def test_init_takes_four_numbers(given: Any) -> None:
    frame = scene(100, 120)
    assert tracker_on(frame, given).update(frame) == tracker_on(frame, Box(80, 100, 40, 40)).update(frame)


@pytest.mark.parametrize("given", [(80, 100, 40), "80,100,40,40", (math.nan, 100, 40, 40), (80, 100, 0, 40), None])
def test_init_refuses_what_is_no_box(given: Any) -> None:
    with pytest.raises(InputError, match="^box"):
        tracker_on(scene(100, 120), given)


@pytest.mark.parametrize(
    "frame", [None, [[0]], np.zeros((9, 9)), np.zeros((0, 9), np.uint8), np.zeros((9, 9, 2), np.uint8)]
)
def test_init_refuses_what_is_no_frame(frame: Any) -> None:
    with pytest.raises(InputError, match="^frame: expected "):
        tracker_on(frame, Box(1, 1, 5, 5))


def test_refused_init_leaves_the_old_target() -> None:
    tracker = tracker_on(scene(100, 120), Box.from_centre(100, 120, 40, 40))
    with pytest.raises(InputError, match="box w"):
        tracker.init(scene(100, 120), Box(1, 1, 0, 0))
    assert not tracker.update(scene(102, 120)).lost


def test_frames_are_checked() -> None:
    tracker = tracker_on(scene(100, 120), Box.from_centre(100, 120, 40, 40))
    with pytest.raises(InputError, match="^frame: "):
        tracker.update(None)  # type: ignore[arg-type]
    fresh = Tracker(Brightness(), CONFIG, "cpu", "fp32")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="init"):
        fresh.update(scene(1, 1))


def test_the_given_network_is_left_as_it_was() -> None:
    net = Brightness().train()
    Tracker(net, CONFIG, "cpu", "fp32")  # type: ignore[arg-type]
    assert net.training
