"""Any frame of a video or folder, in any order, is the one that reading from the start gives."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers import damage, draw_frame, index_of, write_video
from tracker.errors import InputError
from tracker.live.sources import open_source
from tracker.live.sources.positions import VideoPositions
from tracker.live.sources.seeking import Seeker

COUNT = 85


@pytest.fixture(scope="module", params=["a.mp4", "a.avi", "a.mkv"])
def long_video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("seek") / request.param, COUNT)


@pytest.fixture(scope="module")
def long_frames(long_video: Path) -> list[np.ndarray | None]:
    return sequential(long_video)


def sequential(path: Path) -> list[np.ndarray | None]:
    with open_source(str(path)) as source:
        return [frame.image for frame in source]


def order(kind: str, count: int) -> list[int]:
    indices = list(range(count))
    if kind == "forward":
        return indices
    if kind == "backward":
        return indices[::-1]
    rng = random.Random(7)
    return [rng.randrange(count) for _ in range(60)]


@pytest.mark.parametrize("kind", ["forward", "backward", "random"])
def test_every_frame_has_the_pixels_of_sequential_reading(
    long_video: Path, long_frames: list[np.ndarray | None], kind: str
) -> None:
    with Seeker(long_video) as seeker:
        assert (seeker.count, seeker.fps, seeker.size) == (COUNT, 25.0, (160, 120))
        for index in order(kind, COUNT):
            image = seeker.frame(index)
            assert image is not None and index_of(image) == index
            assert np.array_equal(image, long_frames[index]), index


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv"])
@pytest.mark.parametrize("kind", ["forward", "backward", "random"])
def test_a_damaged_video_has_the_same_frames_in_any_order(tmp_path: Path, name: str, kind: str) -> None:
    path = damage(write_video(tmp_path / name, COUNT))
    frames = sequential(path)
    with Seeker(path) as seeker:
        assert seeker.count == len(frames)
        for index in order(kind, len(frames)):
            image, truth = seeker.frame(index), frames[index]
            assert (image is None) == (truth is None), index
            assert truth is None or np.array_equal(image, truth), index


def test_a_video_cut_short_has_bad_frames_at_its_end(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", COUNT)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with Seeker(path) as seeker:
        images = [seeker.frame(index) for index in reversed(range(COUNT))][::-1]
    assert [image is None for image in images] == [image is None for image in sequential(path)]


def test_on_the_way_back_frames_are_decoded_in_blocks_and_memory_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", COUNT)
    bytes_of_one = 160 * 120 * 3
    asked: list[int] = []
    at = VideoPositions.at

    def counted(self: VideoPositions, index: int) -> np.ndarray | None:
        asked.append(index)
        return at(self, index)

    monkeypatch.setattr(VideoPositions, "at", counted)
    with Seeker(path, memory=10 * bytes_of_one + 1) as seeker:
        asked.clear()
        for index in reversed(range(COUNT)):
            assert index_of(seeker.frame(index)) == index
            assert seeker.held <= 10
        assert sorted(asked) == list(range(COUNT)), "each was decoded once, although only ten can be kept"
        asked.clear()
        assert [index_of(seeker.frame(index)) for index in (0, 1, 2, 1, 0)] == [0, 1, 2, 1, 0]
        assert asked == [], "they are still kept"


def test_frames_larger_than_the_memory_are_not_kept(video: Path) -> None:
    with Seeker(video, memory=1000) as seeker:
        assert [index_of(seeker.frame(index)) for index in (5, 4, 40, 5)] == [5, 4, 40, 5]
        assert seeker.held == 0


def test_a_jump_that_lands_elsewhere_is_noticed_and_read_from_the_start(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Seeker(video) as seeker:
        positions = seeker._positions
        assert isinstance(positions, VideoPositions)
        positions._listed = [40.0 * i + 7 for i in range(60)]  # of another file
        assert [index_of(seeker.frame(index)) for index in (50, 3, 45)] == [50, 3, 45]


def test_an_image_folder_in_any_order(tmp_path: Path) -> None:
    for index in range(12):
        cv2.imwrite(str(tmp_path / f"{index}.png"), draw_frame(index))
    (tmp_path / "4.png").write_bytes(b"no image")
    with Seeker(tmp_path) as seeker:
        assert (seeker.count, seeker.size) == (12, (160, 120))
        images = [seeker.frame(index) for index in (11, 10, 0, 4, 5)]
    assert [None if image is None else index_of(image) for image in images] == [11, 10, 0, None, 5]


def test_what_cannot_be_sought_is_one_clear_line(tmp_path: Path, video: Path) -> None:
    (tmp_path / "0.png").write_bytes(b"no image")
    for address, says in (("synthetic", "no frames to go back to"), (tmp_path, "none of the images")):
        with pytest.raises(InputError, match=says), Seeker(address):
            pass
    with Seeker(video) as seeker:
        for index in (-1, 60):
            with pytest.raises(IndexError, match="60 frames"):
                seeker.frame(index)


def test_frames_are_read_only_because_they_are_kept(video: Path) -> None:
    with Seeker(video) as seeker, pytest.raises(ValueError, match="read-only"):
        seeker.frame(0)[:] = 0


def vary(path: Path, first: int) -> Path:
    """An .mp4 of varying rate, as telephones write: a second row in `stts`, twice and half the duration of a frame."""
    data = path.read_bytes()
    at = data.index(b"stts") + 4
    version, rows, count, duration = struct.unpack(">4I", data[at : at + 16])
    assert (version, rows) == (0, 1), "one row, all frames alike"
    table = struct.pack(">6I", 0, 2, first, 2 * duration, count - first, duration // 2)
    grown = bytearray(data[:at] + table + data[at + 16 :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"):
        start = grown.index(name) - 4
        grown[start : start + 4] = struct.pack(">I", struct.unpack(">I", grown[start : start + 4])[0] + 8)
    path.write_bytes(grown)
    return path


@pytest.mark.parametrize("kind", ["backward", "random"])
def test_a_video_of_varying_rate_has_the_same_frames_in_any_order(tmp_path: Path, kind: str) -> None:
    path = vary(write_video(tmp_path / "a.mp4", COUNT), 28)
    with Seeker(path) as seeker:
        assert seeker.count == COUNT
        for index in order(kind, COUNT):
            assert index_of(seeker.frame(index)) == index
