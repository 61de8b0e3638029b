"""Frames from a pipe: JPEG images in any packing, raw frames, and what is no video."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest

from tests.helpers import ROOT, SIZE, draw_frame, index_of
from tracker.errors import InputError
from tracker.live.prefetch import Reader
from tracker.live.sources import Frame, Source, Span, open_source
from tracker.live.sources.jpegs import JpegSplitter
from tracker.live.sources.stdin import StandardInput


def jpeg(index: int, *options: int) -> bytes:
    return cv2.imencode(".jpg", draw_frame(index), options)[1].tobytes()


def with_preview(data: bytes) -> bytes:
    """A JPEG that holds another one in its Exif segment, as cameras write."""
    body = b"Exif\0\0" + jpeg(50, cv2.IMWRITE_JPEG_QUALITY, 20)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def split(data: bytes, seed: int, limit: int = 64 << 20) -> list[bytes | None]:
    """What a splitter finds in data that comes in pieces of random length."""
    rng, splitter = random.Random(seed), JpegSplitter(limit)
    found: list[bytes | None] = []
    while data:
        length = rng.choice((1, 2, 3, 100, 5000))
        found += splitter.feed(data[:length])
        data = data[length:]
    return found + splitter.end()


def piped(address: str, data: bytes, span: Span | None = None) -> tuple[Source, list[Frame]]:
    """The frames of a source whose standard input is `data`."""
    ours, theirs = os.pipe()

    def write() -> None:
        with open(theirs, "wb") as file:
            try:
                file.write(data)
                file.flush()
            except BrokenPipeError:
                pass  # the reader has seen enough

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    source = open_source(address, span)
    assert isinstance(source, StandardInput)
    source.fd = ours
    try:
        with source, Reader(source) as reader:
            return source, list(reader)
    finally:
        os.close(ours)
        writer.join(10)


@pytest.mark.parametrize("seed", range(3))
def test_images_are_cut_at_their_own_ends_wherever_the_data_is_split(seed: int) -> None:
    images = [
        jpeg(0),
        with_preview(jpeg(1)),
        jpeg(2, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        jpeg(3, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        jpeg(4, cv2.IMWRITE_JPEG_QUALITY, 100),
    ]
    assert split(b"".join(images), seed) == images
    multipart = b"".join(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + image + b"\r\n" for image in images)
    assert split(multipart, seed) == images
    fill = images[0][:2] + b"\xff\xff" + images[0][2:]
    assert split(fill, seed) == [fill], "filling bytes before a marker are allowed"


def test_a_cut_image_is_counted_and_the_next_one_is_found() -> None:
    whole = [jpeg(0), jpeg(1)]
    for cut in (2000, len(whole[0]) - 1):
        assert split(whole[0][:cut] + whole[1], 0) == [None, whole[1]]
    assert split(whole[1] + whole[0][:3000], 0) == [whole[1], None]
    broken = bytearray(whole[0])
    broken[2:6] = b"\xff\xe0\0\1"  # a segment shorter than its own length
    assert split(bytes(broken) + whole[1], 0)[-1] == whole[1]


def test_what_never_ends_is_given_up_and_takes_no_memory() -> None:
    splitter = JpegSplitter(limit=10_000)
    found = splitter.feed(jpeg(0)[:3000])
    for _ in range(20):
        found += splitter.feed(bytes(3000))
        assert len(splitter._data) <= 13_000
    assert found == [None]
    assert splitter.feed(jpeg(1)) == [jpeg(1)]
    noise = JpegSplitter()
    assert noise.feed(bytes(1 << 20)) == [] and len(noise._data) < 4


def test_mjpeg_from_a_pipe_is_read_frame_by_frame() -> None:
    source, frames = piped("-", b"".join(map(jpeg, range(12))))
    assert [index_of(f.image) for f in frames] == [f.index for f in frames] == list(range(12))
    assert (source.live, source.count, source.fps, source.bad, source.size) == (False, None, 25.0, 0, SIZE)
    source, frames = piped("-@12.5", b"".join(map(jpeg, range(12))), Span(2, 9, 3))
    assert ([index_of(f.image) for f in frames], source.fps) == ([2, 5, 8], 12.5)


def test_a_cut_last_image_is_a_bad_frame() -> None:
    source, frames = piped("-", jpeg(0) + jpeg(1) + jpeg(2)[:2500])
    assert [f.image is None for f in frames] == [False, False, True]
    assert source.bad == 1


@pytest.mark.parametrize("pixels", ["bgr24", "rgb24", "gray"])
@pytest.mark.parametrize("start", ["-", "stdin"])
def test_raw_frames_are_those_that_were_written(pixels: str, start: str) -> None:
    drawn = [draw_frame(index) for index in range(6)]
    if pixels == "gray":
        drawn = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in drawn]
    sent = [image[:, :, ::-1] if pixels == "rgb24" else image for image in drawn]
    data = b"".join(image.tobytes() for image in sent) + bytes(100)
    source, frames = piped(f"{start}:160x120:{pixels}@30", data)
    assert len(frames) == 7 and frames[6].image is None and source.bad == 1, "the last one is cut"
    assert f"with 100 bytes of a frame of {drawn[0].size}; are size and kind in" in source.ended
    assert all(np.array_equal(f.image, image) for f, image in zip(frames, drawn, strict=False))
    assert (source.fps, source.size) == (30.0, SIZE)


def test_whole_raw_frames_end_without_a_word() -> None:
    data = b"".join(draw_frame(index).tobytes() for index in range(4)) + bytes(100)
    for sent, span in ((data[:-100], None), (data, Span(stop=4))):
        source, frames = piped("-:160x120:bgr24", sent, span)
        assert (len(frames), source.bad, source.ended) == (4, 0, "")


def test_the_command_says_that_the_size_may_be_wrong() -> None:
    data = b"".join(draw_frame(index).tobytes() for index in range(5))
    command = "import tracker; from tests.helpers import TemplateTracker; tracker.load = lambda **_: TemplateTracker();"
    command += "from tracker.cli.main import entry; entry('track')"
    words = [sys.executable, "-c", command, "stdin:160x121:bgr24", "--box", "20,40,24,24", "--no-window"]
    done = subprocess.run(words, cwd=ROOT, input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.decode().splitlines() if "the source ended" in line)
    assert line.endswith("with 55680 bytes of a frame of 58080; are size and kind in stdin:160x121:bgr24 right?")


@pytest.mark.parametrize(
    ("address", "data", "says"),
    [
        ("-", b"", "after 0 bytes"),
        ("-", b"no image at all" * 1000, "no JPEG image among them"),
        ("-", jpeg(0)[:900], "frame 0 cannot be read"),
        ("-:160x120:bgr24", bytes(999), "a frame of -:160x120:bgr24 has 57600"),
        ("-:160x120:yuv420p", b"", "no form of standard input"),
        ("-:160x:gray", b"", "no form of standard input"),
        ("-@0", b"", "no form of standard input"),
        ("-:0x120:gray", b"", "more than 0"),
        ("-:99999x99999:bgr24", b"", "at most"),
    ],
)
def test_what_is_no_video_is_one_clear_line(address: str, data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        piped(address, data)
    assert "\n" not in str(caught.value)


def test_a_terminal_and_a_closed_input_are_one_clear_line() -> None:
    ours, theirs = pytest.importorskip("pty", reason="Windows has none").openpty()
    source = StandardInput("-")
    source.fd = theirs
    with pytest.raises(InputError, match="is a terminal"):
        source.open()
    os.close(ours)
    os.close(theirs)
    with pytest.raises(InputError, match="is closed"):
        source.open()


def test_the_input_of_a_process_is_read_to_its_end() -> None:
    code = (
        "from tracker.live.sources import open_source\n"
        "with open_source('stdin:160x120:bgr24') as source: print([f.index for f in source], source.bad)"
    )
    data = b"".join(draw_frame(index).tobytes() for index in range(20))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, input=data, capture_output=True, timeout=120)
    assert done.stdout.decode().strip() == f"{list(range(20))} 0", done.stderr
