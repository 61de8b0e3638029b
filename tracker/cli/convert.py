"""`siamsa convert`: write a box file in another form."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tracker.errors import InputError
from tracker.formats import FORMATS, Clip, Format, Row, form_of, write_rows

HELP = "write a box file in another form: CSV, JSONL, MOT, OTB, VOT, COCO video, CVAT, YOLO"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa convert`."""
    add = parser.add_argument
    add("input", metavar="IN", type=Path, help="box file, or a folder of YOLO labels; its form is known by its ending")
    add("output", metavar="OUT", type=Path, help="box file to write, in the form of its ending")
    add("--from", dest="source", choices=[*FORMATS], metavar="FORM", help=f"form of IN: {', '.join(FORMATS)}")
    add("--to", dest="form", choices=[*FORMATS], metavar="FORM", help="form of OUT, whatever its ending")
    video = parser.add_mutually_exclusive_group()
    video.add_argument("--video", metavar="FILE", help="the video of the boxes: its size is needed by CVAT, COCO, YOLO")
    video.add_argument("--size", metavar="WxH", help="its width and height in pixels instead")
    add("--fps", type=float, metavar="F", help="its frames a second (default: the video's own, else 25)")
    add("--overwrite", action="store_true", help="replace OUT if it exists")


def run(args: argparse.Namespace) -> int:
    """Convert, say what was written and what the new form has no place for; the exit code."""
    source, target = form_of(args.input, args.source), form_of(args.output, args.form)
    _check(args)
    clip = _clip(args, source) if source.reads_sized or target.writes_sized else None
    try:
        rows = source.read(args.input, clip)
        write_rows(args.output, rows, args.form, clip)
    except InputError as error:
        hint = "" if clip or "size of the video" not in str(error) else ": --video FILE or --size WxH"
        raise InputError(f"{error}{hint}") from None
    targets, frames = len({row.id for row in rows}), len({row.frame for row in rows})
    print(f"wrote {args.output}: {len(rows)} boxes of {targets} {_plural('target', targets)} in {frames} frames")
    if lost := _left_behind(rows, target):
        print(f"the new form has no place for: {', '.join(lost)}")
    return 0


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _check(args: argparse.Namespace) -> None:
    """Refuse to write over anything, before any work is done."""
    out: Path = args.output
    if out.exists() and args.input.exists() and out.samefile(args.input):
        raise InputError(f"{out}: is the input itself; give another name")
    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out}: is a folder with files in it; give a new name")
    if out.is_file() and not args.overwrite:
        raise InputError(f"{out}: exists already; add --overwrite to replace it")


def _clip(args: argparse.Namespace, source: type[Format]) -> Clip | None:
    """The video's size and name: of --video or --size, or else as the input itself has it."""
    if args.fps is not None and not 0 < args.fps < 10_000:
        raise InputError(f"--fps: must be greater than 0, got {args.fps:g}")
    clip: Clip | None
    if args.video:
        clip = _of_video(args.video)
    elif args.size:
        clip = Clip(args.input.stem, _size(args.size))
    else:
        clip = source.clip(args.input)
    return replace(clip, fps=args.fps) if clip and args.fps else clip


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) < 100_000 and 0 < int(height) < 100_000):
        raise InputError(f"--size: expected a width and height such as 640x480, got {text!r}")
    return int(width), int(height)


def _of_video(address: str) -> Clip:
    from tracker.live.sources import open_source

    with open_source(address) as source:
        image = source.first().image
        assert image is not None, "first() refuses an unreadable frame"
        return Clip(Path(address).name, (image.shape[1], image.shape[0]), source.fps, source.count)


def _left_behind(rows: Sequence[Row], target: type[Format]) -> list[str]:
    """What the rows say and the new form cannot."""
    there = {
        "score": any(row.score != 1 for row in rows),
        "lost": any(row.lost for row in rows),
        "name": any(row.name for row in rows),
        "state": any(row.state for row in rows),
    }
    return [key for key, used in there.items() if used and key not in target.holds]


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("convert")
