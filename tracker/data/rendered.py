"""Rendered clips on disk, in GOT-10k layout, as one more source of training data."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tracker.data.render import Clip, Scene
from tracker.errors import InputError

STRIDE = 4  # rendered frames from one stored frame to the next


def write_clip(folder: Path, seed: int, frames: int, size: tuple[int, int]) -> None:
    """Render a clip (every STRIDE-th frame of it) to `folder`: `00000001.jpg` ... and `groundtruth.txt`.

    Every third clip has no leaf in front of the target, every second a twin beside it. A folder that is complete is
    left alone. Raises InputError where nothing can be written.
    """
    truth = folder / "groundtruth.txt"
    if truth.exists():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occluded = 0 if seed % 3 == 0 else 14
        scene = Scene(Clip(frames * STRIDE, size, seed, occluded=occluded, twin=seed % 2 == 0))
        rows = []
        for i in range(frames):
            drawn = scene.draw(i * STRIDE)
            cv2.imwrite(str(folder / f"{i + 1:08d}.jpg"), np.asarray(drawn.frame), [cv2.IMWRITE_JPEG_QUALITY, 92])
            rows.append(",".join(f"{v:.2f}" for v in drawn.box.xywh) + "\n")
        truth.write_text("".join(rows))  # last: it says that the clip is complete
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None
