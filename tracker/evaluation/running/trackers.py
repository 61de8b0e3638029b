"""Trackers by name: ours, OpenCV's, or anyone's `module:factory` with `init(frame, box)` and `update(frame)`."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from tracker.box import Box
from tracker.errors import InputError
from tracker.evaluation.benchmark import TRUTHS
from tracker.registry import Registry


class Follower(Protocol):
    """What is evaluated. `box` is 0-based pixels; `update` gives a Result, a Box or `x, y, w, h`."""

    def init(self, frame: Any, box: Box) -> None: ...

    def update(self, frame: Any) -> Any: ...


@dataclass(frozen=True)
class Choice:
    """Which tracker, and what it is set to; plain values, so that it can be sent to other processes."""

    name: str = "siamsa"
    checkpoint: str | None = None
    experiment: str | None = None
    overrides: tuple[str, ...] = ()
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1


@dataclass(frozen=True)
class Entry:
    """A tracker ready for use: `identity` is everything that its results depend on, as plain values."""

    label: str
    follower: Follower
    identity: dict[str, Any]


Opener = Callable[[Choice], Entry]
TRACKERS: Registry[Opener] = Registry("tracker")


def open_tracker(choice: Choice, label: str | None = None) -> Entry:
    """The tracker of this name; `label` is the name of its results, after the tracker where None.

    Raises InputError: unknown, not installed, a factory that does not work, or a label that is no name of a folder.
    """
    if label is not None:
        _require_name(label)
    if ":" in choice.name:
        entry = _from_python(choice)
    else:
        try:
            opener = TRACKERS[choice.name.lower()]
        except ValueError as error:
            raise InputError(f"{error}; or a Python path `module:factory`") from None
        entry = opener(choice)
    if label is None:
        _require_name(entry.label)
    return replace(entry, label=label) if label else entry


def _require_name(label: str) -> None:
    if not label.strip() or Path(label).name != label:
        raise InputError(f"--name {label!r}: cannot be the name of a folder")
    if label[0] in "._" or label in TRUTHS:
        raise InputError(f"--name {label!r}: `siamsa evaluate score` takes such a folder for no tracker; give another")


def _refuse(choice: Choice, *known: str) -> None:
    """Raise InputError where something is set that means nothing to a tracker; `known` does."""
    options = {"overrides": "--set", **{n: f"--{n}" for n in ("checkpoint", "experiment", "device", "precision")}}
    plain = Choice()
    for name, option in options.items():
        if name not in known and getattr(choice, name) != getattr(plain, name):
            raise InputError(f"{option}: means nothing to the tracker {choice.name}; leave it out")


def as_box(value: Any) -> Box:
    """The box in what `update` returned. Raises ValueError for anything else, and for NaN."""
    found = getattr(value, "box", value)
    if not isinstance(found, Box):
        try:
            x, y, w, h = (float(v) for v in found)
        except (TypeError, ValueError):
            raise ValueError(f"update() returned {value!r}; expected a Result, a Box or x, y, w, h") from None
        found = Box(x, y, w, h)
    if not all(abs(v) < float("inf") for v in found.xywh):
        raise ValueError(f"update() returned a box that is not finite: {found.xywh}")
    return found


@TRACKERS.register("siamsa")
def _ours(choice: Choice) -> Entry:
    import torch

    import tracker
    from tracker.checkpoint import sha256
    from tracker.config import to_dict
    from tracker.tracking.load import checkpoint_path

    made = tracker.load(
        choice.checkpoint, choice.experiment, choice.device, choice.precision, choice.overrides, choice.threads
    )
    path = checkpoint_path(choice.checkpoint, choice.experiment)
    runtime: Any = made.runtime  # what `auto` came to: results of a CPU and a GPU are not one run's
    identity = {
        "tracker": "siamsa",
        "version": tracker.__version__,
        "checkpoint": Path(choice.checkpoint).name if choice.checkpoint else None,
        "weights_sha256": sha256(path),
        "device": runtime.device.type,
        "precision": "bf16" if runtime.precision is torch.bfloat16 else "fp32",
        "torch": str(torch.__version__),
        "threads": choice.threads,
        "config": to_dict(made.config),
    }
    label = Path(choice.checkpoint).stem if choice.checkpoint else made.config.name or "siamsa"
    return Entry(label, made, identity)


class OpenCv:
    """An OpenCV tracker. Where it reports a failure, the last box stands."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def init(self, frame: Any, box: Box) -> None:
        self._tracker = self._make()  # a second init of the same object is refused by OpenCV
        self._tracker.init(frame, tuple(max(1, round(v)) if i > 1 else round(v) for i, v in enumerate(box.xywh)))
        self.box = box

    def update(self, frame: Any) -> Box:
        found, box = self._tracker.update(frame)
        if found:
            self.box = Box(*(float(v) for v in box))
        return self.box


def _opencv(name: str) -> Opener:
    def opener(choice: Choice) -> Entry:
        import cv2

        _refuse(choice)
        places = (cv2, getattr(cv2, "legacy", None))
        makers = (getattr(place, f"Tracker{name}_create", None) for place in places)
        make = next((maker for maker in makers if maker is not None), None)
        if make is None:
            raise InputError(
                f"tracker {choice.name}: not in the installed OpenCV {cv2.__version__}; "
                "opencv-contrib-python, in place of opencv-python, has KCF and CSRT"
            )
        cv2.setNumThreads(choice.threads)
        return Entry(f"OpenCV-{name}", OpenCv(make), {"tracker": f"OpenCV {name}", "opencv": cv2.__version__})

    return opener


for _name in ("KCF", "CSRT", "MIL"):
    TRACKERS.register(_name.lower())(_opencv(_name))


def _from_python(choice: Choice) -> Entry:
    _refuse(choice)
    module, _, attribute = choice.name.partition(":")
    if not module or not all(part.isidentifier() for part in (*module.split("."), *attribute.split("."))):
        raise InputError(f"tracker {choice.name}: expected module:factory, such as my_tracker:make")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # the console command does not look beside itself, `python -m` does
    try:
        factory: Any = importlib.import_module(module)
        for part in attribute.split("."):
            factory = getattr(factory, part)
        made = factory()
    except (ImportError, AttributeError) as error:
        raise InputError(f"tracker {choice.name}: {error}") from error
    except (Exception, SystemExit) as error:
        raise InputError(f"tracker {choice.name}: {type(error).__name__}: {' '.join(str(error).split())}") from error
    for method in ("init", "update"):
        if not callable(getattr(made, method, None)):
            raise InputError(f"tracker {choice.name}: what it makes has no {method}()")
    if choice.threads and "torch" in sys.modules:
        from tracker.device import set_threads

        set_threads(choice.threads)
    source = _source_of(factory)
    digest = hashlib.sha256(source.read_bytes()).hexdigest() if source else None
    return Entry(attribute, made, {"tracker": choice.name, "source_sha256": digest})


def _source_of(factory: Any) -> Path | None:
    try:
        return Path(inspect.getsourcefile(factory) or "")
    except TypeError:
        return None
