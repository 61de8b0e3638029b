"""The tracker class of the package `got10k` around ours; what else is needed of the package is imported here too."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tracker.box import Box
from tracker.config import to_dict
from tracker.errors import InputError
from tracker.evaluation.running.protocols import TrackerError
from tracker.evaluation.running.trackers import Entry, Follower, as_box
from tracker.evaluation.sequence import Floats

try:
    import matplotlib.pyplot as pyplot  # noqa: F401
    from got10k.experiments import ExperimentGOT10k, ExperimentOTB, ExperimentUAV123  # noqa: F401
    from got10k.trackers import Tracker
except ImportError as missing:
    raise InputError(f'got10k is not installed ({missing}): pip install "siamsa[eval]"') from None


class Got10kTracker(Tracker):
    """A tracker of ours as got10k's experiments take it: PIL images in RGB, boxes as the benchmark's files have them.

    `tracker` is an Entry of `open_tracker`, or anything with `init(frame, Box)` and `update(frame)`. `origin` is the
    number of the first pixel in the benchmark's files (1 in OTB, UAV123, DTB70 and TColor128, 0 in GOT-10k and NfS);
    the experiments of this module set it themselves.
    """

    def __init__(self, tracker: Entry | Follower, name: str | None = None, origin: int = 0) -> None:
        entry = tracker if isinstance(tracker, Entry) else entry_of(tracker, name)
        super().__init__(name or entry.label, is_deterministic=True)
        self.entry = dataclasses.replace(entry, label=self.name)
        self.origin = origin
        self.seconds: list[float] = []

    def init(self, image: Any, box: Any) -> None:
        """Start on an image (PIL in RGB, or RGB array) with `x, y, w, h`."""
        x, y, w, h = (float(v) for v in box)
        frame, start = _bgr(image), Box(x - self.origin, y - self.origin, w, h)
        self._timed(lambda: self.entry.follower.init(frame, start))

    def update(self, image: Any) -> Floats:
        """The box `x, y, w, h` (4,) in the next image."""
        frame = _bgr(image)
        box = self._timed(lambda: as_box(self.entry.follower.update(frame)))
        return np.array([box.x + self.origin, box.y + self.origin, box.w, box.h])

    def track(self, img_files: list[str], box: Any, visualize: bool = False) -> tuple[Floats, Floats]:
        """Boxes (n, 4) and seconds (n,) of the package's own loop; the seconds are the tracker's alone, without the
        decoding of images that the package counts too. Raises TrackerError, and InputError naming a damaged image.
        """
        self.seconds = []
        try:
            boxes, _ = super().track(img_files, box, visualize)
        except OSError as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{img_files[len(self.seconds)]}: cannot be read as an image ({reason})") from None
        return boxes, np.array(self.seconds)

    def _timed(self, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        try:
            value = work()
        except (Exception, SystemExit) as error:
            reason = " ".join(str(error).split()) or "no message"
            raise TrackerError(f"{type(error).__name__} in frame {len(self.seconds)}: {reason}") from error
        self.seconds.append(time.perf_counter() - started)
        return value


def entry_of(tracker: Any, name: str | None) -> Entry:
    """What is known of a tracker that came without an Entry: its name, and its settings where it has some."""
    config = getattr(tracker, "config", None)
    label = name or getattr(config, "name", "") or type(tracker).__name__
    settings = {"config": to_dict(config)} if dataclasses.is_dataclass(config) else {}
    return Entry(label, tracker, {"tracker": label, "class": type(tracker).__qualname__, **settings})


def _bgr(image: Any) -> np.ndarray:
    """An RGB image of the package as our trackers take it: BGR, 8 bit; decoded here, not within their time."""
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])
