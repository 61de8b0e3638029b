"""One pass over clips in GOT-10k layout, with every combination of the constants that are given.

    python benchmarks/clips.py --root videos --clips dog car --grid tracking.lr=0.3,0.5 tracking.penalty_k=0.05,0.1

For choosing constants on clips that were held out of training. Never choose them on a benchmark that is reported.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from tracker import checkpoint
from tracker.box import Box
from tracker.cli.main import script
from tracker.config import apply_overrides
from tracker.data.datasets import Track, read
from tracker.data.render import render_clip
from tracker.errors import InputError
from tracker.evaluation.measures.metrics import OnePass, mean, one_pass
from tracker.tracking.load import checkpoint_path, load
from tracker.tracking.siamese_tracker import Tracker


def main() -> int:
    """Track with each combination and print the best last."""
    args = _parse()
    tracks = {t.name: t for t in read("got10k", Path(args.root)).tracks}
    unknown = sorted(set(args.clips) - set(tracks))
    if unknown:
        raise InputError(f"{args.root}: no clip {', '.join(unknown)}")
    clips = [tracks[name] for name in args.clips or ([] if args.rendered else tracks)]
    frames = {path: cv2.imread(path) for clip in clips for path in clip.paths}
    for seed in args.rendered:
        images, boxes = zip(*render_clip(frames=100, seed=seed), strict=True)
        clips.append(Track(f"rendered {seed}", tuple(f"{seed}/{i}" for i in range(100)), _array(boxes), np.arange(100)))
        frames |= dict(zip(clips[-1].paths, images, strict=True))
    base = load(args.checkpoint, overrides=args.set, precision=args.precision, threads=args.threads)
    held = checkpoint.load(checkpoint_path(args.checkpoint, None))
    keys = [text.split("=")[0] for text in args.grid]
    choices = [text.split("=")[1].split(",") for text in args.grid]
    rows: list[tuple[float, str]] = []
    for values in itertools.product(*choices):
        overrides = [f"{k}={v}" for k, v in zip(keys, values, strict=True)]
        tracker = Tracker(held.network(), apply_overrides(base.config, overrides), precision=args.precision)
        scores = [follow(tracker, clip, (frames[p] for p in clip.paths)) for clip in clips]
        total = mean(scores)
        rows.append((total.success, " ".join(overrides)))
        each = " ".join(f"{s.success:.3f}" for s in scores)
        print(f"success {total.success:.4f} precision {total.precision:.3f}  {rows[-1][1]}  [{each}]", flush=True)
    print(f"best of {len(rows)} on {len(clips)} clips: success {max(rows)[0]:.4f}  {max(rows)[1]}")
    return 0


def follow(tracker: Tracker, clip: Track, images: Iterable[np.ndarray]) -> OnePass:
    """One pass over a clip whose frames are decoded."""
    found = []
    for i, image in enumerate(images):
        if i == 0:
            box = Box(*(float(v) for v in clip.boxes[0]))
            tracker.init(image, box)
        else:
            box = tracker.update(image).box
        found.append(box.xywh)
    return one_pass(clip.boxes, found)


def _array(boxes: Iterable[Box]) -> np.ndarray:
    return np.array([box.xywh for box in boxes], np.float32)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--root", required=True, help="folder of clips in GOT-10k layout")
    parser.add_argument("--clips", nargs="+", default=[], help="names of the clips (default: all)")
    parser.add_argument("--rendered", nargs="+", type=int, default=[], metavar="SEED", help="rendered clips as well")
    parser.add_argument("--checkpoint", metavar="FILE", help="weights (default: those that are shipped)")
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="a.b=c", help="change settings")
    parser.add_argument("--grid", nargs="+", action="extend", default=[], metavar="a.b=x,y,z", help="values to try")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"), help="arithmetic")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads (0: as torch decides)")
    return parser.parse_args()


if __name__ == "__main__":
    script(main, Path(__file__).name)
