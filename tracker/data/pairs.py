"""Training pairs: a template and a search crop with labels, each a pure function of (seed, index)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.data import augment, composite, crops
from tracker.data.composite import View
from tracker.data.datasets import Track
from tracker.data.frames import FrameCache, Stored
from tracker.data.labels import point_distances, point_labels
from tracker.data.sources import Source, open_sources
from tracker.data.warn import warn_once
from tracker.errors import InputError
from tracker.settings import DataConfig, TrackingConfig

ATTEMPTS = 20


class PairSampler:
    """Draws pairs from the configured sources.

    `skipped` counts draws of this process that met a damaged image and were replaced by another draw.
    Raises InputError where the configuration or a source is bad.
    """

    def __init__(self, config: DataConfig, tracking: TrackingConfig, seed: int) -> None:
        self.config, self.tracking, self.seed = config, tracking, int(seed)
        self.sources = open_sources(config)
        weights = np.array([s.weight for s in self.sources])
        self._steps = np.cumsum(weights / weights.sum())[:-1]
        self.frames = FrameCache(config.cache_mb)
        self.skipped = 0

    def sample(self, index: int) -> dict[str, Any]:
        """Pair number `index`, the same in every process and in any order.

        `template` (3, 127, 127) and `search` (3, 255, 255) are uint8 BGR; `labels` (25, 25) int64, 1 / 0 / -1;
        `distances` (4, 25, 25) float32 l, t, r, b and `box` (4,) float32 x1, y1, x2, y2 in search-crop pixels, zeros
        in a negative pair; `negative` and `tight` are bool; `track` tells the template's object from others.
        """
        for attempt in range(ATTEMPTS):
            rng = np.random.default_rng([self.seed, index, attempt] if attempt else [self.seed, index])
            try:
                return self._draw(rng)
            except InputError as error:
                self.skipped += 1
                warn_once(f"{error}; pairs without it are drawn instead")
                last = error
            finally:
                self.frames.release()
        raise InputError(f"{ATTEMPTS} draws in a row met images that cannot be read; the last: {last}")

    def pick(self, rng: np.random.Generator) -> tuple[Source, Track, int, int]:
        """The first draw of a pair: an object and where it came from, and its frames for template and search."""
        source = self._source(rng)
        track = source.draw(rng)
        return source, track, *draw_frames(rng, track, source.config.max_gap)

    def _draw(self, rng: np.random.Generator) -> dict[str, Any]:
        source, track, i, j = self.pick(rng)
        template, search = self._view(track, i), self._view(track, j)
        still, negative = len(track) == 1, False
        if rng.random() < self.config.negative:
            other = self._negative(rng, source, track)
            if other is not None:
                (search, still), negative = other, True

        def stock() -> View:
            near = self._other(rng, source, track)
            if near is None or near.paths[0] == track.paths[0]:  # its picture would show the target a second time
                return composite.plain_view(rng)
            return self._view(near, int(rng.integers(len(near))))

        return render_pair(rng, self.config, self.tracking, template, search, still, negative, stock) | {
            "tight": source.config.tight,
            "track": zlib.crc32(f"{source.name}/{track.name}".encode()),
        }

    def _source(self, rng: np.random.Generator) -> Source:
        return self.sources[int(np.searchsorted(self._steps, rng.random(), side="right"))]

    def _view(self, track: Track, i: int) -> View:
        return View(Stored(track.paths[i], self.frames), track.boxes[i])

    def _negative(self, rng: np.random.Generator, source: Source, track: Track) -> tuple[View, bool] | None:
        """The object that a negative pair searches, and whether it is a still: a neighbour in the same image, the
        hardest look-alike, in a fifth of the draws that have one, else another track; None where there is none."""
        apart = [box for box in track.others if not overlap(track.boxes[0], box)]
        if apart and rng.random() < 0.2:
            return View(Stored(track.paths[0], self.frames), apart[int(rng.integers(len(apart)))]), True
        other = self._other(rng, source, track)
        return None if other is None else (self._view(other, int(rng.integers(len(other)))), len(other) == 1)

    def _other(self, rng: np.random.Generator, source: Source, track: Track) -> Track | None:
        """Another object: half the time of the same source and category (a look-alike), else of any source."""
        alike = rng.random() < 0.5
        for _ in range(10):
            if alike:
                group = source.by_category[track.category]
                other = source.tracks[int(group[rng.integers(len(group))])]
            else:
                other = self._source(rng).draw(rng)
            if not same_object(track, other):
                return other
            alike = False
        return None


def overlap(p: NDArray[np.float32], q: NDArray[np.float32]) -> bool:
    """Whether two boxes x, y, w, h share more than a trace, so that they may show the same object."""
    shared = np.clip(np.minimum(p[:2] + p[2:], q[:2] + q[2:]) - np.maximum(p[:2], q[:2]), 0, None).prod()
    return bool(shared > 0.05 * min(p[2:].prod(), q[2:].prod()))


def same_object(a: Track, b: Track) -> bool:
    """Whether two tracks may show the same object: themselves, or overlapping boxes of one image."""
    return a.same(b) or (len(a) == len(b) == 1 and a.paths[0] == b.paths[0] and overlap(a.boxes[0], b.boxes[0]))


def draw_frames(rng: np.random.Generator, track: Track, max_gap: int) -> tuple[int, int]:
    """Two different frames (positions) whose numbers differ by at most `max_gap`; the same one where there is none."""
    i = int(rng.integers(len(track)))
    near = np.flatnonzero(np.abs(track.numbers - track.numbers[i]) <= max_gap)
    near = near[near != i]
    return i, int(near[rng.integers(len(near))]) if len(near) else i


def render_pair(
    rng: np.random.Generator,
    config: DataConfig,
    tracking: TrackingConfig,
    template: View,
    search: View,
    still: bool,
    negative: bool,
    stock: Callable[[], View],
) -> dict[str, Any]:
    """Crops, compositing, light and labels of one pair; see `PairSampler.sample` for what it holds."""
    how, z_size, x_size, context = (
        config.augment,
        tracking.exemplar_size,
        tracking.instance_size,
        tracking.context_amount,
    )
    flip, colourless = bool(rng.random() < how.flip), bool(rng.random() < how.gray)
    z_matrix = crops.template_matrix(template.box, z_size, context, augment.template_motion(rng, how, flip))
    motion = augment.search_motion(rng, how, flip, still)
    x_matrix = crops.search_matrix(search.box, z_size, x_size, context, motion)
    box = crops.map_box(search.box, x_matrix)

    # a crop that is mostly border teaches little, so it gets another background up to four times as often
    if rng.random() < how.background * (4 - 3 * crops.coverage(search.frame, x_matrix, x_size)):
        z_back, x_back = None, stock()
    else:
        z_back, x_back = stock() if rng.random() < how.background * 0.5 else None, None
    x = cut(rng, search, x_matrix, x_size, x_back)
    z = cut(rng, template, z_matrix, z_size, z_back)
    if rng.random() < how.distractors * 0.4:
        composite.add_distractors(rng, z, crops.map_box(template.box, z_matrix), [(stock(), False)])
    if not negative and rng.random() < how.distractors:
        composite.add_distractors(rng, x, box, draw_distractors(rng, template, stock))
    if rng.random() < how.occluders:
        composite.add_occluder(rng, x, box, stock)
    z = finish(rng, z, how, colourless)
    if rng.random() < how.blur:
        x = augment.motion_blur(rng, x, motion.shift, still)
    x = finish(rng, x, how, colourless)
    return {"template": planes(z), "search": planes(x), "negative": negative} | targets(box, negative, tracking)


def cut(rng: np.random.Generator, view: View, matrix: crops.Matrix, size: int, back: View | None) -> NDArray[np.uint8]:
    """The crop of a view, in its own surroundings or in front of another picture."""
    if back is None:
        return crops.warp(view.frame, matrix, size)
    return composite.on_background(rng, size, view, matrix, back)


def draw_distractors(rng: np.random.Generator, template: View, stock: Callable[[], View]) -> list[tuple[View, bool]]:
    """One to three objects to paste beside the target; now and then one is the target itself (flagged)."""
    objects = [(stock(), False) for _ in range(int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])))]
    if rng.random() < 0.25:
        objects[0] = (template, True)
    return objects


def finish(rng: np.random.Generator, image: NDArray[np.uint8], how: Any, colourless: bool) -> NDArray[np.uint8]:
    """Light, colour and sensor of one crop."""
    image = augment.light(rng, image, how.colour)
    if colourless:
        image = augment.gray(image)
    return augment.sensor(rng, image) if rng.random() < how.noise else image


def planes(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) to contiguous (3, H, W)."""
    out = np.empty((image.shape[2], *image.shape[:2]), np.uint8)
    cv2.split(image, list(out))  # writes into it; three times as fast as NumPy's transposed copy
    return out


def targets(box: NDArray[np.float64], negative: bool, tracking: TrackingConfig) -> dict[str, Any]:
    """Labels, distances and box of the search crop; distances and box are zero in a negative pair."""
    size, stride = tracking.instance_size, tracking.stride
    labels, distances = point_labels(box, negative, size, stride), point_distances(box, size, stride)
    keep = np.float32(0.0 if negative else 1.0)
    return {"labels": labels, "distances": distances * keep, "box": box.astype(np.float32) * keep}
