"""Random changes of view, light and sensor. Every function draws from the generator that it is given."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.data.crops import Motion
from tracker.settings import AugmentConfig

Image = NDArray[np.uint8]
STILL = 1.5  # a still has no motion of its own, so its search view changes this much more than a clip's
LUMA = np.array([0.114, 0.587, 0.299])  # of B, G, R
GRAYS = np.tile(LUMA, (3, 1))
EYE = np.eye(3)
AXIS = np.full((3, 3), 1 / 3)  # of gray, around which hue turns: the projection onto it, and the cross product with it
CROSS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
WARM = np.array([-1.0, 0.0, 1.0])


def template_motion(rng: np.random.Generator, config: AugmentConfig, flip: bool) -> Motion:
    """A small change of the template's view."""
    u = rng.uniform(-1, 1, 3)
    shift = (u[0] * config.template_shift, u[1] * config.template_shift)
    return Motion(shift=shift, scale=1 + u[2] * config.template_scale, flip=flip)


def search_motion(rng: np.random.Generator, config: AugmentConfig, flip: bool, still: bool) -> Motion:
    """A change of the search view, uniform within the limits; wider, and with shear, for stills."""
    u, more = rng.uniform(-1, 1, 6), STILL if still else 1.0
    return Motion(
        shift=(u[0] * config.shift, u[1] * config.shift),
        scale=1 + u[2] * min(config.scale * more, 0.9),
        aspect=1 + u[3] * min(config.aspect * more, 0.9),
        rotation=u[4] * config.rotation * more,
        shear=u[5] * config.aspect * 0.5 if still else 0.0,
        flip=flip,
    )


def colour_matrix(rng: np.random.Generator, strength: float, mean: float = 128.0) -> NDArray[np.float64]:
    """Brightness, contrast, saturation and hue as one (3, 4) map of B, G, R, for `cv2.transform`."""
    u = rng.uniform(-1, 1, 5) * strength
    saturation = max(0.0, 1 + 0.4 * u[0])
    contrast = max(0.2, 1 + 0.25 * u[1])
    angle = math.radians(12) * u[2]
    hue = math.cos(angle) * EYE + (1 - math.cos(angle)) * AXIS + math.sin(angle) * CROSS
    linear = contrast * (saturation * EYE + (1 - saturation) * GRAYS) @ hue
    matrix = np.empty((3, 4))
    matrix[:, :3] = (1 + 0.08 * u[4] * WARM)[:, None] * linear
    matrix[:, 3] = (1 - contrast) * mean + 32 * u[3]
    return matrix


def mean(image: Image) -> float:
    """Mean of all values; as NumPy's, since sums of bytes are exact, in a fraction of the time."""
    return float(sum(cv2.sumElems(image))) / image.size


def recolour(image: Image, matrix: NDArray[np.float64]) -> Image:
    """The image (H, W, 3) under a (3, 4) colour map, saturated to 0..255."""
    return np.asarray(cv2.transform(image, matrix), dtype=np.uint8)


def light(rng: np.random.Generator, image: Image, strength: float) -> Image:
    """Colour, gamma, and now and then a strong change of light or a shadow that falls across the crop."""
    if strength <= 0:
        return image
    if rng.random() < 0.85:
        image = recolour(image, colour_matrix(rng, strength, mean(image)))
    pick = rng.random()
    if pick < 0.35:
        strong = pick < 0.07
        gamma = math.exp(rng.uniform(-1, 1) * strength * (0.8 if strong else 0.3))
        table = 255 * (np.arange(256) / 255) ** gamma
        image = np.asarray(cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)), dtype=np.uint8)
    elif pick < 0.42:
        image = shade(rng, image, strength)
    return image


def shade(rng: np.random.Generator, image: Image, strength: float) -> Image:
    """A soft-edged gain that differs between the two sides of a random line."""
    size = image.shape[0]
    angle, place = rng.uniform(0, 2 * math.pi), rng.uniform(-0.3, 0.3) * size
    line = np.arange(size, dtype=np.float32) - size / 2
    along = math.cos(angle) * line[None, :] + math.sin(angle) * line[:, None] - place
    ramp = np.clip(along / (rng.uniform(0.1, 0.8) * size) + 0.5, 0, 1)
    gain = 1 + (rng.uniform(0.45, 1.4) - 1) * min(strength, 1.0) * ramp
    return np.clip(image * gain[..., None], 0, 255).astype(np.uint8)


def gray(image: Image) -> Image:
    """The image without colour, still (H, W, 3)."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def motion_kernel(length: float, angle: float) -> NDArray[np.float32]:
    """Kernel of a straight motion of `length` pixels at `angle` radians; odd side, sums to 1."""
    half = math.ceil(length / 2)
    t = np.linspace(-length / 2, length / 2, 8 * half + 1)
    x, y = half + t * math.cos(angle), half + t * math.sin(angle)
    kernel = np.zeros((2 * half + 2, 2 * half + 2), dtype=np.float32)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - x0, y - y0
    for dx, dy, weight in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
        np.add.at(kernel, (y0 + dy, x0 + dx), weight)
    kernel = kernel[:-1, :-1]
    return kernel / kernel.sum()


def motion_blur(rng: np.random.Generator, image: Image, shift: tuple[float, float], still: bool) -> Image:
    """Blur along a direction: for a still along its own rendered shift, else any."""
    length, angle = rng.uniform(2, 11), rng.uniform(0, math.pi)
    if still and math.hypot(*shift) > 4:
        angle = math.atan2(shift[1], shift[0])
    return np.asarray(cv2.filter2D(image, -1, motion_kernel(length, angle)), dtype=np.uint8)


def sensor(rng: np.random.Generator, image: Image) -> Image:
    """One of: Gaussian noise, JPEG artefacts, or low resolution."""
    kind = rng.integers(3)
    if kind == 0:
        noise = rng.standard_normal(image.shape, dtype=np.float32) * rng.uniform(3, 16)
        return np.clip(image + noise, 0, 255).astype(np.uint8)
    if kind == 1:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 60))])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    size = image.shape[0]
    small = max(8, round(size * rng.uniform(0.25, 0.65)))
    low = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(low, (size, size), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
