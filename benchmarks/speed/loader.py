"""Training pairs a second and core: ours from raw frames against the published pipeline's way from pre-cut crops.

    python benchmarks/speed/loader.py
    python benchmarks/speed/loader.py --root ../data --path videos --layout got10k
    python benchmarks/speed/loader.py --root ../data --path 'stills/*' --layout coco

Without --root it renders a few clips. The pairs are drawn once; their crops of 511 pixels are then cut with the writer
of `siamsa data crops`. The published way, written here from its description (PySOT), decodes the two crops of a pair,
moves and scales each with one warp, and changes colour and blurs in float; it has no other augmentation. Ours draws the
same frames of the same objects and decodes them whole: with all its augmentations (which decode other frames for what
they paste), with the published kinds alone, and with a cache of frames that is warm.

One thread, files in the disk cache. Each round times all ways on the same pairs one after the other, in CPU seconds of
this process, so that a busy machine counts for little; ratios are the median over the rounds.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tracker.cli.main import script
from tracker.data.crop511 import CROP
from tracker.data.crops import Matrix, map_box
from tracker.data.datasets import Track, Tracks, read
from tracker.data.pairs import PairSampler, targets
from tracker.data.precut import precut
from tracker.data.rendered import write_clip
from tracker.errors import InputError
from tracker.settings import AugmentConfig, DataConfig, SourceConfig, TrackingConfig

Image = NDArray[Any]
QUALITY = 95  # cv2.imwrite's own, which the published crops have
LIGHT = 5.0  # standard deviation of the published way's colour offsets, gray levels
PUBLISHED = AugmentConfig(
    aspect=0, rotation=0, gray=0, flip=0, noise=0, distractors=0, occluders=0, background=0
)  # METHOD 9: shift, scale, colour, blur


class Published:
    """The published way, on tracks of two crops: those of the template and the search region of a pair."""

    def __init__(self, tracks: Tracks, config: DataConfig, tracking: TrackingConfig, seed: int) -> None:
        self.tracks, self.config, self.tracking, self.seed = tracks, config, tracking, seed

    def sample(self, index: int) -> dict[str, Any]:
        """Like PairSampler.sample, but the crops are float32."""
        rng = np.random.default_rng([self.seed, index])
        track = self.tracks[index]
        negative = bool(rng.random() < self.config.negative)
        other = self.tracks[int(rng.integers(len(self.tracks)))] if negative else track
        how, config = self.config.augment, self.tracking
        template, _ = view(rng, track, 0, config.exemplar_size, how.template_shift, how.template_scale, how.colour, 0)
        search, matrix = view(rng, other, 1, config.instance_size, how.shift, how.scale, how.colour, how.blur)
        box = map_box(other.boxes[1], matrix)
        return {"template": template, "search": search, "negative": negative} | targets(box, negative, config)


def view(
    rng: np.random.Generator, track: Track, i: int, size: int, shift: float, scale: float, colour: float, blur: float
) -> tuple[Image, Matrix]:
    """One augmented crop (3, size, size) float32 of frame i of a track of pre-cut crops, and the map that made it."""
    image = cv2.imread(track.paths[i])
    if image is None:
        raise InputError(f"{track.paths[i]}: cannot be read as an image")
    dx, dy, *change = rng.uniform(-1, 1, 4) * (shift, shift, scale, scale)
    linear = np.diag(1 / (1 + np.array(change)))  # width and height each for itself
    middle = np.full(2, (CROP - 1) / 2)
    matrix = np.column_stack([linear, np.full(2, (size - 1) / 2) - linear @ (middle + (dx, dy))])
    image = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    changed = image - np.float32(LIGHT * colour) * rng.standard_normal(3, np.float32)
    if rng.random() < blur:
        changed = cv2.filter2D(changed, -1, cross(rng))
    return np.ascontiguousarray(changed.transpose(2, 0, 1), np.float32), matrix


def cross(rng: np.random.Generator) -> NDArray[np.float32]:
    """A blur kernel of 5 to 45 pixels: a row and a column, weighted at random."""
    size = int(rng.choice(np.arange(5, 46, 2)))
    kernel = np.zeros((size, size), np.float32)
    share = rng.random()
    kernel[:, size // 2] += share / size
    kernel[size // 2, :] += (1 - share) / size
    return kernel


def precut_pairs(sampler: PairSampler, pairs: int, folder: Path) -> Tracks:
    """Crops for the frames that `sampler` draws for the first `pairs` pairs: track k has the two of pair k."""
    drawn = []
    for index in range(pairs):
        _, track, i, j = sampler.pick(np.random.default_rng([sampler.seed, index]))
        numbers = np.array([1, 2], np.int64)
        drawn.append(Track(f"pair{index:06d}", (track.paths[i], track.paths[j]), track.boxes[[i, j]], numbers))
    damaged = precut(Tracks.of(drawn, folder), folder / "crops", QUALITY, 1)
    if damaged:
        raise InputError(damaged[0])
    return read("pysot", folder / "crops").tracks


def seconds(sample: Callable[[int], object], indices: range) -> float:
    """CPU seconds of some pairs."""
    begun = time.process_time()
    for index in indices:
        sample(index)
    return time.process_time() - begun


def compare(config: DataConfig, rounds: int, block: int, cache_mb: int, folder: Path) -> dict[str, list[float]]:
    """CPU seconds of each way in each round of `block` pairs; the published way is the first."""
    tracking, seed = TrackingConfig(), 0
    raw = PairSampler(config, tracking, seed)
    kinds = dataclasses.replace(config, augment=PUBLISHED)
    crops = precut_pairs(raw, rounds * block, folder)
    cached = PairSampler(dataclasses.replace(config, cache_mb=cache_mb), tracking, seed)
    ways: dict[str, Callable[[int], object]] = {
        "crop511, decode, float": Published(crops, config, tracking, seed).sample,
        "raw frames": raw.sample,
        "raw frames, published kinds": PairSampler(kinds, tracking, seed).sample,
        f"raw frames, {cache_mb} MB cache": cached.sample,
    }
    seconds(cached.sample, range(rounds * block))
    for way in ways.values():
        seconds(way, range(min(5, block)))
    times: dict[str, list[float]] = {name: [] for name in ways}
    for start in range(0, rounds * block, block):
        for name, way in ways.items():
            times[name].append(seconds(way, range(start, start + block)))
    return times


def main() -> int:
    """Draw, cut, time in turns, print."""
    args = _parse()
    if min(args.rounds, args.block) < 1:
        raise InputError("--rounds and --block must be 1 or more")
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        root, path, layout = args.root, args.path, args.layout
        if root is None:
            root, path, layout = Path(folder), "clips", "got10k"
            for seed in range(1, args.clips + 1):
                write_clip(root / path / f"clip{seed}", seed, 20, (640, 480))
        config = DataConfig(root=str(root), sources=(SourceConfig(path=path, layout=layout),))
        times = compare(config, args.rounds, args.block, args.cache_mb, Path(folder))
    first = next(iter(times.values()))
    for name, found in times.items():
        rate = args.block / statistics.median(found)
        ratio = statistics.median(slow / quick for slow, quick in zip(first, found, strict=True))
        print(f"{name:>28}: {rate:6.1f} pairs a second and core, {ratio:4.2f} times the published way")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--root", type=Path, help="folder of the data sets; without it, clips are rendered")
    parser.add_argument("--path", default="*", help="data sets below it, may be a glob (default: *)")
    parser.add_argument("--layout", default="got10k", help="their layout (default: got10k)")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of timing (default: 20)")
    parser.add_argument("--block", type=int, default=20, help="pairs a round (default: 20)")
    parser.add_argument("--cache-mb", type=int, default=2000, help="cache of the cached way (default: 2000)")
    parser.add_argument("--clips", type=int, default=6, help="clips to render (default: 6)")
    return parser.parse_args()


if __name__ == "__main__":
    script(main, Path(__file__).name)
