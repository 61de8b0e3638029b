"""From a checkpoint to a tracker that is ready for `init`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tracker import checkpoint as files
from tracker.config import apply_overrides, load_config
from tracker.device import set_threads
from tracker.errors import InputError
from tracker.models.foreign import some
from tracker.tracking.siamese_tracker import Tracker

DEFAULT = "siamsa_r18"


def load(
    checkpoint: str | Path | None = None,
    experiment: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    overrides: str | Iterable[str] = (),
    threads: int | None = None,
) -> Tracker:
    """A tracker with its weights.

    Args:
        checkpoint: file to read; None takes the shipped one.
        experiment: name or YAML file whose settings replace those in the checkpoint; its network must be the same.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, fp32 or bf16.
        overrides: `a.b=value`, one text or several, applied last.
        threads: CPU threads of torch for the whole process; 0 or None leaves them as they are.
    Raises:
        InputError: no such file or device, a damaged file, weights that are incomplete or for another network.
    """
    path = checkpoint_path(checkpoint, experiment)
    wanted = load_config(experiment, overrides) if experiment is not None else None
    held = files.load(path)
    config = wanted or apply_overrides(held.config, overrides)
    files.require_same_model(held, config)
    absent = [name for name in held.meta.get("missing", ()) if not name.startswith("attention.")]
    if absent:  # a new attention module starts as the identity; anything else at random
        raise InputError(f"checkpoint {path}: good to train from, not to track; it was imported without {some(absent)}")
    set_threads(threads or 0)
    return Tracker(held.network(), config, device, precision)


def checkpoint_path(checkpoint: str | Path | None, experiment: str | Path | None) -> Path:
    """The file that `load` reads. Raises InputError where none is given and none is shipped for the experiment."""
    return Path(checkpoint) if checkpoint is not None else _shipped(experiment)


def _shipped(experiment: str | Path | None) -> Path:
    name = DEFAULT if experiment is None else load_config(experiment).name or Path(experiment).stem
    path = files.pretrained_dir() / f"{name}.pth"
    if not path.is_file():
        shipped = sorted(p.stem for p in path.parent.glob("*.pth"))
        known = f" (shipped: {', '.join(shipped)})" if shipped else ""
        raise InputError(
            f"experiment {name}: no weights are shipped for it{known}; give a checkpoint (--checkpoint FILE)"
        )
    return path
