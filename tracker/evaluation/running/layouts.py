"""Where the results of a protocol go, in the formats that others read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running.protocols import Pass
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

    def results(self, runs: int) -> list[Path]:
        """The result of each run."""
        return [self.folder / f"{self.name}.txt"]

    def times(self, runs: int) -> list[Path]:
        """The tracker's seconds for every frame, a file a run."""
        return [self.folder / "times" / f"{self.name}_time.txt"]

    def texts(self, passes: list[Pass]) -> dict[Path, str]:
        """All files of some passes with their content."""
        seconds = ["".join(number(value, 6) + "\n" for value in done.seconds) for done in passes]
        texts = dict(zip(self.times(len(passes)), seconds, strict=True))
        texts.update(zip(self.results(len(passes)), [done.text() for done in passes], strict=True))
        return texts


LAYOUTS: Registry[Callable[[Path, str], Files]] = Registry("layout of results")
LAYOUTS.register("ope")(Files)


def layout_of(benchmark: Benchmark, folder: Path, name: str) -> Files:
    """The files of a sequence: as the benchmark's protocol has them, unless it asks for a layout of its own."""
    own = benchmark.results if benchmark.protocol == "ope" else ""
    return LAYOUTS[own or benchmark.protocol](folder, name)


@LAYOUTS.register("got10k")
class Got10kFiles(Files):
    """`<sequence>/<sequence>_001.txt` and `<sequence>_time.txt`: what the server of GOT-10k takes, zipped."""

    def results(self, runs: int) -> list[Path]:
        return [self.folder / self.name / f"{self.name}_001.txt"]

    def times(self, runs: int) -> list[Path]:
        return [self.folder / self.name / f"{self.name}_time.txt"]


@dataclass(frozen=True)
class ManyFiles(Files):
    """A file a run, `<sequence>_001.txt`, in a folder of the protocol; times beside them."""

    place: str = ""
    apart: bool = False
    clock: str = "_time.txt"

    def results(self, runs: int) -> list[Path]:
        return [self._folder / f"{self.name}_{i:03d}.txt" for i in range(1, runs + 1)]

    def times(self, runs: int) -> list[Path]:
        folder = self._folder if self.apart else self._folder / "times"
        return [folder / f"{self.name}_{i:03d}{self.clock}" for i in range(1, runs + 1)]

    @property
    def _folder(self) -> Path:
        return self.folder / self.place / self.name if self.apart else self.folder / self.place


def _many(place: str, apart: bool, clock: str) -> Callable[[Path, str], Files]:
    return lambda folder, name: ManyFiles(folder, name, place, apart, clock)


LAYOUTS.register("sre")(_many("sre", False, "_time.txt"))
LAYOUTS.register("tre")(_many("tre", False, "_time.txt"))
# As vot-toolkit has them: baseline/<sequence>/<sequence>_001.txt and _001_time.value.
LAYOUTS.register("vot_supervised")(_many("baseline", True, "_time.value"))
LAYOUTS.register("vot_unsupervised")(_many("unsupervised", True, "_time.value"))
