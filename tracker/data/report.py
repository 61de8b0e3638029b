"""What a reader meets in a folder: damage, boxes that cannot teach anything, and files that the result depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.data.choice import EVERYTHING, Choice
from tracker.data.files import image_size
from tracker.data.left_out import LeftOut
from tracker.errors import InputError

T = TypeVar("T")

MIN_SIDE = 4.0  # pixels: below this there is nothing to recognise
MAX_ASPECT = 20.0
EMPTY, NUMBER, SMALL, THIN, OUTSIDE = range(1, 6)
DAMAGE = (EMPTY, NUMBER, OUTSIDE)  # nobody means to draw these; the others are small or thin objects
REASONS = {
    EMPTY: "empty",
    NUMBER: "not a number",
    SMALL: f"smaller than {MIN_SIDE:g} pixels",
    THIN: f"longer than {MAX_ASPECT:g}:1",
    OUTSIDE: "centre outside the image",
}


@dataclass
class Report:
    """What a reader meets on its way through a folder.

    What becomes of a fault is said by `damage`. refuse: it is an InputError. skip, for training: its clip is left out,
    or the part of it that is damaged, and remembered in `left`. list, for a check: faults are collected, one line each
    with the file's name, and readers look more closely.
    Clips beyond `choice` are not read; `excluded` are the names in `choice.exclude` that were met. `used` are the files
    and folders whose change would change what was read, also some that are not there. `stated` are sizes (width,
    height) that a file gives for an image, or for all images of a folder; only a check asks for them.
    """

    damage: Literal["refuse", "skip", "list"] = "refuse"
    choice: Choice = EVERYTHING
    faults: list[str] = field(default_factory=list)
    left: LeftOut = field(default_factory=LeftOut)
    used: dict[str, None] = field(default_factory=dict)
    progress: Callable[[], object] | None = None
    excluded: set[str] = field(default_factory=set)
    stated: dict[str, tuple[float, float]] = field(default_factory=dict)
    _clip: str = ""

    @property
    def checks(self) -> bool:
        """Whether all faults are wanted, also those that are no harm to training."""
        return self.damage == "list"

    def fault(self, text: str, whole: bool = False) -> None:
        """A file that is missing or damaged; `text` begins with its name.

        Raises InputError if damage is refused, or if the `whole` data set depends on that file and this is no check.
        """
        if self.checks:
            self.faults.append(text)
        elif whole or self.damage == "refuse":
            raise InputError(text)
        else:
            self.left.damaged.setdefault(self._clip or text, text)

    def attempt(self, work: Callable[..., T], *values: object) -> T | None:
        """What `work(*values)` gives; its InputError is a fault of the whole data set, and the result None."""
        try:
            return work(*values)
        except InputError as error:
            if not self.checks:
                raise
            self.faults.append(str(error))
            return None

    def part(self, clip: str, work: Callable[..., T], *values: object) -> T | None:
        """What `work(*values)` gives for a clip; None where that is not wanted, or damaged: a fault of its own."""
        if not self.wants(clip):
            return None
        outer, self._clip = self._clip, clip
        try:
            return work(*values)
        except InputError as error:
            if self.damage == "refuse":
                raise
            self.fault(str(error))
            return None
        finally:
            self._clip = outer

    def wants(self, clip: str) -> bool:
        """Whether a clip may hold something that is wanted; if not, the names that exclude it are noted."""
        wanted = self.choice.may_take(clip)
        if not wanted:
            self.excluded |= self.choice.refuses(clip)
        return wanted

    def states(self, path: str | Path, size: tuple[float, float]) -> None:
        """Note for a check the width and height that a file gives for an image, or for the images of a folder."""
        if self.checks:
            self.stated[str(path)] = size

    def size_of(self, path: str | Path) -> tuple[int, int]:
        """Width and height of an image. Raises InputError; the result then depends on what is in that image."""
        try:
            return image_size(path)
        except InputError:
            self.uses(path)
            raise

    def step(self) -> None:
        """Another clip or annotation file is done."""
        if self.progress is not None:
            self.progress()

    def uses(self, *paths: str | Path) -> None:
        """The tracks depend on these files' content, on these folders' lists of names, or on nothing being there."""
        self.used.update(dict.fromkeys(map(str, paths)))

    def hide(self, flag: str, hidden: NDArray[np.bool_]) -> None:
        """Boxes that annotators flagged as absent, occluded, ...; they are left out for that reason."""
        self.left.add(flag, self._clip, int(hidden.sum()))

    def usable(
        self,
        where: str | Path | Sequence[str],
        boxes: ArrayLike,
        size: tuple[float, float] | None,
        shown: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int64]:
        """Positions of the boxes (n, 4) that can teach something; the others are counted, unless not `shown` anyway.

        A check lists those that cannot be meant (empty, not a number, outside the image) under `where`, the name of
        their file, or the names of the files of each.
        """
        codes = judge(boxes, size)
        if shown is None:
            shown = np.ones(len(codes), bool)
        bad = codes[shown]
        if bad.any():
            for code, count in enumerate(np.bincount(bad)):
                if code:
                    self.left.add(REASONS[code], self._clip, int(count))
            if self.checks:
                self._list(where, np.where(shown & np.isin(codes, DAMAGE), codes, 0))
        return np.flatnonzero(shown & (codes == 0))

    def _list(self, where: str | Path | Sequence[str], codes: NDArray[np.int8]) -> None:
        bad = np.flatnonzero(codes)
        if not isinstance(where, (str, Path)):
            self.faults += [f"{where[i]}: the box is of no use ({REASONS[int(codes[i])]})" for i in bad.tolist()]
        elif len(bad):
            some = ", ".join(f"box {i + 1} ({REASONS[int(codes[i])]})" for i in bad[:3])
            more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
            self.faults.append(f"{where}: {some}{more}")


def judge(boxes: ArrayLike, size: tuple[float, float] | None) -> NDArray[np.int8]:
    """What is wrong with boxes x, y, w, h (n, 4) in a frame of this width and height: (n,) keys of REASONS, else 0.

    Refused: values that are not finite, no width or height, sides below 4 pixels, a shape beyond 20:1, a centre
    outside the frame (not asked where the size is None).
    """
    b = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    finite = np.asarray(np.isfinite(b).all(axis=1))
    if not finite.all():
        b = np.where(finite[:, None], b, 1.0)
    xy, wh = b[:, :2], b[:, 2:]
    short, long = wh.min(axis=1), wh.max(axis=1)
    codes = np.zeros(len(b), np.int8)  # the first fault in the list above stands, so it is written last
    if size is not None:
        centre = xy + wh / 2
        codes[((centre < 0) | (centre >= size)).any(axis=1)] = OUTSIDE
    codes[long > MAX_ASPECT * short] = THIN
    codes[short < MIN_SIDE] = SMALL
    codes[short <= 0] = EMPTY
    codes[~finite] = NUMBER
    return codes
