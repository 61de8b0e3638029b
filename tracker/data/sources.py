"""The configured sources, opened: which folders, their tracks, and how often each is drawn."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.data.choice import Choice, clip_of
from tracker.data.counts import Counts, count
from tracker.data.datasets import DATASETS, Track, Tracks
from tracker.data.files import read_text
from tracker.data.index import ensure, open_folder
from tracker.data.left_out import LeftOut
from tracker.data.warn import warn_once
from tracker.errors import InputError
from tracker.settings import DataConfig, SourceConfig

__all__ = ["Source", "clip_of", "expand", "open_source", "open_sources", "prepare"]
EXAMPLE = ", such as --set 'data.sources=[{path: clips, layout: got10k}, {path: photos, layout: coco}]'"


@dataclass(eq=False)
class Source:
    """One folder of tracks. `chances` (n,) sum to 1: clips by the root of their length, stills alike.

    `left` is what is not used of the clips that are wanted, `excluded` are the names from the settings' `exclude` that
    were found here.
    """

    name: str
    config: SourceConfig
    tracks: Tracks
    left: LeftOut
    weight: float
    chances: NDArray[np.float64]
    by_category: dict[str, NDArray[np.int64]]
    excluded: frozenset[str]

    @property
    def boxes(self) -> int:
        """How many boxes it holds."""
        return int(self.tracks.lengths.sum())

    def counts(self) -> Counts:
        """What it holds and what is left out; some seconds for ten million boxes."""
        return count(self.name, self.config.layout, self.tracks, self.left)

    def draw(self, rng: np.random.Generator) -> Track:
        """A random track."""
        found: Track = self.tracks[int(np.searchsorted(self._steps, rng.random(), side="right"))]
        return found

    def __post_init__(self) -> None:
        self._steps = np.cumsum(self.chances)[:-1]


def expand(config: DataConfig) -> list[tuple[SourceConfig, list[Path]]]:
    """The folders of each configured source. A folder that is named outright is left out of the globs.

    Raises InputError for a missing root, a source without folders, and a weight that is not a number >= 0.
    """
    root = Path(config.root).expanduser()
    if not config.root or not root.is_dir():
        raise InputError(f"data.root: no folder {config.root!r}; set it with --set data.root=FOLDER")
    if not config.sources:
        raise InputError(f"data.sources: empty; name at least one folder below data.root{EXAMPLE}")
    named = {(root / s.path).resolve() for s in config.sources if not glob.has_magic(s.path)}
    found = []
    for source in config.sources:
        if not np.isfinite(source.weight) or source.weight < 0:
            raise InputError(f"data.sources {source.path!r}: weight must be 0 or more, got {source.weight}")
        if glob.has_magic(source.path):
            matches = sorted(Path(p) for p in glob.glob(str(Path(glob.escape(str(root))) / source.path)))
            folders = [p for p in matches if p.is_dir() and p.resolve() not in named]
            missing = not matches
        else:
            folders, missing = [root / source.path], not (root / source.path).is_dir()
        if missing:
            raise InputError(f"data.sources: no folder {source.path!r} below {root}; name your own{EXAMPLE}")
        found.append((source, folders))
    return found


def open_source(config: SourceConfig, folder: Path, name: str) -> Source:
    """Open one folder. A clip that is excluded is not read, a damaged one is left out, with one line of warning.

    Raises InputError where the folder does not hold the layout, or no usable box.
    """
    known_layout(config)
    only = frozenset(listed_names(config, folder)) if config.only else None
    loaded = open_folder(config.layout, folder, Choice(frozenset(config.exclude), only))
    tracks, left = loaded.tracks, loaded.left
    for note in left.notes:
        warn_once(f"{folder}: {note}")
    if left.damaged:
        command = f"`siamsa data check --layout {config.layout} --root {folder}` lists them"
        warn_once(f"{folder}: left out {left.first_damage()}; {command}")
    if not len(tracks):
        reasons = [f"{number} {reason}" for reason, number in left.total().items()]
        reasons += [left.first_damage()] if left.damaged else []
        reasons += [f"{len(loaded.excluded)} names are excluded"] if loaded.excluded else []
        raise InputError(f"{folder}: no usable box ({'; '.join(reasons) or 'none were left out'})")
    chances = np.sqrt(tracks.lengths.astype(np.float64))
    chances /= chances.sum()
    return Source(name, config, tracks, left, config.weight, chances, tracks.by_category(), loaded.excluded)


def prepare(config: DataConfig, *more: SourceConfig) -> None:
    """Make an index of every folder of the sources that has none which is valid, and of folders of `more` that exist.

    In a run of several processes the first one does this, so that raw data are read once and not by all of them.
    Raises InputError as `open_sources` does for the same folders.
    """
    root = Path(config.root).expanduser()
    there = [(source, [root / source.path]) for source in more if source.path and (root / source.path).is_dir()]
    for setting, folders in [*expand(config), *there]:
        if setting.weight > 0:
            known_layout(setting)
            for folder in folders:
                ensure(setting.layout, folder)


def known_layout(config: SourceConfig) -> None:
    """Raise InputError for an unknown layout."""
    try:
        DATASETS[config.layout]
    except ValueError as error:
        raise InputError(f"data.sources {config.path!r}: {error}") from error


def listed_names(config: SourceConfig, folder: Path) -> list[str]:
    """The names in the file that the setting `only` names. Raises InputError where it is missing or empty."""
    path = folder / Path(config.only).expanduser()
    names = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    if not names:
        raise InputError(f"{path}: no names in it")
    return names


def open_sources(config: DataConfig) -> list[Source]:
    """All sources with their weights. A glob's weight is shared among its folders by the root of their box counts, so
    that small folders are seen without being learnt by heart; sources of weight 0 are not opened.
    """
    root = Path(config.root).expanduser()
    sources: list[Source] = []
    for setting, folders in expand(config):
        if setting.weight == 0:
            continue
        opened = [open_source(setting, f, f.relative_to(root).as_posix()) for f in folders]
        unknown = set(setting.exclude).difference(*(s.excluded for s in opened))
        if unknown:  # a slip here would train on what was to be held out
            raise InputError(f"data.sources {setting.path!r}: exclude names {sorted(unknown)}, which are not there")
        shares = np.sqrt([float(s.boxes) for s in opened])
        for source, share in zip(opened, shares / max(shares.sum(), 1e-9), strict=True):
            source.weight = setting.weight * float(share)
        sources += opened
    if not sources:
        raise InputError("data.sources: every weight is 0; nothing to draw from")
    return sources
