"""Held-out clips, looked at while training: overlap on fixed pairs, and a short run of the tracker on each clip."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from tracker import box as boxes
from tracker.data.datasets import Track
from tracker.data.pairs import PairSampler
from tracker.data.sources import clip_of, expand, open_sources
from tracker.errors import InputError
from tracker.images import read_image
from tracker.models.losses import points
from tracker.models.siamese import SiameseNet
from tracker.settings import AugmentConfig, Config, SourceConfig
from tracker.tracking.siamese_tracker import Tracker
from tracker.training.step import Run

SEED = 20_240_601  # of the fixed pairs: no training run draws from it


class Validation:
    """The held-out clips of `train.validation`, opened once.

    Raises InputError: no such folder or clip, a clip that is trained on, or nothing to measure.
    """

    def __init__(self, config: Config) -> None:
        settings = config.train.validation
        self.config, self.settings = config, settings
        folder = Path(config.data.root).expanduser() / settings.path
        if not settings.path or not folder.is_dir():
            raise InputError(
                f"train.validation.path: no folder {settings.path!r} below {config.data.root or 'data.root'}"
            )
        if not settings.pairs and not settings.frames:
            raise InputError("train.validation: pairs and frames are both 0; there is nothing to measure")
        source = SourceConfig(settings.path, settings.layout)
        plain = _plain(config.data.augment)
        held = replace(config.data, sources=(source,), negative=0.0, workers=0, cache_mb=0, augment=plain)
        tracks = open_sources(held)[0].tracks
        names = [clip_of(name) for name in tracks.names]
        missing = sorted(set(settings.clips).difference(names))
        if missing:
            raise InputError(f"train.validation.clips: {', '.join(missing)}: not in {folder}")
        wanted = set(settings.clips or names)
        held_out = [tracks[i] for i, name in enumerate(names) if name in wanted]
        self.clips = [track for track in held_out if len(track) > 1]
        if not self.clips:
            raise InputError(f"train.validation: no clip of two or more frames in {folder}")
        _require_held_out(config, held_out)
        others = {track for track, name in zip(tracks.names, names, strict=True) if name not in wanted}
        source = replace(source, exclude=tuple(sorted(others)))
        self.sampler = PairSampler(replace(held, sources=(source,)), config.tracking, SEED)

    def __call__(self, run: Run, stopped: Callable[[], object] = bool) -> dict[str, float] | None:
        """Mean overlaps `pairs` and `clips` (0..1), each where it is asked for; processes share the work.

        `score`, by which the best checkpoint is chosen, is that on clips, or else on pairs. None where `stopped` said
        so in any process: it is asked after every batch of pairs and every frame.
        """
        net = run.average.net if run.average else run.net
        was_training = net.training
        net.eval()
        try:
            return self._measure(net, run, stopped)
        finally:
            net.train(was_training)

    def _measure(self, net: SiameseNet, run: Run, stopped: Callable[[], object]) -> dict[str, float] | None:
        work = {"pairs": (self.settings.pairs, self._pairs), "clips": (self.settings.frames, self._clips)}
        out: dict[str, float] = {}
        for name, (wanted, rounds) in work.items():
            if not wanted:
                continue
            values: list[float] = []
            for found in rounds(net, run, stopped):
                values += found
                if run.team.most(bool(stopped())):  # all leave in the same round
                    return None
            out[name] = self._mean(run, values)
        return out | {"score": out.get("clips", out.get("pairs", 0.0))}

    def _pairs(self, net: SiameseNet, run: Run, _: Callable[[], object]) -> Iterator[list[float]]:
        """Overlaps of the box at the best-scored point with the target, of this process's part of each batch."""
        size, team = min(self.config.train.batch, 16), run.team
        for start in range(0, self.settings.pairs, size * team.size):
            stop = min(start + size * team.size, self.settings.pairs)
            numbers = range(start + team.rank, stop, team.size)
            yield self._overlaps(net, run.device, numbers) if numbers else []

    def _overlaps(self, net: SiameseNet, device: torch.device, numbers: range) -> list[float]:
        pairs = [self.sampler.sample(i) for i in numbers]
        template, search = (
            torch.from_numpy(np.stack([p[key] for p in pairs])).to(device) for key in ("template", "search")
        )
        with torch.no_grad():
            cls, loc = net(net.embed(template), search)
        predicted, target = best_boxes(cls, loc).cpu().numpy(), np.stack([p["box"] for p in pairs])
        found: list[float] = boxes.iou(_xywh(predicted), _xywh(target)).tolist()
        return found

    def _clips(self, net: SiameseNet, run: Run, stopped: Callable[[], object]) -> Iterator[list[float]]:
        """The overlap on this process's next clip, as often in every process."""
        tracker = Tracker(net, self.config, run.device)
        for start in range(0, len(self.clips), run.team.size):
            mine = self.clips[start : start + run.team.size][run.team.rank :][:1]
            yield [follow(tracker, clip, self.settings.frames, stopped) for clip in mine]

    @staticmethod
    def _mean(run: Run, values: list[float]) -> float:
        total = torch.tensor([sum(values), float(len(values))], device=run.device)
        total = run.team.sum(total)
        return float(total[0] / total[1].clamp(min=1))


def best_boxes(cls: torch.Tensor, loc: torch.Tensor) -> torch.Tensor:
    """Boxes x1, y1, x2, y2 (N, 4), search-crop pixels, at the highest-scored points of logits and distances."""
    index = (cls[:, 1] - cls[:, 0]).flatten(1).argmax(1)
    rows, columns = loc.shape[2:]
    left, top, right, bottom = loc.flatten(2).gather(2, index[:, None, None].expand(-1, 4, 1))[..., 0].float().unbind(1)
    x = points(columns, index.device)[index % columns]
    y = points(rows, index.device)[torch.div(index, columns, rounding_mode="floor")]
    return torch.stack((x - left, y - top, x + right, y + bottom), 1)


def follow(tracker: Tracker, clip: Track, frames: int, stopped: Callable[[], object] = bool) -> float:
    """Mean overlap on the first `frames` frames when the tracker starts from the first box, which does not count.

    Where `stopped` says so, the rest is left out.
    """
    overlaps = []
    for i, (path, truth) in enumerate(zip(clip.paths[:frames], clip.boxes[:frames], strict=True)):
        if stopped():
            break
        image = read_image(path)
        if i == 0:
            tracker.init(image, boxes.Box(*(float(v) for v in truth)))
        else:
            overlaps.append(float(boxes.iou(tracker.update(image).box.xywh, truth)))
    return float(np.mean(overlaps)) if overlaps else 0.0


def _plain(how: AugmentConfig) -> AugmentConfig:
    """No augmentation but half of the shift and scale: about how a target moves between frames."""
    return AugmentConfig(
        **dict.fromkeys(AugmentConfig.__dataclass_fields__, 0.0) | {"shift": how.shift / 2, "scale": how.scale / 2}
    )


def _xywh(corners: np.ndarray) -> np.ndarray:
    return np.concatenate((corners[:, :2], corners[:, 2:] - corners[:, :2]), 1)


def _require_held_out(config: Config, clips: list[Track]) -> None:
    """Raise InputError where frames of these clips are among those that are trained on, by whichever folder."""
    path = config.train.validation.path
    held = {_real(frame): clip_of(clip.name) for clip in clips for frame in clip.paths}
    places = {Path(frame).parent for frame in held}
    seen: set[str] = set()
    for source, folders in expand(config.data):
        wheres = [folder.resolve() for folder in folders]
        if source.weight <= 0 or not any(where in (place, *place.parents) for where in wheres for place in places):
            continue
        for opened in open_sources(replace(config.data, sources=(source,))):
            ends = (_real(track.paths[end]) for track in opened.tracks for end in (0, -1))
            seen |= {held[frame] for frame in ends if frame in held}
    if seen:
        some = ", ".join(sorted(seen)[:3])
        raise InputError(f"train.validation: {some} of {path!r} would be trained on; name them in its `exclude`")


def _real(path: str) -> str:
    return os.path.join(_real_folder(os.path.dirname(path)), os.path.basename(path))


@functools.lru_cache(maxsize=100_000)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)
