"""Objects pasted into crops, always with the same soft edge, so that an edge never tells the target from the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.data.augment import colour_matrix, recolour
from tracker.data.crops import Matrix, Motion, crop_matrix, map_box
from tracker.data.frames import Frame, Stored

Image = NDArray[np.uint8]
Opacity = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class View:
    """An object: a frame and the box x, y, w, h in it (frame pixels)."""

    frame: Frame | Stored
    box: NDArray[np.float32]


@dataclass(frozen=True)
class Edge:
    """Outline of a paste: ellipse (power 2) or rounded rectangle (4, 6), its reach and softness relative to the box."""

    power: int = 2
    reach: float = 1.1
    feather: float = 0.2

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Edge:
        """A random outline a little larger than the box."""
        return cls(int(rng.choice([2, 4, 6])), rng.uniform(1.05, 1.25), rng.uniform(0.1, 0.3))


def soft_alpha(box: ArrayLike, matrix: Matrix, origin: tuple[int, int], shape: tuple[int, int], edge: Edge) -> Opacity:
    """Opacity (h, w) float32 of a box (frame pixels) seen through `matrix`, on canvas pixels starting at `origin`."""
    x, y, w, h = (float(v) for v in np.asarray(box).reshape(4))
    (a, b, e), (c, d, f) = matrix.tolist()
    cx, cy, det = x + (w - 1) / 2, y + (h - 1) / 2, a * d - b * c
    dx = np.arange(origin[0], origin[0] + shape[1], dtype=np.float32)[None, :] - np.float32(a * cx + b * cy + e)
    dy = np.arange(origin[1], origin[1] + shape[0], dtype=np.float32)[:, None] - np.float32(c * cx + d * cy + f)
    u = np.float32(d / det * 2 / w) * dx + np.float32(-b / det * 2 / w) * dy  # by the inverse of the map
    v = np.float32(-c / det * 2 / h) * dx + np.float32(a / det * 2 / h) * dy
    u *= u
    v *= v
    half = edge.power // 2
    if half > 1:
        u, v = u**half, v**half
    u += v
    t = np.sqrt(u, out=u) if half == 1 else np.power(u, np.float32(1 / edge.power), out=u)
    np.subtract(np.float32(edge.reach), t, out=t)
    t /= np.float32(edge.feather)
    np.minimum(np.maximum(t, 0, out=t), 1, out=t)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def paste(canvas: Image, view: View, matrix: Matrix, edge: Edge, colour: NDArray[np.float64] | None = None) -> None:
    """Blend an object onto `canvas` (H, W, 3) in place.

    `matrix` maps its frame to the canvas; `colour` (3, 4), where given, tints it.
    """
    x1, y1, x2, y2 = map_box(view.box, matrix)
    # 1.5: the reach, and a rotated rectangle's corners, which lie outside the box of its ellipse
    gx, gy = (x2 - x1) / 2 * (1.5 * edge.reach - 1) + 1, (y2 - y1) / 2 * (1.5 * edge.reach - 1) + 1
    left, top = max(0, math.floor(x1 - gx)), max(0, math.floor(y1 - gy))
    right, bottom = min(canvas.shape[1], math.ceil(x2 + gx)), min(canvas.shape[0], math.ceil(y2 + gy))
    if right <= left or bottom <= top:
        return
    patch = cv2.warpAffine(
        view.frame.decoded().image,
        matrix - np.array([[0, 0, left], [0, 0, top]]),
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if colour is not None:
        patch = recolour(np.asarray(patch, np.uint8), colour)
    alpha = soft_alpha(view.box, matrix, (left, top), (bottom - top, right - left), edge)[..., None]
    part = canvas[top:bottom, left:right]
    mixed: Opacity = np.asarray(cv2.subtract(patch, part, dtype=cv2.CV_32F), np.float32)
    mixed *= alpha
    mixed += part
    mixed += np.float32(0.5)
    part[:] = mixed.astype(np.uint8)


def place(view: View, centre: ArrayLike, extent: float, motion: Motion) -> Matrix:
    """Map that shows an object around `centre` (canvas pixels) with `extent` pixels as its mean side."""
    _, _, w, h = (float(v) for v in view.box)
    matrix = crop_matrix(view.box, math.sqrt(w * h), max(1, round(extent)), motion)
    shift = np.asarray(centre, float) - map_box(view.box, matrix).reshape(2, 2).mean(0)
    return matrix + np.column_stack([np.zeros((2, 2)), shift])


def spot(
    rng: np.random.Generator, target: NDArray[np.float64], half: NDArray[np.float64], size: int
) -> NDArray[np.float64] | None:
    """A centre near the target's box x1, y1, x2, y2 where a thing of half-size `half` hides little of it, or None."""
    centre, own = (target[:2] + target[2:]) / 2, (target[2:] - target[:2]) / 2
    for _ in range(8):
        angle = rng.uniform(0, 2 * math.pi)
        way = np.array([math.cos(angle), math.sin(angle)])
        touch = float(np.min((own + half) / np.maximum(np.abs(way), 1e-6)))
        point = centre + way * touch * rng.uniform(0.95, 1.6)
        if (point > -0.2 * half).all() and (point < size + 0.2 * half).all():
            return point
    return None


def add_distractors(
    rng: np.random.Generator, canvas: Image, target: NDArray[np.float64], objects: list[tuple[View, bool]]
) -> None:
    """Paste objects beside the target (x1, y1, x2, y2 on the canvas). A flagged one is the target itself: it is turned
    and recoloured clearly, so that the two can be told apart."""
    for view, same in objects:
        size = math.sqrt(max(1.0, float(np.prod(target[2:] - target[:2])))) * rng.uniform(0.65, 1.35)
        turn = rng.uniform(25, 70) * rng.choice([-1, 1]) if same else rng.uniform(-15, 15)
        motion = Motion(rotation=float(turn), aspect=rng.uniform(0.8, 1.25), flip=bool(rng.random() < 0.5))
        matrix = place(view, (0.0, 0.0), size, motion)
        x1, y1, x2, y2 = map_box(view.box, matrix)
        where = spot(rng, target, np.array([x2 - x1, y2 - y1]) / 2, canvas.shape[0])
        if where is not None:
            matrix[:, 2] += where
            paste(canvas, view, matrix, Edge.draw(rng), colour_matrix(rng, 2.5 if same else 0.7))


def plain_view(rng: np.random.Generator) -> View:
    """A flat colour or soft noise, as an object."""
    spread = 0 if rng.random() < 0.4 else rng.uniform(10, 60)
    noise = spread * rng.standard_normal((int(rng.integers(3, 17)),) * 2 + (3,))
    coarse = np.clip(rng.integers(0, 256, 3) + noise, 0, 255).astype(np.uint8)
    image = cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_CUBIC)
    return View(Frame.of(np.asarray(image, np.uint8)), np.array([2, 2, 60, 60], np.float32))


def occluder_view(rng: np.random.Generator, stock: Callable[[], View]) -> View:
    """What hides things: another object, a piece of any picture, a flat colour, or blurred noise."""
    kind = rng.random()
    if kind < 0.7:
        view = stock()
        if kind < 0.35:
            return view
        height, width = view.frame.decoded().image.shape[:2]
        w, h = width * rng.uniform(0.15, 0.5), height * rng.uniform(0.15, 0.5)
        return View(view.frame, np.array([rng.uniform(0, width - w), rng.uniform(0, height - h), w, h], np.float32))
    return plain_view(rng)


def add_occluder(
    rng: np.random.Generator, canvas: Image, target: NDArray[np.float64], stock: Callable[[], View]
) -> None:
    """Hide 10 to 45 % of the target (x1, y1, x2, y2 on the canvas) from one side or within it."""
    size = target[2:] - target[:2]
    cover = rng.uniform(0.1, 0.45)
    across = rng.uniform(max(cover, 0.5), 1.0)
    part = np.array([cover / across, across])
    place_at = np.array([0.0, rng.uniform(0, 1 - across)])  # fraction of the box where the hidden part starts
    if rng.random() < 0.3:
        place_at[0] = rng.uniform(0, 1 - part[0])
    elif rng.random() < 0.5:
        place_at[0] = 1 - part[0]
    if rng.random() < 0.5:
        part, place_at = part[::-1], place_at[::-1]
    low, high = place_at, place_at + part
    low = np.where(low <= 0.02, low - 0.4 * part, low)  # what enters from a side continues outside of the box
    high = np.where(high >= 0.98, high + 0.4 * part, high)
    half = (high - low) * size / 2
    centre = target[:2] + (low + high) / 2 * size
    view = occluder_view(rng, stock)
    _, _, w, h = (float(v) for v in view.box)
    linear = np.diag(2 * half / np.array([w, h]))
    middle = view.box[:2] + (view.box[2:] - 1) / 2
    matrix = np.column_stack([linear, centre - linear @ middle])
    paste(canvas, view, matrix, Edge(int(rng.choice([2, 4, 6])), 1.05, rng.uniform(0.08, 0.2)))


def on_background(rng: np.random.Generator, size: int, view: View, matrix: Matrix, background: View) -> Image:
    """The object of a view, where `matrix` puts it, over a random part of another picture; (size, size, 3)."""
    picture = background.frame.decoded().image
    height, width = picture.shape[:2]
    side = min(height, width) * rng.uniform(0.5, 1.0)
    left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
    cut = cv2.warpAffine(
        picture,
        crop_matrix((left, top, side, side), side, size, Motion(flip=bool(rng.random() < 0.5))),
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    canvas: Image = np.asarray(cut, np.uint8)
    paste(canvas, view, matrix, Edge.draw(rng))
    return canvas
