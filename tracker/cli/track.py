"""`siamsa track`: follow objects through a video, a camera, a stream or images."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from tracker.box import Box
from tracker.cli.options import add_network, load_tracker
from tracker.cli.truth import NUMBERED, Comparison, read_marks
from tracker.errors import InputError
from tracker.formats import FORMATS, endings, number
from tracker.live.display import NO_DISPLAY, has_display
from tracker.live.engine import Engine, Summary, check_box
from tracker.live.followers import follower_of
from tracker.live.loop import with_progress
from tracker.live.select import pick_boxes
from tracker.live.sinks import Sink, check_outputs
from tracker.live.sinks.boxes import Boxes, check_several
from tracker.live.sinks.pulled import Pulled
from tracker.live.sinks.video import Video
from tracker.live.sources import Source, Span, open_source
from tracker.live.stop import Stop
from tracker.live.window.surface import Surface
from tracker.live.window.window import Window

Chosen = tuple[Box, str]  # a target and its name, which may be empty
HELP = "follow objects through a video, a camera, a stream or images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa track`."""
    add = parser.add_argument
    add(
        "source",
        metavar="SOURCE",
        help="video file, folder or glob of images, camera number, RTSP/HTTP address, - (standard input), screen",
    )
    add(
        "--box",
        metavar="[NAME=]x,y,w,h",
        action="append",
        default=[],
        help="a target on the first frame, pixels from 0; again for more; drawn with the mouse if absent",
    )
    add(
        "--boxes",
        metavar="FILE",
        help=f"write one row a frame and target; form by the ending: {' '.join(sorted(endings()))}",
    )
    add(
        "--correct",
        metavar="FILE",
        help="boxes of single frames to start afresh from, frame,x,y,w,h; 0,0,0,0: not in view",
    )
    add("--truth", metavar="FILE", help="known boxes, in a form of --boxes: the mean overlap with them is printed")
    add("--boxes-format", choices=sorted(FORMATS), help="form of --boxes, whatever its ending")
    add("--output", metavar="FILE", help="write a video with box, score and state (.mp4, .avi, .mkv, .mov)")
    add("--overwrite", action="store_true", help="replace output files that exist")
    add("--start", type=int, default=0, metavar="N", help="first frame, counted from 0; --box is for this frame")
    add("--stop", type=int, metavar="N", help="end before this frame")
    add("--stride", type=int, default=1, metavar="N", help="take every Nth frame")
    add(
        "--give-up",
        type=float,
        default=60.0,
        metavar="S",
        help="end a camera or stream after so many seconds without a frame (default: 60; 0: never)",
    )
    add("--no-window", action="store_true", help="show no window, even where there is a display")
    add("--no-recovery", action="store_true", help="do not search a lost target in a growing region")
    add_network(parser)


def run(args: argparse.Namespace) -> int:
    """Track, print a summary, and return the exit code: 0, or 130 and 143 after Ctrl-C and SIGTERM."""
    span = Span(args.start, args.stop, args.stride)
    given = _corrections(args.correct, span)
    truth = read_marks(args.truth) if args.truth else {}
    chosen = _first_boxes(args, given, truth)
    outputs = _outputs(args)
    if not args.give_up >= 0:
        raise InputError(f"--give-up: must be 0 or more seconds, got {args.give_up:g}")
    several = not (args.correct or args.truth) and all(sink.form.several for sink in outputs if isinstance(sink, Boxes))
    window = not (chosen and args.no_window) and has_display()
    with (
        open_source(args.source, span) as source,  # a wrong path is said before a missing display
        Surface() if window and not args.no_window else nullcontext() as surface,
    ):
        if not chosen and not window:
            raise InputError(NO_DISPLAY)
        source.gives_up = args.give_up or None
        _check(source, [box for box, _ in chosen])
        follower = follower_of(load_tracker(args), recover=not args.no_recovery)
        chosen = chosen or _draw(source, args.start, several, surface)
        if not chosen:
            print("cancelled: no box was drawn")
            return 130
        _prepare(outputs, source, len(chosen))
        compared = Comparison(truth)
        tables: list[Sink] = [*[sink for sink in outputs if isinstance(sink, Boxes)], compared]
        sinks: list[Sink] = [Pulled(sink) for sink in tables] if args.correct else tables
        sinks += [sink for sink in outputs if isinstance(sink, Video)]
        corrections = {frame: {1: box} for frame, box in given.items()}
        folder = Path(args.output or args.boxes or ".").parent
        with Stop().on_signals() as stop, Engine(source, follower, sinks, given=corrections, stop=stop) as engine:
            for box, name in chosen:
                engine.add(box, name)
            pictures = _watch(engine, source, folder, several, surface)
    _report(engine.summary, source, [*[sink.path for sink in outputs], *pictures])
    if args.truth:
        print(compared)
    return stop.exit_code


def _outputs(args: argparse.Namespace) -> list[Boxes | Video]:
    """The files to write, not yet open. Raises InputError where one would destroy something."""
    outputs: list[Boxes | Video] = [Boxes(args.boxes, args.boxes_format)] if args.boxes else []
    outputs += [Video(args.output)] if args.output else []
    files = [sink.path for sink in outputs]
    check_outputs(files, args.source, args.overwrite)
    for read in filter(None, (args.correct, args.truth)):
        if Path(read).resolve() in [file.resolve() for file in files]:
            raise InputError(f"{read}: is read and would be written; give the output another name")
    return outputs


def _prepare(outputs: Sequence[Boxes | Video], source: Source, targets: int) -> None:
    """Tell the outputs what they need to know of the source. Raises InputError for targets that one cannot hold."""
    for sink in outputs:
        sink.expect(source)
        if isinstance(sink, Boxes):
            check_several(sink, targets)


def _watch(engine: Engine, source: Source, folder: Path, several: bool, surface: Surface | None) -> Sequence[Path]:
    """Run to the end: in the window if there is one, its pictures go to `folder`; with a progress bar on a terminal."""
    with Window(engine, folder, several, surface) if surface else nullcontext() as window:
        for step in with_progress(engine, source):
            if window is not None:
                window.show(step)
    return [] if window is None else window.saved


def _corrections(path: str | None, span: Span) -> dict[int, Box | None]:
    """What `--correct` says, from the first frame on. Raises InputError for a frame that is not visited."""
    given = read_marks(path, NUMBERED) if path else {}
    skipped = [frame for frame in given if frame not in span]
    if skipped:
        raise InputError(f"{path}: frame {skipped[0]} is not among those of --start, --stop and --stride")
    return given


def _first_boxes(
    args: argparse.Namespace, given: Mapping[int, Box | None], truth: Mapping[int, Box | None]
) -> list[Chosen]:
    """The boxes of the first frame: of --box, of --correct or of --truth; none where they are to be drawn."""
    if len(args.box) > 1 and (args.correct or args.truth):
        raise InputError("--correct and --truth are for one target; give one --box")
    if args.start in given:
        if args.box:
            raise InputError(f"{args.correct}: has a box for frame {args.start}, and so has --box; give one of them")
        first = given[args.start]
        if first is None:
            raise InputError(f"{args.correct}: frame {args.start} is the first and must have a box; raise --start")
        return [(first, "")]
    if not args.box:
        known = truth.get(args.start)
        return [(known, "")] if known else []
    return [_parse(text) for text in args.box]


def _parse(text: str) -> Chosen:
    name, _, numbers = text.rpartition("=")
    try:
        return Box.parse(numbers), name.strip()
    except ValueError as error:
        raise InputError(f"--{error}") from None


def _check(source: Source, boxes: Sequence[Box]) -> None:
    image = source.first().image
    assert image is not None, "first() refuses an unreadable frame"
    for box in boxes:
        check_box(box, image, source.address)


def _draw(source: Source, frame: int, several: bool, surface: Surface | None) -> list[Chosen]:
    """Let the user draw boxes on the first frame, and say how they are written; none where it was cancelled."""
    image = source.first().image
    assert image is not None, "first() refuses an unreadable frame"
    boxes = pick_boxes(image, several, surface)
    for box in boxes:
        text = ",".join(map(number, box.xywh))
        print(f"drawn: --box {text} (a row for --correct: {frame},{text})")
    return [(box, "") for box in boxes]


def _report(summary: Summary, source: Source, written: Sequence[Path]) -> None:
    """The few lines at the end of a run."""
    if summary.stopped:
        print(f"stopped by {summary.stopped}; what was tracked so far is kept")
    each = {stage: 1000 * spent / max(1, summary.frames) for stage, spent in summary.seconds.items()}
    times = ", ".join(f"{stage} {spent:.1f} ms" for stage, spent in each.items())
    print(f"{summary.frames} frames at {summary.fps:.1f} frames/s ({times} a frame)")
    if source.ended:
        print(f"the source ended: {source.ended}")
    if source.dropped:
        print(f"{source.dropped} frames came while another was worked on, and were dropped")
    if summary.bad:
        print(f"{summary.bad} bad frames could not be read; their rows repeat the last box, lost, with score 0")
    if summary.lost:
        print(f"{summary.lost} rows are lost: nothing in their frames was believed to be the target")
    if summary.away:
        print(
            f"{summary.away} frames without a target, by --correct; their rows repeat the last box, lost, with score 0"
        )
    if summary.unused:
        frames = ", ".join(map(str, summary.unused[:10])) + (", ..." if len(summary.unused) > 10 else "")
        print(
            f"{len(summary.unused)} corrections were of no use, their frames are beyond the end or unreadable: {frames}"
        )
    for path in written:
        print(f"wrote {path}")
    if not written:
        print("nothing was written; --boxes FILE keeps the boxes, --output FILE the video")


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("track")
