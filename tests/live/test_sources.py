from __future__ import annotations

import functools
import http.server
import struct
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers import FRAMES, SIZE, damage, draw_frame, index_of, write_video
from tracker.errors import InputError
from tracker.live.sources import Frame, Source, Span, open_source
from tracker.live.sources.capture import Camera, Stream, VideoFile, is_text
from tracker.live.sources.images import Images


def read(address: str | Path, span: Span | None = None) -> tuple[Source, list[Frame]]:
    with open_source(str(address), span) as source:
        return source, list(source)


def error_of(address: str | Path, span: Span | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read(address, span)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_video_yields_every_frame_with_its_index(video: Path) -> None:
    source, frames = read(video)
    assert [f.index for f in frames] == list(range(FRAMES))
    assert [index_of(f.image) for f in frames] == list(range(FRAMES))
    assert (source.size, source.fps, source.count, source.total, source.bad) == (SIZE, 25.0, FRAMES, FRAMES, 0)


@pytest.mark.parametrize(
    ("span", "indices"),
    [
        (Span(10, 15), range(10, 15)),
        (Span(0, None, 7), range(0, 60, 7)),
        (Span(5, 50, 10), range(5, 50, 10)),
        (Span(55, 99), range(55, 60)),
    ],
)
def test_span_of_a_video_counts_from_the_start_of_the_source(video: Path, span: Span, indices: range) -> None:
    source, frames = read(video, span)
    assert [f.index for f in frames] == list(indices)
    assert [index_of(f.image) for f in frames] == list(indices)
    assert source.total == len(indices)


@pytest.mark.parametrize("bad", [{"start": -1}, {"stride": 0}, {"start": 5, "stop": 5}])
def test_impossible_spans_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(InputError, match="^--st"):
        Span(**bad)


def test_start_beyond_the_end_names_the_length(video: Path) -> None:
    assert "60 frames" in error_of(video, Span(60))


def test_damage_in_an_mp4_is_passed_and_keeps_the_index_of_later_frames(tmp_path: Path) -> None:
    source, frames = read(damage(write_video(tmp_path / "a.mp4")))
    bad = [f.index for f in frames if f.image is None]
    assert [f.index for f in frames] == list(range(FRAMES))
    assert 0 < source.bad == len(bad) < FRAMES / 2
    after = [f for f in frames if f.index > max(bad) and f.image is not None]
    assert after and [index_of(f.image) for f in after][-5:] == [f.index for f in after][-5:]


def test_damage_in_an_avi_is_passed_and_counted(tmp_path: Path) -> None:
    source, frames = read(damage(write_video(tmp_path / "a.avi")))
    assert len(frames) == FRAMES
    assert 0 < source.bad < 10


def test_a_video_cut_short_yields_the_rest_as_bad_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source, frames = read(path)
    assert len(frames) == FRAMES
    assert 20 < source.bad < 40
    assert [f.image is None for f in frames] == [False] * (FRAMES - source.bad) + [True] * source.bad


def test_rotation_tag_of_a_video_is_honoured(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", count=5)
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    assert struct.unpack(">9i", data[matrix : matrix + 36])[0] == 65536, "the unit matrix is here"
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    source, frames = read(path)
    assert source.size == (SIZE[1], SIZE[0])
    turned = cv2.rotate(draw_frame(0), cv2.ROTATE_90_CLOCKWISE)
    assert np.abs(frames[0].image.astype(int) - turned).mean() < 6


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.mp4", b"", "empty"),
        ("a.mp4", b"this is not a video\n" * 50, "text"),
        ("notes.txt", b"this is not a video\n" * 50, "text"),
        ("a.mp4", bytes(range(256)) * 20, "cannot be read as video"),
        ("a.png", b"", "frame 0 cannot be read"),
    ],
)
def test_a_file_that_is_no_video_is_one_clear_line(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message = error_of(path)
    assert str(path) in message and says in message


def test_an_mp4_cut_in_half_is_one_clear_line(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "cut short" in error_of(path)


def test_missing_and_empty_places_are_one_clear_line(tmp_path: Path) -> None:
    assert "no such file" in error_of(tmp_path / "missing.mp4")
    assert "no images" in error_of(tmp_path)
    assert "no image matches" in error_of(tmp_path / "*.jpg")
    (tmp_path / "img").mkdir()
    cv2.imwrite(str(tmp_path / "img" / "1.png"), draw_frame(0))
    assert str(tmp_path / "img") in error_of(tmp_path)


def test_a_camera_that_is_absent_is_one_clear_line() -> None:
    assert "camera 97" in error_of("97")


def test_a_stream_that_is_absent_is_one_clear_line() -> None:
    assert "no video stream" in error_of("http://127.0.0.1:9/none.mp4")


def test_a_video_over_http_is_read_to_its_end(video: Path) -> None:
    handler = functools.partial(QuietHandler, directory=str(video.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source, frames = read(f"http://127.0.0.1:{server.server_port}/{video.name}", Span(0, None, 2))
        server.shutdown()
    assert [index_of(f.image) for f in frames] == [f.index for f in frames] == list(range(0, FRAMES, 2))
    assert (source.live, source.total, source.bad) == (True, None, 0)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, form: str, *values: object) -> None:
        pass


def test_addresses_find_their_kind(tmp_path: Path, video: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), draw_frame(0))
    kinds = {
        "0": Camera,
        "rtsp://host/x": Stream,
        "https://host/x.mp4?a=*": Stream,
        str(tmp_path): Images,
        str(tmp_path / "*.png"): Images,
        str(tmp_path / "a.png"): Images,
        str(video): VideoFile,
        "missing.mp4": VideoFile,
    }
    assert {address: type(open_source(address)) for address in kinds} == kinds


def test_messages_about_a_stream_keep_its_password() -> None:
    source = open_source("rtsp://me:secret@host:554/a?b=c@d")
    assert source.address == "rtsp://host:554/a?b=c@d"
    source = open_source("http://host/v?user=me&Password=secret&size=3#x")
    assert source.address == "http://host/v?user=...&Password=...&size=3#x"
    with (
        pytest.raises(InputError, match="^rtsp://127.0.0.1:9/x: no video") as told,
        open_source("rtsp://me:secret@127.0.0.1:9/x"),
    ):
        pass
    assert "secret" not in str(told.value)


def test_images_come_in_numeric_order_and_hidden_or_other_files_are_left_out(tmp_path: Path) -> None:
    for index in (0, 1, 2, 9, 10, 11):
        cv2.imwrite(str(tmp_path / f"{index}.png"), draw_frame(index))
    (tmp_path / "groundtruth.txt").write_text("1,2,3,4\n")
    (tmp_path / ".0.png").write_bytes(b"")
    for address in (tmp_path, tmp_path / "*.png", tmp_path / "*"):
        source, frames = read(address)
        assert [index_of(f.image) for f in frames] == [0, 1, 2, 9, 10, 11]
        assert (source.count, source.size, source.fps) == (6, SIZE, 25.0)
    assert [index_of(f.image) for f in read(tmp_path, Span(1, 5, 2))[1]] == [1, 9]


def test_a_folder_with_brackets_may_hold_a_pattern(tmp_path: Path) -> None:
    """As a pattern `[a]` is the letter a; where no such folder is, the one of this name is meant."""
    folder = tmp_path / "my imgs [a]" / "in"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "f 0.png"), draw_frame(0))
    for pattern in ("my imgs [a]/in/f *.png", "my imgs [[]a]/*/f *.png"):
        assert len(read(tmp_path / pattern)[1]) == 1
    assert error_of(folder / "[g]*.png").endswith("; a [ of a name is written [[]")
    (tmp_path / "my imgs a" / "in").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "my imgs a" / "in" / "f 1.png"), draw_frame(1))
    (frame,) = read(tmp_path / "my imgs [a]/in/f *.png")[1]
    assert index_of(frame.image) == 1, "a pattern that matches is one"


def test_a_corrupt_image_is_a_bad_frame_in_its_place(tmp_path: Path) -> None:
    for index in range(5):
        cv2.imwrite(str(tmp_path / f"{index}.jpg"), draw_frame(index))
    (tmp_path / "2.jpg").write_bytes(b"not a jpeg")
    whole = (tmp_path / "3.jpg").read_bytes()
    (tmp_path / "3.jpg").write_bytes(whole[: len(whole) // 2])
    source, frames = read(tmp_path)
    assert [f.image is None for f in frames] == [False, False, True, True, False]
    assert source.bad == 2
    assert "frame 2 cannot be read" in error_of(tmp_path, Span(2))


@pytest.mark.parametrize(
    ("image", "shape", "kind"),
    [
        (np.full((8, 9), 40000, np.uint16), (8, 9), np.uint16),
        (np.full((8, 9, 3), 40000, np.uint16), (8, 9, 3), np.uint16),
        (np.full((8, 9), 200, np.uint8), (8, 9), np.uint8),
        (np.full((8, 9, 4), 200, np.uint8), (8, 9, 3), np.uint8),
    ],
)
def test_depth_and_gray_reach_the_tracker(tmp_path: Path, image: np.ndarray, shape: tuple, kind: type) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), image)
    got = read(tmp_path / "a.png")[1][0].image
    assert (got.shape, got.dtype) == (shape, kind)
    assert (got == image.reshape(-1)[0]).all()


def test_float_images_become_16_bit(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.tiff"), np.array([[0.0, 0.5, 1.0]], np.float32))
    assert read(tmp_path)[1][0].image.tolist() == [[0, 32767, 65535]]


def test_exif_rotation_of_an_image_is_honoured(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", draw_frame(7))[1].tobytes()
    # An APP1 segment: TIFF header, one entry, orientation (0x0112) = 6, which is a quarter turn clockwise.
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + bytes(4)
    body = b"Exif\0\0" + tiff
    (tmp_path / "a.jpg").write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:])
    image = read(tmp_path)[1][0].image
    assert image.shape == (SIZE[0], SIZE[1], 3)
    assert np.abs(image.astype(int) - cv2.rotate(draw_frame(7), cv2.ROTATE_90_CLOCKWISE)).mean() < 6


def test_text_is_told_from_binary() -> None:
    assert is_text("größe\n".encode()) and is_text("größe".encode()[:4])
    assert not is_text(b"\x00\x00\x00\x20ftypisom") and not is_text(b"RIFF\x99\xff\x01\x00AVI ")
