"""Makes the pictures in docs/images from what the project itself renders and tracks: python docs/make_figures.py

demo.jpg: the sample of `siamsa demo` with tracked and true boxes. clips.jpg: what rendered clips look like.
`--run DIR` takes the results of an earlier `siamsa demo` instead of running it again.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.box import Box
from tracker.cli.main import main as siamsa
from tracker.data.render import Clip, Scene
from tracker.drawing.sheet import contact_sheet
from tracker.tracking.result import Result

IMAGES = Path(__file__).resolve().parent / "images"
MOMENTS = (0.0, 0.19, 0.38, 0.48, 0.72, 1.0)  # of the sample: at the leaf, and beside the other one, among them
CELL = 290  # three pictures beside each other fill a README's column, about 900 pixels, at their own size
LARGEST = 400_000  # bytes
SCENES = (  # one of each kind of target and ground: seed, and what makes it special
    (15, {}),
    (22, {}),
    (16, {"twin": True}),
    (21, {"ground": "grass"}),
    (6, {}),
    (5, {"target": "ladybird", "ground": "grass"}),
)


def main() -> None:
    """Make all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, metavar="DIR", help="results of `siamsa demo` to draw")
    parser.add_argument("--checkpoint", metavar="FILE", help="other weights for the demo than the shipped ones")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if args.run is None:
            weights = ["--checkpoint", args.checkpoint] if args.checkpoint else []
            code = siamsa(["demo", "--output", name, *weights])
            if code:
                raise SystemExit(code)
        save("demo.jpg", demo_sheet(args.run or Path(name)))
    save("clips.jpg", clips_sheet())


def demo_sheet(run: Path) -> NDArray[np.uint8]:
    """Moments of a run of `siamsa demo`, read from its files."""
    boxes, truth = (np.loadtxt(run / name, delimiter=",", skiprows=1) for name in ("boxes.csv", "truth.csv"))
    video = cv2.VideoCapture(str(run / "sample.mp4"))
    frames = [frame for ok, frame in (video.read() for _ in truth) if ok]
    if len(frames) != len(truth) or len(boxes) != len(truth):
        raise SystemExit(f"{run}: sample.mp4, boxes.csv and truth.csv differ in length; run `siamsa demo` again")
    chosen = [round(moment * (len(frames) - 1)) for moment in MOMENTS]
    return contact_sheet(
        [frames[i] for i in chosen],
        [Result(Box(*boxes[i, 1:5]), boxes[i, 5], bool(boxes[i, 6])) for i in chosen],
        [Box(*truth[i, 1:5]) for i in chosen],
        columns=3,
        captions=[f"frame {i}" for i in chosen],
        cell_width=CELL,
    )


def clips_sheet() -> NDArray[np.uint8]:
    """A frame of each of several rendered clips, with the true box."""
    scenes = [Scene(Clip(seed=seed, **more)) for seed, more in SCENES]  # type: ignore[arg-type]
    drawn = [scene.draw(80) for scene in scenes]
    captions = [f"{scene.target}, {scene.ground}" for scene in scenes]
    return contact_sheet([d.frame for d in drawn], [d.box for d in drawn], None, 3, captions, CELL)


def save(name: str, image: NDArray[np.uint8]) -> None:
    """Write a JPEG into docs/images, as good as the largest size lets it be."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for quality in (92, 88, 84, 80, 75, 70):
        ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if ok and len(data) <= LARGEST:
            break
    else:
        raise SystemExit(f"{name}: does not fit into {LARGEST} bytes")
    partial = IMAGES / f".{name}.partial"
    partial.write_bytes(data.tobytes())
    os.replace(partial, IMAGES / name)
    print(f"wrote {IMAGES / name}: {image.shape[1]}x{image.shape[0]}, {len(data) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
