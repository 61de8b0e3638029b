"""A workspace of vot-toolkit, made by hand: the toolkit's own command would download the whole benchmark.

    config.yaml                                  the stack, and where trackers are registered
    trackers.ini                                 a section a tracker
    sequences/list.txt, sequences/<sequence>/    `sequence` (properties), groundtruth.txt
    results/<tracker>/baseline/<sequence>/       <sequence>_001.txt, ...

Images stay where they are: `sequence` names their place.
"""

from __future__ import annotations

import configparser
import io
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tracker.atomic import write_whole
from tracker.errors import InputError
from tracker.evaluation.benchmark import Benchmark
from tracker.evaluation.scoring.results import TrackerResults, read_repetition
from tracker.evaluation.scoring.score import files_of, image_size
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import number

EXPERIMENT = "baseline"  # what the stacks of VOT 2013 to 2019 call the supervised experiment
ENTRY = "siamsa-trax"  # our tracker, for the toolkit to drive
MARK = "# Made by `siamsa evaluate vot`, which writes it anew.\n"
TIMEOUT = 120  # seconds that the toolkit waits for an answer: loading the network may take that long on a busy machine
IMAGES = {".jpg", ".png"}  # what the toolkit takes


@dataclass(frozen=True)
class Workspace:
    """Where it is, what it holds, and the toolkit's name of each tracker."""

    folder: Path
    stack: str
    sequences: tuple[str, ...]
    identifiers: Mapping[str, str]


def make(
    folder: Path, benchmark: Benchmark, sequences: Mapping[str, Sequence], trackers: list[TrackerResults]
) -> Workspace:
    """Write a workspace with these sequences and the results of these trackers on all of them.

    Raises InputError: no stack for the benchmark, a folder that holds anything else, damaged images or results.
    """
    if not benchmark.stack or benchmark.protocol != "vot_supervised":
        raise InputError(
            f"{benchmark.title}: vot-toolkit is called for VOT's supervised protocol only, "
            "in benchmarks whose YAML names its `stack`"
        )
    _claim(folder)
    identifiers = _identifiers([tracker.name for tracker in trackers])
    write_whole(folder / "config.yaml", f"{MARK}stack: {benchmark.stack}\nregistry:\n  - ./trackers.ini\n")
    write_whole(folder / "trackers.ini", _registry(folder / "trackers.ini", identifiers))
    shutil.rmtree(folder / "sequences", ignore_errors=True)
    for name, sequence in sequences.items():
        _write_sequence(folder / "sequences" / name, sequence)
    write_whole(folder / "sequences" / "list.txt", "".join(f"{name}\n" for name in sequences))
    for tracker in trackers:
        place = folder / "results" / identifiers[tracker.name] / EXPERIMENT
        shutil.rmtree(place, ignore_errors=True)
        for name, sequence in sequences.items():
            _write_results(place / name, sequence, files_of(benchmark, sequences, tracker, name))
    return Workspace(folder, benchmark.stack, tuple(sequences), identifiers)


def _claim(folder: Path) -> None:
    """Refuse a folder that holds anything but a workspace of ours."""
    config = folder / "config.yaml"
    if config.is_file():
        ours = config.read_text(encoding="utf-8", errors="replace").startswith(MARK)
    else:
        ours = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not ours:
        raise InputError(f"{folder}: holds something else than a workspace of this command; give another --output")


def _identifiers(names: list[str]) -> dict[str, str]:
    """Names as the toolkit takes them: letters, digits, - and _ only, each once, none of them that of our own entry."""
    found: dict[str, str] = {}
    for name in names:
        plain = wanted = re.sub(r"[^a-zA-Z0-9_-]+", "-", name) or "tracker"
        count = 2
        while wanted in {*found.values(), ENTRY, configparser.DEFAULTSECT}:
            wanted, count = f"{plain}-{count}", count + 1
        found[name] = wanted
    return found


def _registry(path: Path, identifiers: Mapping[str, str]) -> str:
    """`trackers.ini`: sections of others stay, so does a changed entry of ours; results need no command."""
    registry = configparser.ConfigParser(interpolation=None)
    try:
        registry.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from None
    for name, identifier in identifiers.items():
        registry[identifier] = {"label": _escaped(name), "command": ""}
    if ENTRY not in registry:
        registry[ENTRY] = entry()
    text = io.StringIO()
    registry.write(text)
    return text.getvalue()


def entry(*words: str) -> dict[str, str]:
    """The section of `trackers.ini` by which the toolkit drives our tracker; `words` such as `--checkpoint FILE`."""
    command = shlex.join([sys.executable, "-m", "tracker", "evaluate", "trax", *words])
    package = Path(__file__).resolve().parents[3]  # the toolkit starts it in an empty folder
    values = {"label": "siamsa", "protocol": "trax", "command": command, "env_pythonpath": str(package)}
    return {**{key: _escaped(value) for key, value in values.items()}, "timeout": str(TIMEOUT)}


def _escaped(text: str) -> str:
    return text.replace("%", "%%")  # the toolkit's reader interpolates


def _write_sequence(folder: Path, sequence: Sequence) -> None:
    width, height = image_size(sequence)
    folder.mkdir(parents=True)
    properties = {
        "name": folder.name,
        "fps": 30,
        "length": len(sequence),
        "width": round(width),
        "height": round(height),
        "channels.color": _pattern(sequence.frames, folder),
    }
    write_whole(folder / "groundtruth.txt", _lines(sequence.truth.tolist()))
    write_whole(folder / "sequence", "".join(f"{key}={value}\n" for key, value in properties.items()))


def _pattern(frames: tuple[Path, ...], folder: Path) -> str:
    """The pattern of the images' names: where they lie, or of links where the toolkit could not read those names."""
    first = frames[0]
    pattern = f"%0{len(first.stem)}d{first.suffix}"
    named = first.suffix in IMAGES and "=" not in first.name
    if named and all(path == first.with_name(pattern % n) for n, path in enumerate(frames, 1)):
        return str(first.parent.resolve() / pattern)
    (folder / "color").mkdir()
    for n, path in enumerate(frames, 1):
        link = folder / "color" / f"{n:08d}.jpg"  # its reader looks at the content, not at the ending
        try:
            link.symlink_to(path.resolve())
        except OSError:  # not everywhere allowed
            shutil.copyfile(path, link)
    return "color/%08d.jpg"


def _write_results(folder: Path, sequence: Sequence, files: list[Path]) -> None:
    """Repetitions with commas, whatever they were written with, and times where ours lie beside them."""
    for count, path in enumerate(files, 1):
        write_whole(folder / f"{folder.name}_{count:03d}.txt", _lines(read_repetition(path, sequence.truth)))
        times = path.with_name(f"{path.stem}_time.value")
        if times.is_file():
            write_whole(folder / f"{folder.name}_{count:03d}_time.value", times.read_bytes())


def _lines(rows: list[list[float]]) -> str:
    return "".join(",".join(number(value, 6) for value in row) + "\n" for row in rows)
