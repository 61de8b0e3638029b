"""Dataset readers, one native layout a file. `DATASETS[layout](folder)` gives the tracks of a folder."""

from tracker.data.datasets.base import DATASETS, Loaded, Track
from tracker.registry import discover

discover(__name__, __path__)

__all__ = ["DATASETS", "Loaded", "Track"]
