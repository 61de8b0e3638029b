"""Dataset readers, one native layout a file. `DATASETS[layout](folder)` gives the tracks of a folder."""

from tracker.data.datasets import coco, got10k  # noqa: F401  (importing a reader registers it)
from tracker.data.datasets.base import DATASETS, Loaded, Track

__all__ = ["DATASETS", "Loaded", "Track"]
