"""Natural grounds seen from above, and what grows over them, drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.data.sprites import SIDE, Colour, Easel, Plane, Sprite, hsv, noise
from tracker.registry import Registry

Image = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Ground = Callable[[np.random.Generator, tuple[int, int]], Image]
GROUNDS: Registry[Ground] = Registry("ground")


def placed(x: float, y: float, angle: float, sx: float, sy: float | None = None) -> Matrix:
    """The 2x3 matrix that puts a sprite's square at `x, y`, turned by `angle`, `sx` and `sy` pixels to its unit."""
    sy = sx if sy is None else sy
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c * sx, -s * sy], [s * sx, c * sy]]) * (2 / SIDE)
    middle = (SIDE - 1) / 2
    return np.column_stack([turn, np.array([x, y]) - turn @ np.array([middle, middle])])


def cast(sprite: Sprite, matrix: Matrix, margin: int = 0) -> tuple[Plane, int, int]:
    """A sprite under an affine map: its pixels (h, w, 4) and the place of their top-left corner, which may be negative.

    It is halved first while it would shrink by more, so that fine parts do not flicker.
    """
    image, matrix = sprite.image, matrix.copy()
    while min(np.linalg.norm(matrix[:, 0]), np.linalg.norm(matrix[:, 1])) < 0.5 and image.shape[0] > 8:
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
        matrix[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5])  # pixel centres of the halved image
        matrix[:, :2] *= 2
    side = image.shape[0] - 0.5
    corners = matrix[:, :2] @ np.array([[-0.5, side, side, -0.5], [-0.5, -0.5, side, side]]) + matrix[:, 2:]
    left, top = (math.floor(v) - margin - 1 for v in corners.min(1))
    right, bottom = (math.ceil(v) + margin + 2 for v in corners.max(1))
    matrix[:, 2] -= (left, top)
    patch = cv2.warpAffine(image, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    return np.asarray(patch, np.float32), left, top


def lay(canvas: NDArray[Any], patch: Plane, left: int, top: int) -> None:
    """Blend a patch (h, w, 4) of colours multiplied by opacity over a canvas, in place; what is outside is cut off."""
    inside, over = _overlap(canvas, patch, left, top)
    part = canvas[inside]
    part[:] = (part * (1 - patch[over][..., 3:]) + patch[over][..., :3]).astype(canvas.dtype)


def opacity(shape: tuple[int, ...], patch: Plane, left: int, top: int) -> Plane:
    """The opacity (H, W) that a patch has on a canvas of this shape."""
    canvas = np.zeros(shape[:2], np.float32)
    inside, over = _overlap(canvas, patch, left, top)
    canvas[inside] = patch[over][..., 3]
    return canvas


def _overlap(canvas: NDArray[Any], patch: Plane, left: int, top: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where a patch lies on a canvas, and which part of it that is; empty where they do not meet."""
    starts, inside, over = (top, left), [], []
    for start, long, limit in zip(starts, patch.shape, canvas.shape, strict=False):
        low, high = min(max(0, start), limit), min(max(0, start + long), limit)
        inside.append(slice(low, high))
        over.append(slice(low - start if high > low else 0, high - start if high > low else 0))
    return tuple(inside), tuple(over)


def shadow(patch: Plane, blur: float, strength: float) -> Plane:
    """The soft shadow of a patch, as a patch of the same size; leave it a margin of about 2 * blur."""
    dark = np.zeros_like(patch)
    dark[..., 3] = strength * np.asarray(cv2.GaussianBlur(patch[..., 3], (0, 0), max(0.3, blur)))
    return dark


def leaf(rng: np.random.Generator, colour: Colour, wide: float) -> Sprite:
    """A leaf along the square, `wide` as part of its length, with veins and two halves of unequal light."""
    easel = Easel()
    along = np.clip((easel.u + 0.97) / 1.94, 0, 1)
    bend = rng.uniform(-0.12, 0.12) * wide * np.cos(1.6 * easel.u)
    v = (easel.v - bend) / wide
    half = np.clip(np.sin(math.pi * along ** rng.uniform(0.75, 1.1)), 0, 1) ** rng.uniform(0.75, 1.0)
    inside = easel.cover((np.abs(v) - half) * wide * 0.9)
    speckle = 0.05 * noise(rng, (SIDE, SIDE), 50)
    easel.paint(inside, colour)
    veins = np.cos((easel.u * rng.uniform(24, 34)) - 13 * np.abs(v) * wide)
    easel.shade(inside, 1 + speckle + 0.12 * np.sign(-v) * (1 - np.exp(-12 * np.abs(v))))
    easel.shade(inside * np.clip(3 * veins - 2.1, 0, 1) * 0.8, 1.22)
    easel.shade(inside, 1.08 - 0.30 * np.clip(np.abs(v) / (half + 0.02), 0, 1) ** 4)
    easel.shade(inside * easel.cover(np.abs(v) * wide - 0.016, 3), 1.42)
    return easel.done()


@GROUNDS.register("foliage")
def foliage(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Green leaves in layers, the lower ones dark."""
    return _leaves(rng, size, (74, 118), 0.50, 0.60)


@GROUNDS.register("litter")
def litter(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Fallen leaves, ochre to brown."""
    return _leaves(rng, size, (16, 44), 0.52, 0.68)


def _leaves(
    rng: np.random.Generator, size: tuple[int, int], hues: tuple[float, float], saturation: float, value: float
) -> Image:
    width, height = size
    dark = np.array(hsv(sum(hues) / 2, 0.5, 0.13), np.float32)
    canvas = np.clip(dark * (1 + 0.3 * noise(rng, (height, width), 30)[..., None]), 0, 255).astype(np.uint8)
    kinds = []
    for _ in range(14):
        strength, brightness = saturation * rng.uniform(0.7, 1.15), value * rng.uniform(0.72, 1.12)
        kinds.append(leaf(rng, hsv(rng.uniform(*hues), min(1, strength), min(1, brightness)), rng.uniform(0.36, 0.62)))
    unit = 0.11 * min(size)
    count = round(2.6 * width * height / (unit * unit))
    for i in range(count):
        depth = i / count  # from the lowest to the topmost
        x, y, angle = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, 2 * math.pi)
        length = unit * rng.uniform(0.55, 1.05)
        patch, left, top = cast(kinds[rng.integers(len(kinds))], placed(x, y, angle, length), margin=8)
        lay(canvas, shadow(patch, 3.5, 0.55), left + 4, top + 5)
        patch[..., :3] *= 0.30 + 0.70 * depth**0.8
        lay(canvas, patch, left, top)
    return canvas


@GROUNDS.register("pebbles")
def pebbles(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Rounded stones on gravel, each with its own tint and grain."""
    gravel = _stones(rng, size, 0.014 * min(size), present=1.0)[..., :3] * 0.62
    large = _stones(rng, size, 0.050 * min(size), present=0.78)
    dark = cv2.GaussianBlur(np.roll(large[..., 3], (5, 4), (0, 1)), (0, 0), 4)[..., None] * (0.7 / 255)
    shape = large[..., 3:] / np.float32(255)
    return np.asarray(gravel * (1 - dark) * (1 - shape) + large[..., :3] * shape, np.uint8)


@GROUNDS.register("pond")
def pond(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Stones under shallow water: bluish green, less contrast, a net of light."""
    stones, shape = pebbles(rng, size).astype(np.float32), (size[1], size[0])
    water = np.array(hsv(rng.uniform(165, 195), 0.50, 0.52), np.float32)
    deep = np.clip(0.44 + 0.08 * noise(rng, shape, 0.5 * min(size)), 0.3, 0.7)[..., None]
    layers = [np.abs(noise(rng, shape, cell * min(size), 1)) for cell in (0.14, 0.09)]
    net = np.clip(1 - 7 * np.minimum(*layers), 0, 1) ** 2
    light = 42 * cv2.GaussianBlur(net, (0, 0), 2)[..., None]
    return np.asarray(np.clip(stones * (1 - deep) + water * deep + light, 0, 255), np.uint8)


def _cells(rng: np.random.Generator, size: tuple[int, int], radius: float) -> NDArray[np.int64]:
    """The plane (h, w) cut into cells about `radius` pixels wide on each side, with wavy borders; each has a number."""
    width, height = size
    cell = 1.75 * radius
    rows, columns = math.ceil(height / cell) + 2, math.ceil(width / cell) + 2
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    x = (x - 0.5 + 0.5 * (y % 2) + rng.uniform(-0.36, 0.36, x.shape)) * cell
    y = (y - 0.5 + rng.uniform(-0.36, 0.36, y.shape)) * cell
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    seeds = np.full((height, width), 255, np.uint8)
    seeds[y[inside].astype(int), x[inside].astype(int)] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    gy, gx = np.mgrid[0:height, 0:width].astype(np.float32)
    gx, gy = (axis + 0.11 * radius * noise(rng, (height, width), 0.9 * radius, 2) for axis in (gx, gy))
    return cv2.remap(labels.astype(np.float32), gx, gy, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE).astype(int)


def _stones(rng: np.random.Generator, size: tuple[int, int], radius: float, present: float) -> Image:
    """Stones (h, w, 4) BGRA that fill the plane, but for those that are left out; opacity is 0 there and in gaps."""
    shape, labels = (size[1], size[0]), _cells(rng, size, radius)
    edge = (labels != np.roll(labels, 1, 0)) | (labels != np.roll(labels, 1, 1))
    rise = np.asarray(cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    rise = np.asarray(cv2.GaussianBlur(rise, (0, 0), 0.12 * radius + 0.5), np.float32)
    bump = radius * np.sqrt(1 - (1 - np.clip(rise / (0.75 * radius), 0, 1)) ** 2)
    bump += 0.025 * radius * noise(rng, shape, 0.5 * radius)
    nx, ny = cv2.Sobel(bump, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(bump, cv2.CV_32F, 0, 1, scale=0.125)
    lit = np.clip((0.45 * nx + 0.55 * ny + 0.75) / np.sqrt(1 + nx * nx + ny * ny), 0.12, 1.3)
    tints = [hsv(rng.uniform(15, 50), rng.uniform(0.03, 0.26), rng.uniform(0.38, 0.8)) for _ in range(97)]
    kept = rng.random(97) < present
    colour = np.array(tints, np.float32)[labels % 97] * (1 + 0.06 * noise(rng, shape, 3)[..., None])
    gap = np.clip((rise - 0.05 * radius) / (0.16 * radius), 0, 1)
    stone = colour * (lit * 1.15 * (0.25 + 0.75 * gap))[..., None]
    opacity = np.clip((rise - 0.10 * radius) / 1.5, 0, 1) * kept[labels % 97]
    return np.dstack([np.clip(stone, 0, 255), 255 * opacity]).astype(np.uint8)


@GROUNDS.register("grass")
def grass(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Blades in all directions, the lower ones dark."""
    width, height = size
    canvas = np.full((height, width, 3), hsv(95, 0.6, 0.16), np.uint8)
    unit = 0.085 * min(size)
    count = round(26 * width * height / (unit * unit))
    lean = noise(rng, (height, width), 0.5 * min(size), 2)
    for i in range(count):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        angle = 1.1 * lean[int(y), int(x)] + rng.normal(0, 0.5) - math.pi / 2
        bend, length = rng.normal(0, 0.35), unit * rng.uniform(0.6, 1.5)
        colour = np.array(hsv(rng.uniform(70, 112), rng.uniform(0.42, 0.7), rng.uniform(0.50, 0.86)))
        steps = np.linspace(0, 1, 6)
        px = x + length * np.cumsum(np.cos(angle + bend * steps)) / 6
        py = y + length * np.cumsum(np.sin(angle + bend * steps)) / 6
        points = np.round(np.column_stack([px, py]) * 16).astype(np.int32)
        bright = 0.28 + 0.72 * (i / count) ** 1.2
        cv2.polylines(canvas, [points], False, (colour * bright * 0.45).tolist(), 5, cv2.LINE_AA, 4)
        cv2.polylines(canvas, [points], False, (colour * bright).tolist(), 3, cv2.LINE_AA, 4)
    return canvas
