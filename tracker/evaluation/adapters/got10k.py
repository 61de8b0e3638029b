"""The package `got10k` (0.1.3) around our trackers: its tracker class, and its experiments, run and reported by itself.

    experiment = open_experiment("otb100", "/data/OTB100")
    experiment.run(Got10kTracker(tracker.load()))
    experiment.report(["siamsa"])

The loops, metrics and plots are the package's. What is put around them: sequences come from our readers (the package's
own datasets count files instead of reading frames by number, want every sequence in one spelling, and one of them
always downloads); what is finished is told by content; files are written whole; one run a sequence.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tracker.errors import InputError
from tracker.evaluation.adapters.got10k_data import Sequences, stage
from tracker.evaluation.adapters.got10k_tracker import (
    ExperimentGOT10k,
    ExperimentOTB,
    ExperimentUAV123,
    Got10kTracker,
    Tracker,
    entry_of,
    pyplot,
)
from tracker.evaluation.benchmark import Benchmark, load_benchmark
from tracker.evaluation.readers import open_reader
from tracker.evaluation.running import runner
from tracker.evaluation.running.passes import Outcome
from tracker.evaluation.running.protocols import TrackerError
from tracker.evaluation.running.records import keep
from tracker.evaluation.running.trackers import Choice
from tracker.evaluation.scoring.results import TrackerResults
from tracker.evaluation.sequence import Floats, Sequence
from tracker.registry import Registry


class Trusted:
    """Put before an experiment of the package: results are trusted for their content, and written whole."""

    FIGURES: ClassVar[Mapping[str, str]]  # our name of a figure, and the package's
    RULES: ClassVar[str]

    def __init__(
        self, benchmark: Benchmark, sequences: Mapping[str, Sequence], results: str | Path, reports: str | Path
    ) -> None:
        self.benchmark, self.sequences = benchmark, sequences
        self.dataset = Sequences(sequences.values())
        self.result_dir, self.report_dir = str(results), str(reports)
        self.subset = "test" if all(sequence.given for sequence in sequences.values()) else "val"
        self.repetitions = 1
        self.outcomes: list[Outcome] = []

    def run(self, tracker: Tracker, visualize: bool = False, overwrite: bool = False) -> list[Outcome]:
        """The package's run over the sequences that are not finished, and how each went.

        A tracker that fails costs its sequence. Raises InputError where the folder holds results of other settings.
        """
        entry = tracker.entry if isinstance(tracker, Got10kTracker) else entry_of(tracker, tracker.name)
        entry = dataclasses.replace(entry, identity={**entry.identity, "run_by": f"got10k {version('got10k')}"})
        if isinstance(tracker, Got10kTracker):
            tracker.origin = self.benchmark.origin
        folder = Path(self.result_dir)
        self.store = runner.prepare(self.benchmark, Choice(), entry, folder, overwrite).store
        todo, self.outcomes = runner.pending(self.store, self.sequences.values(), overwrite), []
        for sequence in todo:
            files = self.store.files(sequence.name)
            for path in (*files.results(1), *files.times(1)):
                path.unlink(missing_ok=True)  # the package would take it for a result
        try:
            while todo:
                self.dataset = Sequences(todo)
                todo = self._run_until_failure(tracker, visualize, todo)
        finally:
            self.dataset = Sequences(self.sequences.values())
        return self.outcomes

    def _run_until_failure(self, tracker: Tracker, visualize: bool, todo: list[Sequence]) -> list[Sequence]:
        """The sequences that are left after one that failed."""
        try:
            super().run(tracker, visualize)  # type: ignore[misc]
            return []
        except (TrackerError, InputError) as error:
            at = self.dataset.last
            self.outcomes.append(Outcome(todo[at].name, error=str(error), bad_input=isinstance(error, InputError)))
            return todo[at + 1 :]

    def _record(self, record_file: str, boxes: Floats, times: Floats) -> None:
        """The package's files, byte for byte, with the record that says what they should hold."""
        sequence = self.sequences[self.dataset.seq_names[self.dataset.last]]
        with tempfile.TemporaryDirectory() as scratch:
            own = Path(scratch) / Path(record_file).relative_to(self.store.folder)
            with contextlib.redirect_stdout(io.StringIO()):
                super()._record(str(own), boxes, times)  # type: ignore[misc]
            written = list(Path(scratch).rglob("*.txt"))
            texts = {self.store.folder / path.relative_to(scratch): path.read_text() for path in written}
        spent = float(np.sum(times))
        keep(self.store, sequence, texts, 1, spent, 0.0)
        self.outcomes.append(Outcome(sequence.name, len(boxes), spent))
        print("  Results recorded at", record_file)

    def report(self, tracker_names: Iterable[str | TrackerResults]) -> dict[str, Any]:
        """The package's report: its figures by tracker, its files in `<reports>/<first tracker>/`.

        Trackers are names of folders in the experiment's own results, or anyone's TrackerResults; what they hold is
        checked before the package reads a copy. Raises InputError naming a file that is missing or damaged.
        """
        named = [TrackerResults(Path(self.result_dir) / t) if isinstance(t, str) else t for t in tracker_names]
        kept, here, shown = (self.result_dir, self.report_dir), Path.cwd(), pyplot.get_fignums()
        Path(self.report_dir).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=self.report_dir) as scratch:
            self.result_dir, self.report_dir = f"{scratch}/results", f"{scratch}/reports"
            try:
                for tracker in named:
                    stage(self.benchmark, self.sequences, tracker, Path(self.result_dir))
                # The package changes matplotlib's settings, leaves its figures open, and says where the copy lies.
                with contextlib.redirect_stdout(io.StringIO()), pyplot.rc_context():
                    performance = super().report([tracker.name for tracker in named])  # type: ignore[misc]
            finally:
                os.chdir(here)  # from which the package goes away to make a zip
                self.result_dir, self.report_dir = kept
                for figure in set(pyplot.get_fignums()) - set(shown):
                    pyplot.close(figure)
            _move(Path(scratch) / "reports", Path(self.report_dir))
            for archive in sorted(Path(scratch, "results").glob("*.zip")):
                os.replace(archive, Path(self.result_dir) / archive.name)
        return performance or {}

    def figures(self, entry: Mapping[str, Any]) -> dict[str, float]:
        """The package's figures of a tracker or sequence, by our names."""
        return {ours: float(entry[theirs]) for ours, theirs in self.FIGURES.items() if theirs in entry}


EXPERIMENTS: Registry[type[Trusted]] = Registry("experiment of got10k, by layout")


@EXPERIMENTS.register("otb")
@EXPERIMENTS.register("tc128")
@EXPERIMENTS.register("nfs")
@EXPERIMENTS.register("dtb70")
class Otb(Trusted, ExperimentOTB):
    """One pass as in OTB; the package's experiments on TColor128, NfS and DTB70 are the same but for the dataset."""

    FIGURES = {"success": "success_score", "precision": "precision_score", "sr50": "success_rate"}
    RULES = "the first box is the given one; invalid ground truth: a miss, where NaN"
    nbins_iou, nbins_ce = 21, 51


@EXPERIMENTS.register("uav123")
class Uav123(Trusted, ExperimentUAV123):
    """UAV123 and UAV20L: OTB's without the frames whose ground truth is NaN."""

    FIGURES = Otb.FIGURES
    RULES = "the first box is the given one; invalid ground truth: left out, where NaN"
    nbins_iou, nbins_ce = 21, 51


@EXPERIMENTS.register("got10k")
class Got10k(Trusted, ExperimentGOT10k):
    """GOT-10k: figures of the validation set, the zip for the server of the test set."""

    FIGURES = {"ao": "ao", "sr50": "sr"}
    RULES = "boxes moved into the image; frames without visible target left out; a sequence's figures pool its frames"
    nbins_iou = 101


def make_experiment(
    benchmark: Benchmark, sequences: Mapping[str, Sequence], results: str | Path, reports: str | Path
) -> Any:
    """The package's experiment for a benchmark's layout. Raises InputError where it has none."""
    if benchmark.layout not in EXPERIMENTS:
        raise InputError(f"got10k has no experiment for {benchmark.title} (it has those for {', '.join(EXPERIMENTS)})")
    return EXPERIMENTS[benchmark.layout](benchmark, sequences, results, reports)


def open_experiment(
    benchmark: str | Path, root: str | Path, results: str | Path = "results", reports: str | Path = "reports"
) -> Any:
    """The package's experiment on what is there of a benchmark, with `run(tracker)` and `report(names)`.

    Results go to `<results>/<tracker>/`. Raises InputError: nothing there, or the package has no such experiment.
    """
    known = load_benchmark(benchmark)
    reader = open_reader(known, root)
    return make_experiment(known, {name: reader.read(name) for name in reader.available()}, results, reports)


def _move(made: Path, place: Path) -> None:
    """Move the files of a report into place, one by one."""
    for path in sorted(made.rglob("*")):
        if path.is_file():
            target = place / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
