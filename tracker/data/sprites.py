"""Small animals and toys seen from above, drawn from a seed: colour and opacity on a square, heading to the right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.registry import Registry

Plane = NDArray[Any]  # float32
SIDE = 256  # pixels of a sprite; it spans -1..1 in both directions, y down
Colour = tuple[float, float, float]  # BGR, 0..255


@dataclass(frozen=True, eq=False)
class Sprite:
    """`image` (S, S, 4) float32: BGR 0..255 multiplied by opacity, and the opacity 0..1."""

    image: Plane


Painter = Callable[[np.random.Generator, float], Sprite]
SPRITES: Registry[Painter] = Registry("sprite")


class Easel:
    """A transparent square on which shapes are painted one over the other, in coordinates -1..1."""

    def __init__(self, side: int = SIDE) -> None:
        axis = ((np.arange(side, dtype=np.float32) + 0.5) * 2 / side) - 1
        self.u, self.v = np.meshgrid(axis, axis)
        self.pixel = 2 / side
        self.image = np.zeros((side, side, 4), np.float32)

    def cover(self, distance: Plane, softness: float = 1.5) -> Plane:
        """Opacity of a shape from the signed distance to its outline; its edge is `softness` pixels wide."""
        return np.clip(0.5 - distance / (softness * self.pixel), 0, 1)

    def ellipse(self, x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> Plane:
        """Signed distance to an ellipse, exact enough near its outline."""
        c, s = math.cos(angle), math.sin(angle)
        du, dv = self.u - x, self.v - y
        a, b = (c * du + s * dv) / rx, (c * dv - s * du) / ry
        r = np.sqrt(a * a + b * b) + 1e-6
        return np.asarray((r - 1) * r / np.sqrt((a / rx) ** 2 + (b / ry) ** 2 + 1e-9), np.float32)

    def stroke(self, start: tuple[float, float], end: tuple[float, float], width: float) -> Plane:
        """Signed distance to a line with round ends."""
        ax, ay = start
        bx, by = end[0] - ax, end[1] - ay
        t = np.clip(((self.u - ax) * bx + (self.v - ay) * by) / (bx * bx + by * by + 1e-9), 0, 1)
        return np.asarray(np.hypot(self.u - ax - t * bx, self.v - ay - t * by) - width / 2, np.float32)

    def block(self, x: float, y: float, rx: float, ry: float, corner: float) -> Plane:
        """Signed distance to a rectangle with round corners."""
        qx, qy = np.abs(self.u - x) - rx + corner, np.abs(self.v - y) - ry + corner
        outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
        return np.asarray(outside + np.minimum(np.maximum(qx, qy), 0) - corner, np.float32)

    def paint(self, opacity: Plane, colour: Any) -> None:
        """Lay a colour, plain or (S, S, 3), over what is there."""
        a = opacity[..., None]
        self.image[..., :3] += a * (np.asarray(colour, np.float32) - self.image[..., :3])
        self.image[..., 3] += opacity * (1 - self.image[..., 3])

    def shade(self, opacity: Plane, factor: Any) -> None:
        """Multiply the colours below."""
        self.image[..., :3] *= (1 + opacity * (factor - 1))[..., None]

    def glow(self, opacity: Plane, amount: float) -> None:
        """Add light."""
        self.image[..., :3] += (opacity * amount)[..., None]

    def done(self) -> Sprite:
        """The finished sprite."""
        image = np.clip(self.image, 0, 255)
        image[..., :3] *= image[..., 3:]
        return Sprite(image)


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 3) -> Plane:
    """Smooth noise (h, w) of mean 0 and deviation 1; its largest features are `cell` pixels wide."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        size = max(1.0, cell / 2**octave)
        grid = (math.ceil(shape[0] / size) + 3, math.ceil(shape[1] / size) + 3)
        layer = cv2.resize(rng.standard_normal(grid, np.float32), None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC)
        top, left = (int(size * rng.random()) for _ in range(2))
        total += np.asarray(layer, np.float32)[top : top + shape[0], left : left + shape[1]] / 2**octave
    return np.asarray((total - total.mean()) / (total.std() + 1e-6), np.float32)


def dome(easel: Easel, x: float, y: float, rx: float, ry: float) -> tuple[Plane, Plane]:
    """Brightness (1 on average) of a rounded back lit from the top left, and its highlight 0..1."""
    a, b = (easel.u - x) / rx, (easel.v - y) / ry
    z = np.sqrt(np.clip(1 - a * a - b * b, 0, 1))
    light = np.clip(-0.42 * a - 0.5 * b + 0.78 * z, 0, 1.2)
    shine = np.exp(-(((a + 0.36) / 0.26) ** 2) - ((b + 0.42) / 0.16) ** 2)
    return np.asarray(0.42 + 0.75 * light, np.float32), np.asarray(shine, np.float32)


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """BGR from hue in degrees, saturation and value 0..1."""
    pixel = np.array([[[hue % 360, saturation, value]]], np.float32)
    b, g, r = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0] * 255
    return float(b), float(g), float(r)


@SPRITES.register("ladybird")
def ladybird(rng: np.random.Generator, phase: float) -> Sprite:
    """A beetle with a spotted shell; `phase` in turns moves its legs."""
    easel = Easel()
    body = hsv(rng.uniform(-4, 34), rng.uniform(0.85, 0.95), rng.uniform(0.82, 0.95))
    ink, pale = (26, 24, 28), (214, 228, 236)
    spots = _spots(rng)
    for side in (-1, 1):
        for i, x in enumerate((0.34, 0.02, -0.30)):
            swing = 0.11 * math.sin(2 * math.pi * (phase + 0.5 * ((i + (side > 0)) % 2)))
            knee, foot = (x + 0.06 * (1 - i) + swing, side * 0.64), (x + 0.16 * (1 - i) + 1.5 * swing, side * 0.71)
            easel.paint(easel.cover(easel.stroke((x, side * 0.45), knee, 0.095)), ink)
            easel.paint(easel.cover(easel.stroke(knee, foot, 0.08)), ink)
        easel.paint(easel.cover(easel.stroke((0.74, side * 0.10), (0.91, side * 0.21), 0.06)), ink)
    easel.paint(easel.cover(easel.ellipse(0.71, 0, 0.17, 0.24)), ink)
    for side in (-1, 1):
        easel.paint(easel.cover(easel.ellipse(0.76, side * 0.14, 0.055, 0.05)), pale)
    easel.paint(easel.cover(easel.ellipse(0.50, 0, 0.24, 0.44)), ink)
    for side in (-1, 1):
        easel.paint(easel.cover(easel.ellipse(0.58, side * 0.28, 0.095, 0.085, side * 0.6)), pale)
    shell = easel.cover(easel.ellipse(-0.12, 0, 0.66, 0.63))
    easel.paint(shell, body)
    for x, y, r in spots:
        for side in (-1, 1):
            easel.paint(easel.cover(easel.ellipse(x, side * y, r, 0.92 * r), 3) * shell, ink)
    easel.paint(easel.cover(np.abs(easel.v) - 0.012 - 0.02 * np.clip(-easel.u - 0.3, 0, 1)) * shell * 0.85, ink)
    light, shine = dome(easel, -0.12, 0, 0.68, 0.65)
    easel.shade(shell, light)
    easel.glow(shell * shine, 95)
    return easel.done()


def _spots(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Centre and radius of the spots on one half of the shell."""
    x, y, r = rng.uniform(0.24, 0.34), rng.uniform(0.24, 0.34), rng.uniform(0.11, 0.15)
    spots = [(0.36, 0.0, 0.12), (x - 0.06, y + 0.06, r), (-0.16, 0.22, 1.15 * r), (-0.22, 0.48, 0.85 * r)]
    return [*spots, (-0.52, rng.uniform(0.16, 0.26), r)]


@SPRITES.register("turtle")
def turtle(rng: np.random.Generator, phase: float) -> Sprite:
    """A turtle that paddles; plates of the shell have seams, rays and tints of their own."""
    easel = Easel()
    hue = rng.uniform(35, 115)
    skin, mottle = hsv(hue + 15, 0.42, 0.62), noise(rng, (SIDE, SIDE), 26)
    tints, rays = rng.uniform(0.86, 1.14, 16), noise(rng, (SIDE, SIDE), 10)
    swing = 0.38 * math.sin(2 * math.pi * phase)
    for side in (-1, 1):
        for x, y, angle, long in ((0.46, 0.56, -0.72 + swing, 0.38), (-0.50, 0.46, 0.75 - 0.8 * swing, 0.27)):
            tip = side * (math.pi / 2 + angle)
            centre = (x + 0.6 * long * math.cos(tip) - 0.08, side * y * 0.72 + 0.6 * long * math.sin(tip))
            easel.paint(easel.cover(easel.ellipse(*centre, long, 0.15, tip)), skin)
    easel.paint(easel.cover(easel.stroke((-0.6, 0), (-0.84, 0.04 * swing), 0.09)), skin)
    easel.paint(easel.cover(easel.ellipse(0.77, 0.05 * swing, 0.20, 0.165)), skin)
    easel.shade(np.clip(mottle - 0.3, 0, 1), 0.62)
    for side in (-1, 1):
        easel.paint(easel.cover(easel.ellipse(0.84, 0.05 * swing + side * 0.105, 0.036, 0.034)), (18, 20, 22))
    shell = easel.cover(easel.ellipse(-0.05, 0, 0.66, 0.56))
    easel.paint(shell, hsv(hue - 12, 0.62, 0.36))
    inner = easel.cover(easel.ellipse(-0.05, 0, 0.58, 0.48))
    first, second, which = _plates(easel)
    plate = easel.cover(0.022 - (second - first) / 2, 4) * inner
    colours = np.array(hsv(hue - 8, 0.66, 0.66), np.float32) * tints[which][..., None].astype(np.float32)
    fade = np.clip(1.22 - 1.9 * first + 0.06 * rays, 0.6, 1.3)[..., None]
    easel.paint(plate, colours * fade)
    light, shine = dome(easel, -0.05, 0, 0.70, 0.60)
    easel.shade(shell, light)
    easel.glow(shell * shine, 46)
    return easel.done()


def _plates(easel: Easel) -> tuple[Plane, Plane, NDArray[np.intp]]:
    """Distances to the nearest and second centre of a plate, and which plate is nearest."""
    middle = [(x, 0.0) for x in (0.40, 0.17, -0.07, -0.31, -0.53)]
    sides = [(x, s * y) for s in (-1, 1) for x, y in ((0.28, 0.29), (0.05, 0.33), (-0.19, 0.33), (-0.42, 0.27))]
    rings = np.stack([np.hypot(easel.u - x, easel.v - y) for x, y in middle + sides])
    nearest = np.partition(rings, 1, axis=0)
    return nearest[0], nearest[1], rings.argmin(axis=0)


@SPRITES.register("koi")
def koi(rng: np.random.Generator, phase: float) -> Sprite:
    """A carp with patches of colour; `phase` in turns bends its body."""
    easel = Easel()
    patches, base = noise(rng, (SIDE, SIDE), 60, 2), (226, 236, 242)
    spot = hsv(rng.uniform(4, 28), 0.86, 0.93) if rng.random() < 0.8 else (40, 38, 44)
    sway = 0.11 * np.sin(2 * math.pi * (0.55 * easel.u + phase)) * np.clip(0.55 - easel.u, 0, 1.4)
    v = easel.v - sway.astype(np.float32)
    along = np.clip((easel.u + 0.62) / 1.5, 0, 1)
    half = 0.36 * np.sqrt(np.clip(along, 0, 1)) * np.sqrt(np.clip(1 - along**2.6, 0, 1)) + 0.045
    body = easel.cover((np.abs(v) - half) * 0.85) * easel.cover(np.abs(easel.u - 0.12) - 0.77)
    fan = 0.05 + 0.34 * np.clip((-easel.u - 0.5) / 0.42, 0, 1) ** 0.8
    notch = np.clip(1 - np.abs(v) / 0.2, 0, 1) * 0.12
    tail = easel.cover(np.abs(v) - fan) * easel.cover(np.maximum(easel.u + 0.5, -0.95 + notch - easel.u))
    fin = hsv(30, 0.16, 0.93)
    for side in (-1, 1):
        easel.paint(easel.cover(easel.ellipse(0.24, side * 0.42, 0.23, 0.11, side * 2.35)) * 0.92, fin)
    easel.paint(tail * 0.92, fin)
    easel.shade(tail, 0.93 + 0.07 * np.cos(70 * np.arctan2(v, easel.u + 0.2)))
    easel.paint(body, base)
    easel.paint(np.clip(3 * patches + 0.4, 0, 1) * body, spot)
    for side in (-1, 1):
        easel.paint(easel.cover(easel.ellipse(0.72, side * 0.165, 0.034, 0.03)), (22, 20, 22))
    round_ = np.sqrt(np.clip(1 - (v / (half + 1e-3)) ** 2, 0, 1))
    easel.shade(body, 0.60 + 0.44 * round_ - 0.10 * np.clip(v / half, -1, 1))
    easel.glow(body * np.exp(-(((v + 0.25 * half) / 0.05) ** 2)), 22)
    return easel.done()


@SPRITES.register("car")
def car(rng: np.random.Generator, phase: float) -> Sprite:
    """A toy car with stripes and a number's disc; it has no moving parts."""
    easel = Easel()
    hue = rng.uniform(0, 360)
    paint, stripe = hsv(hue, 0.85, 0.85), hsv(hue + rng.uniform(140, 220), 0.2, 0.96)
    glass, tyre = (74, 58, 44), (30, 30, 30)
    for x in (-0.52, 0.52):
        for side in (-1, 1):
            easel.paint(easel.cover(easel.block(x, side * 0.46, 0.19, 0.09, 0.05)), tyre)
    body = easel.cover(np.maximum(easel.block(0, 0, 0.94, 0.48, 0.22), np.abs(easel.v) - 0.50 + 0.06 * easel.u**2))
    easel.paint(body, paint)
    for side in (-1, 1):
        easel.paint(easel.cover(np.abs(easel.v - side * 0.1) - 0.055) * body, stripe)
        easel.paint(easel.cover(easel.ellipse(0.86, side * 0.3, 0.05, 0.1)) * body, (190, 240, 250))
        easel.paint(easel.cover(easel.block(-0.91, side * 0.31, 0.03, 0.1, 0.02)) * body, (40, 40, 210))
    easel.paint(easel.cover(easel.block(-0.08, 0, 0.46, 0.38, 0.16)), glass)
    roof = easel.cover(easel.block(-0.14, 0, 0.28, 0.34, 0.10))
    easel.paint(roof, paint)
    easel.paint(easel.cover(easel.ellipse(-0.14, 0, 0.17, 0.17)), (238, 240, 240))
    easel.paint(easel.cover(easel.stroke((-0.22, 0), (-0.06, 0), 0.06)), tyre)
    light, shine = dome(easel, 0, 0, 1.6, 0.9)
    easel.shade(body, light)
    easel.glow(body * shine, 40)
    easel.shade(body * (1 - roof) * easel.cover(easel.block(-0.14, 0, 0.36, 0.42, 0.14), 12), 0.8)
    return easel.done()
