"""Visual object tracking with a Siamese network.

>>> follow = tracker.load()                         # the shipped checkpoint, on a GPU where there is one
>>> follow.init(frame, tracker.Box(10, 20, 40, 60))
>>> result = follow.update(next_frame)             # result.box, result.score, result.lost
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tracker.box import Box as Box
    from tracker.tracking.load import load as load
    from tracker.tracking.result import Result as Result
    from tracker.tracking.siamese_tracker import Tracker as Tracker

# Found on first use, so that importing the package (and `siamsa --help`) does not wait for torch.
_PLACES = {
    "Box": "tracker.box",
    "Result": "tracker.tracking.result",
    "Tracker": "tracker.tracking.siamese_tracker",
    "load": "tracker.tracking.load",
}
__all__ = ["Box", "Result", "Tracker", "__version__", "load"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'tracker' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
