"""What says that results are finished: records of their content, and of the configuration that they belong to.

`<output>/<tracker>/config.yaml` says what the results depend on; `records/<sequence>.json` holds the digest of each
result. A sequence is finished if its record belongs to this configuration and ground truth, and the result on disk has
exactly the content that the record names. A record is written before its result, so a kill between the two leaves a
sequence that is run again, and a result without a record is somebody else's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tracker.atomic import write_whole
from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.running.layouts import Files, layout_of
from tracker.evaluation.sequence import Sequence
from tracker.processes.claims import Claims
from tracker.processes.owners import shown

RECORDS, CONFIG = "records", "config.yaml"


@dataclass(frozen=True)
class Store:
    """The results of one tracker in one configuration on one benchmark."""

    benchmark: Benchmark
    folder: Path
    digest: str

    def files(self, name: str) -> Files:
        """Where the results of a sequence go."""
        return layout_of(self.benchmark, self.folder, name)

    def claims(self) -> Claims:
        """Who is at which sequence."""
        return Claims(self.folder / RECORDS, self.digest)

    def finished(self, sequence: Sequence) -> bool:
        """Whether the results on disk are complete, of this configuration and of this ground truth."""
        record = read_record(self.files(sequence.name).record)
        if record is None or record.get("config") != self.digest or record.get("truth") != truth_digest(sequence):
            return False
        return bool(record["files"]) and not _altered(self.folder, record)


def digest_of(config: Mapping[str, Any]) -> str:
    """A hash of a resolved configuration."""
    return hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()[:16]


def truth_digest(sequence: Sequence) -> str:
    """A hash of ground truth and length of a sequence."""
    return hashlib.sha256(sequence.truth.tobytes() + str(len(sequence)).encode()).hexdigest()[:16]


def open_store(benchmark: Benchmark, folder: Path, config: dict[str, Any], overwrite: bool = False) -> Store:
    """Claim a folder for a configuration.

    Raises InputError if it holds results of another one, naming what differs, unless `overwrite`: then those are
    removed first, so that it never holds results of two.
    """
    saved, digest = folder / CONFIG, digest_of(config)
    held = _read_yaml(saved) if saved.is_file() else None
    if held is not None and digest_of(held) != digest and not overwrite:
        differing = ", ".join(_differences(held, config)[:3])
        raise InputError(f"{folder}: holds results of another run ({differing}); give another --output or --overwrite")
    store = Store(benchmark, folder, digest)
    if overwrite:
        _discard_others(store)
    if held is None or digest_of(held) != digest:
        write_whole(saved, yaml.safe_dump(config, sort_keys=False))
    return store


def _discard_others(store: Store) -> None:
    """Remove the results and records of other configurations; what no record names stays."""
    busy = next((claim for claim in store.claims().others() if claim.digest != store.digest), None)
    if busy:
        raise InputError(f"{store.folder}: {shown(busy.owner)} is writing results of other settings to it")
    for path in sorted((store.folder / RECORDS).glob("*.json")):
        record = read_record(path)
        if record is not None and record.get("config") == store.digest:
            continue  # of another part of this very run
        files, most = store.files(path.stem), store.benchmark.repetitions
        named = [store.folder / name for name in record["files"]] if record else files.results(most) + files.times(most)
        for result in (*named, path):
            _remove(result)


def read_record(path: Path) -> dict[str, Any] | None:
    """The record of a sequence, None where there is none or it is damaged. Its `files` lie within the folder."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(held, dict):
        return None
    files = held.get("files")
    good = isinstance(files, dict) and all(isinstance(v, str) and _within(k) for k, v in files.items())
    return held if good else None


def verify(folder: Path) -> list[str]:
    """Sequences of a tracker's folder whose results are not what a record says, or of other settings than config.yaml.

    Reads every recorded file once. Empty for a folder without records: nothing is known of anyone's own results.
    """
    paths = sorted((folder / RECORDS).glob("*.json"))
    if not paths:
        return []
    digest = digest_of(_read_yaml(folder / CONFIG))
    records = {path.stem: read_record(path) for path in paths}
    return [
        name
        for name, record in records.items()
        if record is None or record.get("config") != digest or _altered(folder, record)
    ]


def keep(
    store: Store, sequence: Sequence, texts: Mapping[Path, str], repetitions: int, tracking: float, reading: float
) -> None:
    """Write the files of a finished sequence, and before them the record of their content; times in seconds.

    Raises InputError where a file cannot be written.
    """
    files = store.files(sequence.name)
    record = {
        "config": store.digest,
        "truth": truth_digest(sequence),
        "rows": len(sequence),
        "repetitions": repetitions,
        "tracking_seconds": round(tracking, 6),
        "reading_seconds": round(reading, 6),
        "files": {
            path.relative_to(store.folder).as_posix(): hashlib.sha256(text.encode()).hexdigest()
            for path, text in texts.items()
        },
    }
    # Left by a command that was killed while it wrote these very files, or by one with more repetitions; no other
    # command writes them now, as this one has claimed the sequence.
    stale = [p for path in (files.record, *texts) for p in path.parent.glob(f".{path.name}.*.partial")]
    most = max(repetitions, store.benchmark.repetitions)
    stale += [path for path in (*files.results(most), *files.times(most)) if path not in texts]
    for path in stale:
        _remove(path)
    write_whole(files.record, json.dumps(record, indent=1) + "\n")
    for path, text in texts.items():
        write_whole(path, text)


def _within(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and not path.drive and ".." not in path.parts


def _altered(folder: Path, record: Mapping[str, Any]) -> bool:
    return any(_sha(folder / name) != digest for name, digest in record["files"].items())


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be removed ({error.strerror or error})") from None


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
