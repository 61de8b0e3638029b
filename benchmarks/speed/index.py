"""How fast training starts on a large data set with an index, and how much memory it takes with loader processes.

    python benchmarks/speed/index.py --tracks 200000 --frames 5 --workers 8

A synthetic data set of that many tracks is written to a temporary folder (PySOT's layout: one JSON file, no images) and
indexed. Then a fresh process opens it as training does, by PairSampler, and starts loader processes, each of which
draws tracks at random. Time: from the start of that process. Memory: PSS (shared pages are shared out) of them all.
`--loader plain` starts bare processes, `spawn` and `forkserver` torch's DataLoader with that method. Linux only.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tracker.cli.main import script
from tracker.data.index import build
from tracker.data.pairs import PairSampler
from tracker.settings import DataConfig, SourceConfig, TrackingConfig

DRAWS = 2000  # tracks that each loader process reads
LOADERS = ("plain", "spawn", "forkserver")


def make(root: Path, tracks: int, frames: int) -> None:
    """Write the data set and its index."""
    (root / "set" / "crop511").mkdir(parents=True)
    rng = np.random.default_rng(0)
    corners = np.concatenate([rng.integers(0, 300, (tracks, 2)), rng.integers(300, 600, (tracks, 2))], axis=1).tolist()
    with (root / "set" / "train.json").open("w", encoding="utf-8") as file:
        for i, box in enumerate(corners):
            shown = {f"{f:06d}": box for f in range(i % 50, i % 50 + frames)}
            video = {"00": {**shown, "meta": {"category": f"kind {i % 80}"}}}
            file.write(("{" if i == 0 else ",\n") + f'"train/part_{i // 1000:04d}/video_{i:08d}": ' + json.dumps(video))
        file.write("}")
    started = time.perf_counter()
    loaded, path = build("pysot", root / "set")
    print(
        f"index of {len(loaded.tracks)} tracks, {int(loaded.tracks.lengths.sum())} boxes: "
        f"{path.stat().st_size / 2**20:.0f} MB, made in {time.perf_counter() - started:.1f} s",
        flush=True,
    )


def draw(sampler: PairSampler, seed: int) -> float:
    """Make tracks at random, and look at their names, boxes and frames."""
    rng = np.random.default_rng(seed)
    total = 0.0
    for _ in range(DRAWS):
        track = sampler.sources[0].draw(rng)
        total += float(track.boxes.sum()) + len(track.name) + len(track.paths[len(track) - 1])
    return total


class Draws:
    """What DataLoader takes: as many items as there are workers, each of many draws."""

    def __init__(self, sampler: PairSampler, workers: int) -> None:
        self.sampler, self.workers = sampler, workers

    def __len__(self) -> int:
        return 4 * self.workers

    def __getitem__(self, i: int) -> float:
        return draw(self.sampler, i)


def loop(sampler: PairSampler, ready: Any, stop: Any, seed: int) -> None:
    """A bare loader process."""
    draw(sampler, seed)
    ready.release()
    stop.wait()


def start(root: Path, workers: int, loader: str, began: float) -> None:
    """Open the data set, start loaders, and print the times since `began` and the memory."""
    config = DataConfig(root=str(root), sources=(SourceConfig(path="set", layout="pysot"),))
    sampler = PairSampler(config, TrackingConfig(), 0)
    opened = time.time() - began
    if loader == "plain":
        context = multiprocessing.get_context("spawn")
        ready, stop = context.Semaphore(0), context.Event()
        children = [context.Process(target=loop, args=(sampler, ready, stop, i)) for i in range(workers)]
        for child in children:
            child.start()
        for _ in children:
            ready.acquire()
        report(opened, began, [child.pid for child in children])
        stop.set()
        return
    from torch.utils.data import DataLoader

    if loader == "forkserver":
        multiprocessing.set_forkserver_preload(["torch.utils.data", "cv2", "tracker.data.pairs"])
    warnings.filterwarnings("ignore", "This DataLoader will create")  # more workers than cores are wanted here
    batches = iter(DataLoader(Draws(sampler, workers), 1, num_workers=workers, multiprocessing_context=loader))
    for _ in range(workers):
        next(batches)
    processes: list[Any] = batches._workers  # type: ignore[attr-defined]
    server = [int(pid) for pid in Path(f"/proc/{processes[0].pid}/stat").read_text().split()[3:4]]
    report(opened, began, [p.pid for p in processes] + (server if loader == "forkserver" else []))


def report(opened: float, began: float, pids: list[Any]) -> None:
    """Print the result. The parent is counted as well."""
    ready = time.time() - began
    own, others = pss("self"), [pss(str(pid)) for pid in pids]
    print(
        f"opened {opened:.2f} s, all loaders at work {ready:.2f} s after the start; memory {own:.0f} MB + "
        f"{len(others)} processes of {min(others):.0f} to {max(others):.0f} MB = {own + sum(others):.0f} MB",
        flush=True,
    )


def pss(pid: str) -> float:
    """Proportional set size of a process, MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> int:
    """Make the data set and measure, each in a process of its own."""
    args = _parse()
    if args.make:
        make(args.make, args.tracks, args.frames)
        return 0
    if args.start:
        start(args.start, args.workers, args.loader[0], args.began)
        return 0
    common = [sys.executable, __file__, "--tracks", str(args.tracks), "--frames", str(args.frames)]
    with tempfile.TemporaryDirectory() as folder:
        code = subprocess.run([*common, "--make", folder], check=False).returncode
        for loader in args.loader if not code else ():
            print(f"{loader:10}", end=" ", flush=True)
            words = ["--start", folder, "--workers", str(args.workers), "--loader", loader, "--began", str(time.time())]
            code = code or subprocess.run([*common, *words], check=False).returncode
    return code


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tracks", type=int, default=200_000, help="index entries (default: 200000)")
    parser.add_argument("--frames", type=int, default=5, help="frames of each (default: 5)")
    parser.add_argument("--workers", type=int, default=8, help="loader processes (default: 8)")
    parser.add_argument("--loader", nargs="+", choices=LOADERS, default=LOADERS, help="how they start (default: all)")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, default=0.0, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    script(main, Path(__file__).name)
