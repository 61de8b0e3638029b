"""Frames of a video as JPEG files, decoded once and in order, so that training can read any of them at once.

Reading frame n of a video means decoding everything since the last key frame, up to some 250 frames. Decoding once
costs a pass over the video and 0.1 to 0.5 MB of disk a frame; afterwards a frame costs one JPEG, as in other data sets.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from pathlib import Path

import cv2

from tracker.data.cache import places, replacing, writable
from tracker.errors import InputError

QUALITY = 95
PATIENCE = 50  # frames in a row that may be damaged before the video is held to be at its end


def frame_folder(video: Path) -> list[Path]:
    """Where the frames of this video, as it is now, may be. A changed video has another folder."""
    stat = video.stat()
    name = f"{video.stem}-{zlib.crc32(f'{stat.st_size} {stat.st_mtime_ns}'.encode()):08x}"
    return [place / "frames" / name for place in places(video.parent)]


def frame_name(number: int) -> str:
    """File name of a frame by its number from 0."""
    return f"{number:06d}.jpg"


def unpack(video: Path, wanted: Collection[int]) -> tuple[Path, set[int]]:
    """The folder of the frames, and the wanted ones that cannot be decoded. Frames that are there are left alone.

    Raises InputError where the file is no video or the frames cannot be written.
    """
    for folder in frame_folder(video):
        if folder.is_dir() and all((folder / frame_name(n)).is_file() for n in wanted):
            return folder, set()
    folder = writable(video.parent) / "frames" / frame_folder(video)[0].name
    folder.mkdir(parents=True, exist_ok=True)
    missing = {n for n in wanted if not (folder / frame_name(n)).is_file()}
    capture = cv2.VideoCapture(str(video.resolve()))
    try:
        if not capture.isOpened():
            raise InputError(f"{video}: cannot be read as video")
        failed = 0
        for number in range(max(missing, default=-1) + 1):
            good = capture.grab()
            failed = 0 if good else failed + 1
            if failed > PATIENCE:
                break
            if good and number in missing and _store(capture, folder / frame_name(number)):
                missing.discard(number)
    finally:
        capture.release()
    return folder, missing


def _store(capture: cv2.VideoCapture, path: Path) -> bool:
    good, image = capture.retrieve()
    if not good or image is None:
        return False
    try:
        with replacing(path) as new:
            done = cv2.imwrite(str(new), image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
    return bool(done)
