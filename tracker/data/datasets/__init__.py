"""Dataset readers, one native layout a file. `read(layout, folder)` gives the tracks of a folder."""

from tracker.data.datasets.base import DATASETS, Loaded, nothing_usable, read
from tracker.data.report import Report
from tracker.data.tracks import Track, Tracks
from tracker.registry import discover

discover(__name__, __path__)

__all__ = ["DATASETS", "Loaded", "Report", "Track", "Tracks", "nothing_usable", "read"]
