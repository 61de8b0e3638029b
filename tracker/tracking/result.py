"""What a tracker says about one frame. NumPy and Box only, so that drawing and writing need no network."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.box import Box


@dataclass(frozen=True)
class Result:
    """The target in one frame.

    `box` is in pixels of the frame (0-based `x, y`, then `w, h`); `score` is the tracker's confidence in it, 0..1;
    `lost` is true where it is not believed, `uncertain` where it may soon not be. Of several targets
    (`MultiTracker` with recovery) a lost one has its last believed box, and score 0.
    """

    box: Box
    score: float
    lost: bool
    uncertain: bool = False

    @property
    def state(self) -> str:
        """tracking, uncertain or lost."""
        return "lost" if self.lost else "uncertain" if self.uncertain else "tracking"
