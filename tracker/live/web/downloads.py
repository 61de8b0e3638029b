"""Files that a session makes of its results."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from tracker.errors import InputError
from tracker.formats import Clip, Row, write_rows
from tracker.live.sinks.video import Video
from tracker.live.step import Step
from tracker.live.web.board import Board
from tracker.live.web.feeds import Feed
from tracker.live.web.wire import Refused
from tracker.tracking.result import Result

# Form: ending and type of the file.
FORMS = {
    "csv": (".csv", "text/csv"),
    "jsonl": (".jsonl", "application/x-ndjson"),
    "mot": (".mot.txt", "text/plain"),
    "coco": (".json", "application/json"),
    "video": (".mp4", "video/mp4"),
}


UNFIT = frozenset("\\/:*?\"'<>|%;`")  # in the name of a file, in some system or header
LONGEST = 60  # characters: 240 bytes at most, and systems allow 255


class Download(FileResponse):
    """A file of a session. Refused where the session was removed, and the file with it, before it could be sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except (RuntimeError, FileNotFoundError):
            if Path(self.path).exists():
                raise
            raise Refused(404, "this session was removed") from None


def make(form: str, feed: Feed, board: Board, folder: Path, stop: threading.Event) -> Path:
    """Write a file of one of FORMS. Raises Refused: unknown form, no boxes yet, or stopped."""
    if form not in FORMS:
        raise Refused(404, f"there is no form {form[:20]!r} (known: {', '.join(FORMS)})")
    if not board.targets:
        raise Refused(409, "there are no boxes yet: draw one")
    path = folder / f"download{FORMS[form][0]}"
    try:
        if form == "video":
            _write_video(path, feed, board, stop)
        else:
            rows = (row for _, rows in board.steps() for row in rows)
            write_rows(path, rows, form, Clip(feed.name, feed.size, feed.fps, feed.count))
    except InputError as error:
        raise Refused(409, str(error).replace(str(path), "the file")) from None
    return path


def disposition(form: str, name: str) -> str:
    """The header that tells the browser what to call a file that is made of the source of this name.

    RFC 6266: the true name as UTF-8 (RFC 5987), beside one of ASCII for old clients; only the latter where it is both.
    """
    true, plain = (stem + (".tracked" if form == "video" else "") + FORMS[form][0] for stem in _stems(name))
    header = f'attachment; filename="{plain}"'
    return header if true == plain else f"{header}; filename*=UTF-8''{quote(true, safe='')}"


def _stems(name: str) -> tuple[str, str]:
    """A source's name without its ending and what a file system may not like; and that in ASCII letters and digits."""
    stem = name.rpartition(".")[0] or name
    # Characters of control include unpaired surrogates and those that turn the direction of writing.
    kept = "".join("_" if unicodedata.category(c)[0] == "C" or c in UNFIT else c for c in stem)
    true = " ".join(re.sub("__+", "_", kept).split())[-LONGEST:].strip(" ._")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", true).strip("._")
    return true or "tracked", plain or "tracked"


def _write_video(path: Path, feed: Feed, board: Board, stop: threading.Event) -> None:
    """All frames there are, with what was found drawn on them: frame n of the video is frame n of the boxes."""
    targets = dict(board.targets)
    image = np.zeros((max(2, feed.size[1]), max(2, feed.size[0]), 3), np.uint8)
    with Video(path, feed.fps) as video:
        for frame, rows in _all_frames(board, feed.length):
            if stop.is_set():
                raise Refused(408, "the download was given up")
            seen = feed.frame(frame)
            image = image if seen is None else np.asarray(seen)
            results = {row.id: Result(row.box, row.score, row.lost, row.state == "uncertain") for row in rows}
            video.write(Step(frame, image, results, targets if results else {}, readable=seen is not None))


def _all_frames(board: Board, length: int) -> Iterator[tuple[int, list[Row]]]:
    """Every frame of a source of this length, and on to the last one with results."""
    after = 0
    for frame, rows in board.steps():
        yield from ((gap, []) for gap in range(after, frame))
        yield frame, rows
        after = frame + 1
    yield from ((gap, []) for gap in range(after, length))
