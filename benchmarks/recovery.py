"""How well targets are called lost while they are absent, and found again: rendered clips and cut-outs over real ones.

    python benchmarks/recovery.py --seeds 200 201 202 203 --root videos --clips dog car cat bear

Of each kind (leaves the frame, is hidden for 40 frames, a twin passes) and seed one clip is followed from its first
frame. Cut-outs need --root, a folder of clips in GOT-10k layout; --clips names those to take, best ones that were held
out of training, and these are followed as they are, too.

absent       frames in which less than 5 % of the target is visible; `lost` is the share of them that is called lost
false        lost, of the frames in which at least half of the target is visible
elsewhere    lost, of all frames that are not absent: the target's last and first bit at the frame's edge, too
returns      absences of at least 5 frames after which half of the target is visible for 15 frames; `found`: in one of
             these it overlaps the true box by at least 0.5, and is not lost; `frames`: median and largest wait
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from cutouts import EVENTS, CutOut

from tracker.box import Box, iou
from tracker.cli import options
from tracker.cli.main import script
from tracker.data.datasets import Track, read
from tracker.data.render import Clip, Scene
from tracker.errors import InputError
from tracker.tracking.multi_tracker import MultiTracker
from tracker.tracking.siamese_tracker import Tracker

ABSENT, SEEN = 0.05, 0.5  # visible part of the target: less, or at least
SHORTEST, WITHIN = 5, 15  # frames of an absence that counts, and in which a target must be found again
LEAD = 15  # frames in which the target is in full view before a clip can tell anything
RENDERED = {
    "leaves": {"leaves": True},
    "hidden": {"hidden": 40, "frames": 180},
    "twin": {"twin": True},
    "plain": {},
}
SOURCES = ("rendered", "cut-out", "real")
Shown = tuple[np.ndarray, Box, float]  # frame, true box, visible part


@dataclass
class Tally:
    """Counts over any number of clips."""

    absent: list[int] = field(default_factory=lambda: [0, 0])  # those that are right or wrong, of how many
    false: list[int] = field(default_factory=lambda: [0, 0])
    elsewhere: list[int] = field(default_factory=lambda: [0, 0])
    waits: list[int | None] = field(default_factory=list)  # frames until found again, None: not in time
    overlap: list[float] = field(default_factory=list)  # where the target is seen

    def add(self, visible: list[float], lost: list[bool], overlap: list[float]) -> None:
        """One clip, frame by frame."""
        for seen, gone, both in zip(visible, lost, overlap, strict=True):
            for counter, counts in (
                (self.absent, seen < ABSENT),
                (self.false, seen >= SEEN),
                (self.elsewhere, seen >= ABSENT),
            ):
                counter[0] += counts and gone
                counter[1] += counts
            if seen >= SEEN:
                self.overlap.append(both)
        good = [both >= 0.5 and not gone for gone, both in zip(lost, overlap, strict=True)]
        for start in returns(visible):
            window = good[start : start + WITHIN]
            self.waits.append(window.index(True) if True in window else None)

    def row(self, name: str) -> str:
        """One line of the table."""
        found = sorted(w for w in self.waits if w is not None)
        wait = f"{found[len(found) // 2]} / {found[-1]}" if found else "-"
        shares = [f"{a / b:7.1%}" if b else "      -" for a, b in (self.absent, self.false, self.elsewhere)]
        back = f"{len(found)}/{len(self.waits)}"
        overlap = float(np.mean(self.overlap)) if self.overlap else 0.0
        return (
            f"{name:18s} {self.absent[1]:6d} {shares[0]} {shares[1]} {shares[2]} {back:>8s} {wait:>8s} {overlap:8.3f}"
        )


HEADER = f"{'kind':18s} absent    lost   false  elsewh.   found   frames  overlap"


def returns(visible: list[float]) -> list[int]:
    """Frames at which a target that was absent is seen again, and stays for long enough to be found."""
    starts, away = [], 0
    for i, seen in enumerate(visible):
        if seen < ABSENT:
            away += 1
        elif seen >= SEEN:
            if away >= SHORTEST and min(visible[i : i + WITHIN]) >= SEEN and i + WITHIN <= len(visible):
                starts.append(i)
            away = 0
    return starts


def follow(tracker: Tracker, clip: Iterable[Shown], tally: Tally, recover: bool = True) -> bool:
    """Follow the target of one clip; False where it is never seen long enough to begin with."""
    shown = list(clip)
    visible = [part for _, _, part in shown]
    begin = next((i for i in range(len(shown)) if min(visible[i : i + LEAD]) >= 0.9), None)
    if begin is None or len(shown) - begin < 3:
        return False
    several = MultiTracker(tracker, recover)
    id = several.add(shown[begin][0], shown[begin][1])
    results = [several.update(frame)[id] for frame, _, _ in shown[begin + 1 :]]
    overlaps = [iou(r.box.xywh, box.xywh) for r, (_, box, _) in zip(results, shown[begin + 1 :], strict=True)]
    tally.add(visible[begin + 1 :], [r.lost for r in results], [float(v) for v in overlaps])
    return True


def rendered(kind: str, seed: int) -> Iterator[Shown]:
    """A rendered clip of a kind."""
    clip = Clip(**{"frames": 140, "seed": seed, **RENDERED[kind]})  # type: ignore[arg-type]
    scene = Scene(clip)
    return ((d.frame, d.box, d.visible) for d in map(scene.draw, range(clip.frames)))


def cut_out(kind: str, seed: int, tracks: list[Track]) -> Iterator[Shown]:
    """A real object over another real clip."""
    return ((d.frame, d.box, d.visible) for d in CutOut(kind, seed, tracks))


def real(track: Track) -> Iterator[Shown]:
    """A clip as it is; its target is never absent."""
    return ((cv2.imread(p), Box(*map(float, b)), 1.0) for p, b in zip(track.paths, track.boxes, strict=True))


def main() -> int:
    """Follow all clips and print the table."""
    args = _parse()
    tracker = options.load_tracker(args)
    tracks = _tracks(args.root, args.clips)
    total: dict[str, Tally] = defaultdict(Tally)
    print(HEADER)
    sources = [
        source for source in ("rendered", "cut-out") if source in args.sources and (tracks or source == "rendered")
    ]
    for kind in args.kinds:
        for source in sources:
            for seed in args.seeds:
                clip = rendered(kind, seed) if source == "rendered" else cut_out(kind, seed, tracks)
                if not follow(tracker, clip, total[f"{source} {kind}"], not args.plain):
                    print(f"({source} {kind} {seed} left out: the target is not seen at first)", file=sys.stderr)
            print(total[f"{source} {kind}"].row(f"{source} {kind}"), flush=True)
    if tracks and "real" in args.sources:
        for track in tracks:
            follow(tracker, real(track), total["real"], not args.plain)
        print(total["real"].row("real"))
    return 0


def _tracks(root: str | None, clips: list[str]) -> list[Track]:
    if root is None:
        return []
    tracks = {t.name: t for t in read("got10k", Path(root)).tracks}
    unknown = sorted(set(clips) - set(tracks))
    chosen = [tracks[name] for name in clips or sorted(tracks) if name in tracks]
    if unknown or len(chosen) < 3:
        raise InputError(f"{root}: " + (f"no clip {', '.join(unknown)}" if unknown else "needs three clips or more"))
    return chosen


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=list(range(200, 208)), help="one clip of each kind for each"
    )
    parser.add_argument("--kinds", nargs="+", default=list(EVENTS), choices=EVENTS, help="what happens to the target")
    parser.add_argument("--root", help="folder of clips in GOT-10k layout: cut-outs are made from them")
    parser.add_argument("--clips", nargs="+", default=[], help="names of the clips to take (default: all)")
    parser.add_argument("--sources", nargs="+", default=list(SOURCES), choices=SOURCES, help="what clips are made from")
    parser.add_argument("--plain", action="store_true", help="without recovery, to compare")
    options.add_network(parser)
    return parser.parse_args()


if __name__ == "__main__":
    script(main, Path(__file__).name)
