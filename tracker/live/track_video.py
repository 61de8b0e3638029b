"""Tracking from Python in one loop: `for step in track_video("video.mp4", (120, 80, 60, 90)): ...`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tracker.box import Box, BoxLike
from tracker.errors import InputError
from tracker.live.engine import Engine, check_box
from tracker.live.followers import AnyTracker, follower_of
from tracker.live.sinks import check_outputs
from tracker.live.sinks.boxes import Boxes, check_several
from tracker.live.sinks.video import CODECS, Video
from tracker.live.sources import Source, Span, open_source
from tracker.live.step import Step
from tracker.tracking.load import load


def track_video(
    source: str | Path | int,
    boxes: BoxLike | Sequence[BoxLike] | Mapping[str, BoxLike],
    *,
    tracker: AnyTracker | None = None,
    outputs: str | Path | Iterable[str | Path] = (),
    overwrite: bool = False,
    start: int = 0,
    stop: int | None = None,
    stride: int = 1,
    recover: bool = True,
) -> Iterator[Step]:
    """Follow one or several targets, one step a frame.

    Args:
        source: video file, folder or glob of images, camera number, stream address: whatever `siamsa track` takes.
        boxes: on the first frame, x, y, w, h in pixels: one, several, or several by name.
        tracker: what follows them, as `tracker.load()` gives it; None: the shipped network.
        outputs: what to write, one file or several, by their endings: boxes (.csv, .jsonl, .mot, ...) or a video (.mp4,
            .avi, .mkv, .mov). They are there when the loop has ended, also where it was left early (at once with
            `for ... in track_video(...)`; what is kept in a variable ends with its `close()`).
        overwrite: replace outputs that exist.
        start, stop, stride: frames to visit, counted from 0.
        recover: a lost target keeps its last box and is searched in a growing region.
    Yields:
        Steps: `index`, `image`, `results` (by id: `box`, `score`, `state`), `named` (by name), and `result` where there
        is one target. A step with a `status` is no frame but news of a live source, "reconnecting, 3 s".
    Raises:
        InputError: at once for boxes that are none and outputs that cannot be written; with the first step for a source
            that cannot be read or a box that cannot be tracked there.
    """
    address, chosen = str(source), _named(boxes)
    files = [outputs] if isinstance(outputs, (str, Path)) else list(outputs)
    check_outputs(files, address, overwrite)
    sinks = [_sink(Path(file)) for file in files]
    for sink in sinks:
        if isinstance(sink, Boxes):
            check_several(sink, len(chosen))
    return _steps(open_source(address, Span(start, stop, stride)), chosen, sinks, tracker, recover)


def _steps(
    source: Source,
    chosen: Sequence[tuple[str, Box]],
    sinks: Sequence[Boxes | Video],
    tracker: AnyTracker | None,
    recover: bool,
) -> Iterator[Step]:
    with source:
        image = source.first().image
        assert image is not None, "first() refuses an unreadable frame"
        for _, box in chosen:
            check_box(box, image, source.address)
        for sink in sinks:
            sink.expect(source)
        with Engine(source, follower_of(tracker or load(), recover), sinks) as engine:
            for name, box in chosen:
                engine.add(box, name)
            yield from engine


def _named(boxes: BoxLike | Sequence[BoxLike] | Mapping[str, BoxLike]) -> list[tuple[str, Box]]:
    """Names and boxes, whatever form they are given in."""
    if isinstance(boxes, Mapping) and not boxes:
        raise InputError("box: expected at least one, got none")
    if isinstance(boxes, Mapping):
        return [(name, Box.of(box)) for name, box in boxes.items()]
    if isinstance(boxes, (Box, str)) or not _nested(boxes):
        return [("", Box.of(boxes))]  # type: ignore[arg-type]
    return [("", Box.of(box)) for box in boxes]  # type: ignore[arg-type,union-attr]


def _nested(boxes: object) -> bool:
    """Whether these are several boxes rather than the four numbers of one."""
    try:
        return any(isinstance(each, Box) or hasattr(each, "__len__") for each in boxes)  # type: ignore[attr-defined]
    except TypeError:
        return False


def _sink(path: Path) -> Boxes | Video:
    return Video(path) if path.suffix.lower() in CODECS else Boxes(path)
