"""Runs a tracker over a benchmark: many processes, many machines, stopped and resumed at any moment.

`<output>/<tracker>/config.yaml` says what the results depend on; `records/<sequence>.json` holds the digest of each
result. A sequence is finished if its record belongs to this configuration and ground truth, and the result on disk has
exactly the content that the record names. A record is written before its result, so a kill between the two leaves a
sequence that is run again, and a result without a record is somebody else's.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.layouts import Files, layout_of
from tracker.evaluation.plans import PLANS
from tracker.evaluation.protocols import PROTOCOLS, Pass, TrackerError
from tracker.evaluation.readers import open_reader
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import write_whole
from tracker.evaluation.trackers import Choice, Entry, open_tracker


@dataclass(frozen=True)
class Job:
    """What to run: plain values, so that it can be sent to other processes."""

    benchmark: Benchmark
    root: Path
    choice: Choice
    folder: Path
    digest: str


@dataclass(frozen=True)
class Outcome:
    """How one sequence went. `error` is one line, empty where all is well; `bad_input` if the material is at fault."""

    name: str
    frames: int = 0
    seconds: float = 0.0
    reading: float = 0.0
    error: str = ""
    bad_input: bool = False


def describe(benchmark: Benchmark, entry: Entry) -> dict[str, Any]:
    """Everything that results depend on, as plain values."""
    return {"benchmark": benchmark.name, "protocol": benchmark.protocol, **entry.identity}


def digest_of(config: dict[str, Any]) -> str:
    """A hash of a resolved configuration."""
    return hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()[:16]


def prepare(
    benchmark: Benchmark, root: Path, choice: Choice, entry: Entry, output: Path, overwrite: bool = False
) -> Job:
    """Claim `<output>/<tracker>` for this configuration.

    Raises InputError if it holds results of another one, naming what differs, unless `overwrite`.
    """
    folder, config = output / entry.label, describe(benchmark, entry)
    saved = folder / "config.yaml"
    if saved.is_file() and not overwrite:
        held = _read_yaml(saved)
        if digest_of(held) != digest_of(config):
            differing = ", ".join(_differences(held, config)[:3])
            raise InputError(
                f"{folder}: holds results of another run ({differing}); give another --output or --overwrite"
            )
    write_whole(saved, yaml.safe_dump(config, sort_keys=False))
    return Job(benchmark, root, choice, folder, digest_of(config))


def pending(job: Job, sequences: Iterable[Sequence], overwrite: bool = False) -> list[Sequence]:
    """The sequences that are not finished. Raises InputError for a result that no run of ours has written."""
    todo = []
    for sequence in sequences:
        files = layout_of(job.benchmark, job.folder, sequence.name)
        record = read_record(files)
        if record is None and not overwrite:
            present = next((path for path in files.results(1) if path.exists()), None)
            if present:
                raise InputError(f"{present}: no record says that this run wrote it; move it, or --overwrite")
        if overwrite or not finished(job, files, sequence):
            todo.append(sequence)
    return todo


def finished(job: Job, files: Files, sequence: Sequence) -> bool:
    """Whether the results on disk are complete, of this configuration and of this ground truth."""
    record = read_record(files)
    if record is None or record.get("config") != job.digest or record.get("truth") != truth_digest(sequence):
        return False
    names = record.get("files", {})
    return bool(names) and all(_sha(job.folder / name) == digest for name, digest in names.items())


def execute(job: Job, sequences: list[Sequence], entry: Entry, workers: int = 1) -> Iterator[Outcome]:
    """Run sequences and yield each as it ends; longest first, so that the workers end together."""
    order = sorted(sequences, key=len, reverse=True) if workers > 1 else sequences
    if workers <= 1:
        for sequence in order:
            yield run_one(job, sequence, entry)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, max(1, len(order))), context, _start, (job,)) as pool:
        futures = {pool.submit(_work, sequence): sequence.name for sequence in order}
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise RuntimeError("a worker was ended from outside (out of memory?); the same command goes on") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def run_one(job: Job, sequence: Sequence, entry: Entry) -> Outcome:
    """Run one sequence and write its files; a tracker or an image that fails costs this sequence only."""
    try:
        passes = repeat(job, entry, sequence)
    except TrackerError as error:
        return Outcome(sequence.name, error=str(error))
    except InputError as error:
        return Outcome(sequence.name, error=str(error), bad_input=True)
    _write(job, sequence, passes)
    spent = [sum(done.seconds) for done in passes]
    frames = sum(len(done.seconds) for done in passes)
    return Outcome(sequence.name, frames, sum(spent), sum(done.reading for done in passes))


def repeat(job: Job, entry: Entry, sequence: Sequence) -> list[Pass]:
    """The passes over a sequence: one, or as the protocol plans; repetitions end after three that are equal."""
    protocol, passes = PROTOCOLS[job.benchmark.protocol], []
    plan = PLANS[job.benchmark.protocol](sequence, job.benchmark.repetitions)
    for part in plan:
        passes.append(protocol(entry.follower, part))
        same = part is plan[0] and len(passes) == 3
        if same and passes[0].rows == passes[1].rows == passes[2].rows:
            break
    return passes


def submission(job: Job, names: Iterable[str]) -> Path:
    """Zip the results of these sequences beside the tracker's folder, as GOT-10k's server takes them."""
    path = job.folder.with_name(f"{job.folder.name}.zip")
    partial = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                files = layout_of(job.benchmark, job.folder, name)
                for file in (*files.results(1), *files.times(1)):
                    archive.write(file, file.relative_to(job.folder).as_posix())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def read_record(files: Files) -> dict[str, Any] | None:
    """The record of a sequence, None where there is none or it is damaged."""
    try:
        held = json.loads(files.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def truth_digest(sequence: Sequence) -> str:
    """A hash of ground truth and length of a sequence."""
    return hashlib.sha256(sequence.truth.tobytes() + str(len(sequence)).encode()).hexdigest()[:16]


def sequences_of(benchmark: Benchmark, root: Path, shard: tuple[int, int] = (1, 1)) -> tuple[list[Sequence], int]:
    """The sequences of shard `i` of `n` (from 1), and how many are there in all. Raises InputError."""
    reader = open_reader(benchmark, root)
    names = reader.available()
    index, count = shard
    return [reader.read(name) for name in names[index - 1 :: count]], len(names)


def _write(job: Job, sequence: Sequence, passes: list[Pass]) -> None:
    texts = layout_of(job.benchmark, job.folder, sequence.name).texts(passes)
    tracking, reading = sum(sum(done.seconds) for done in passes), sum(done.reading for done in passes)
    keep(job, sequence, texts, len(passes), tracking, reading)


def keep(
    job: Job, sequence: Sequence, texts: Mapping[Path, str], repetitions: int, tracking: float, reading: float
) -> None:
    """Write the files of a finished sequence, and before them the record of their content; times in seconds."""
    files = layout_of(job.benchmark, job.folder, sequence.name)
    record = {
        "config": job.digest,
        "truth": truth_digest(sequence),
        "rows": len(sequence),
        "repetitions": repetitions,
        "tracking_seconds": round(tracking, 6),
        "reading_seconds": round(reading, 6),
        "files": {
            path.relative_to(job.folder).as_posix(): hashlib.sha256(text.encode()).hexdigest()
            for path, text in texts.items()
        },
    }
    # Left by a run that was killed while it wrote these very files, or by one with more repetitions.
    stale = [p for path in (files.record, *texts) for p in path.parent.glob(f".{path.name}.*.partial")]
    most = max(repetitions, job.benchmark.repetitions)
    stale += [path for path in (*files.results(most), *files.times(most)) if path not in texts]
    for path in stale:
        path.unlink(missing_ok=True)
    write_whole(files.record, json.dumps(record, indent=1) + "\n")
    for path, text in texts.items():
        write_whole(path, text)


_JOB: Job
_ENTRY: Entry


def _start(job: Job) -> None:
    """In a worker: open the tracker once."""
    global _JOB, _ENTRY
    _JOB, _ENTRY = job, open_tracker(job.choice)


def _work(sequence: Sequence) -> Outcome:
    return run_one(_JOB, sequence, _ENTRY)


def _sha(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        held = None
    return held if isinstance(held, dict) else {}


def _differences(a: Any, b: Any, path: str = "") -> list[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        keys = list(dict.fromkeys([*a, *b]))
        return [text for k in keys for text in _differences(a.get(k), b.get(k), f"{path}.{k}" if path else str(k))]
    return [] if a == b else [f"{path}: {a} there, {b} now"]
