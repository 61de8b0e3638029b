"""`siamsa track`: follow one object through a video, a camera, a stream or images."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import tracker
from tracker.box import Box
from tracker.cli.options import add_runtime, add_set
from tracker.errors import InputError
from tracker.live.display import has_display
from tracker.live.loop import Summary, check_box, track
from tracker.live.select import pick_box
from tracker.live.sinks import FileSink, Sink, check_outputs
from tracker.live.sinks.boxes import box_formats, open_boxes
from tracker.live.sinks.video import Video
from tracker.live.sinks.window import Window
from tracker.live.sources import Source, Span, open_source
from tracker.live.stop import Stop

HELP = "follow one object through a video, a camera, a stream or images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa track`."""
    add = parser.add_argument
    add("source", metavar="SOURCE", help="video file, camera number, RTSP/HTTP address, folder or glob of images")
    add("--box", metavar="x,y,w,h", help="the target on the first frame, pixels from 0; drawn with the mouse if absent")
    add("--boxes", metavar="FILE", help="write one row a frame; form by the ending: .csv .jsonl .txt (OTB) .mot")
    add("--boxes-format", choices=sorted(box_formats()), help="form of --boxes, whatever its ending")
    add("--output", metavar="FILE", help="write a video with box, score and state (.mp4, .avi, .mkv, .mov)")
    add("--overwrite", action="store_true", help="replace output files that exist")
    add("--start", type=int, default=0, metavar="N", help="first frame, counted from 0; --box is for this frame")
    add("--stop", type=int, metavar="N", help="end before this frame")
    add("--stride", type=int, default=1, metavar="N", help="take every Nth frame")
    add("--no-window", action="store_true", help="show no window, even where there is a display")
    add("--checkpoint", metavar="FILE", help="trained weights (default: those that come with the project)")
    add("--experiment", metavar="NAME", help="experiment, where the checkpoint does not carry its own")
    add_runtime(parser)
    add("--threads", type=int, default=0, metavar="N", help="CPU threads for the network (default 0: torch decides)")
    add_set(parser)


def run(args: argparse.Namespace) -> int:
    """Track, print a summary, and return the exit code: 0, or 130 and 143 after Ctrl-C and SIGTERM."""
    files = [Path(name) for name in (args.boxes, args.output) if name]
    box = _parse_box(args.box)
    boxes = open_boxes(args.boxes, args.boxes_format) if args.boxes else None
    video = Video(args.output) if args.output else None
    check_outputs(files, args.source, args.overwrite)
    window = (box is None or not args.no_window) and has_display()
    if box is None and not window:
        raise InputError("there is no display to draw the box on; pass --box x,y,w,h")
    with open_source(args.source, Span(args.start, args.stop, args.stride)) as source:
        if video is not None:
            video.fps = source.fps / args.stride  # so that it plays at the speed of the source
        if box is not None:
            _check(source, box)
        follower = tracker.load(
            checkpoint=args.checkpoint,
            experiment=args.experiment,
            device=args.device,
            precision=args.precision,
            overrides=args.set,
            threads=args.threads,
        )
        box = box or _pick(source)
        if box is None:
            print("cancelled: no box was drawn")
            return 130
        outputs = [sink for sink in (boxes, video) if sink is not None]
        with Stop().on_signals() as stop:
            sinks: list[Sink] = [*outputs, *([Window(stop)] if window and not args.no_window else [])]
            summary = track(source, follower, box, sinks, stop=stop)
    _report(summary, outputs)
    return stop.exit_code


def _parse_box(text: str | None) -> Box | None:
    if text is None:
        return None
    try:
        return Box.parse(text)
    except ValueError as error:
        raise InputError(f"--{error}") from None


def _check(source: Source, box: Box) -> None:
    image = source.first().image
    assert image is not None, "first() refuses an unreadable frame"
    check_box(box, image, source.address)


def _pick(source: Source) -> Box | None:
    image = source.first().image
    assert image is not None, "first() refuses an unreadable frame"
    return pick_box(image)


def _report(summary: Summary, outputs: Sequence[FileSink]) -> None:
    """The few lines at the end of a run."""
    if summary.stopped:
        print(f"stopped by {summary.stopped}; what was tracked so far is kept")
    each = {stage: 1000 * spent / max(1, summary.frames) for stage, spent in summary.seconds.items()}
    times = ", ".join(f"{stage} {spent:.1f} ms" for stage, spent in each.items())
    print(f"{summary.frames} frames at {summary.fps:.1f} frames/s ({times} a frame)")
    if summary.bad:
        print(f"{summary.bad} bad frames could not be read; their rows repeat the last box, lost, with score 0")
    if summary.lost:
        print(f"{summary.lost} frames lost: the score was below tracking.lost_threshold")
    for sink in outputs:
        print(f"wrote {sink.path}")
    if not outputs:
        print("nothing was written; --boxes FILE keeps the boxes, --output FILE the video")


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("track")
