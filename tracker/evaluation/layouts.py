"""Where the results of a protocol go, in the formats that others read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tracker.evaluation.protocols import Pass
from tracker.evaluation.text import number
from tracker.registry import Registry


@dataclass(frozen=True)
class Files:
    """The files of one sequence below a tracker's folder."""

    folder: Path
    name: str

    @property
    def record(self) -> Path:
        """What says whether the sequence is finished."""
        return self.folder / "records" / f"{self.name}.json"

    def results(self, repetitions: int) -> list[Path]:
        """The result of each repetition."""
        return [self.folder / f"{self.name}.txt"]

    def times(self, repetitions: int) -> list[Path]:
        """The tracker's seconds for every frame, a file a repetition."""
        return [self.folder / "times" / f"{self.name}_time.txt"]

    def texts(self, passes: list[Pass]) -> dict[Path, str]:
        """All files of some passes with their content."""
        seconds = ["".join(number(value, 6) + "\n" for value in done.seconds) for done in passes]
        texts = dict(zip(self.times(len(passes)), seconds, strict=True))
        texts.update(zip(self.results(len(passes)), [done.text() for done in passes], strict=True))
        return texts


class VotFiles(Files):
    """`baseline/<sequence>/<sequence>_001.txt` and `_001_time.value`, as vot-toolkit has them."""

    def results(self, repetitions: int) -> list[Path]:
        place = self.folder / "baseline" / self.name
        return [place / f"{self.name}_{i:03d}.txt" for i in range(1, repetitions + 1)]

    def times(self, repetitions: int) -> list[Path]:
        place = self.folder / "baseline" / self.name
        return [place / f"{self.name}_{i:03d}_time.value" for i in range(1, repetitions + 1)]


LAYOUTS: Registry[Callable[[Path, str], Files]] = Registry("layout of results")
LAYOUTS.register("ope")(Files)
LAYOUTS.register("vot_supervised")(VotFiles)
