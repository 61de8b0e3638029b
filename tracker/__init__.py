"""Visual object tracking with a Siamese network.

>>> follow = tracker.load()                         # the shipped checkpoint, on a GPU where there is one
>>> follow.init(frame, (10, 20, 40, 60))            # x, y, w, h in pixels
>>> result = follow.update(next_frame)             # result.box, result.score, result.lost

>>> for step in tracker.track_video("video.mp4", {"car": (10, 20, 40, 60), "bus": (200, 50, 80, 70)}): ...
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tracker.box import Box as Box
    from tracker.live.track_video import track_video as track_video
    from tracker.tracking.load import load as load
    from tracker.tracking.multi_tracker import MultiTracker as MultiTracker
    from tracker.tracking.result import Result as Result
    from tracker.tracking.siamese_tracker import Tracker as Tracker

# Found on first use, so that importing the package (and `siamsa --help`) does not wait for torch.
_PLACES = {
    "Box": "tracker.box",
    "MultiTracker": "tracker.tracking.multi_tracker",
    "Result": "tracker.tracking.result",
    "Tracker": "tracker.tracking.siamese_tracker",
    "load": "tracker.tracking.load",
    "track_video": "tracker.live.track_video",
}
__all__ = ["Box", "MultiTracker", "Result", "Tracker", "__version__", "load", "track_video"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'tracker' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
