"""Image files are decoded whole or not at all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tracker.errors import InputError
from tracker.images import decode, fault, read_image

PICTURE = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)


def encoded(ending: str) -> bytes:
    return bytes(cv2.imencode(ending, PICTURE)[1])


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp"])
def test_whole_images(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(encoded(ending))
    assert read_image(path).shape == (48, 64, 3)
    assert fault(path) == ""


@pytest.mark.parametrize("ending", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_short(ending: str, share: float, tmp_path: Path) -> None:
    path, data = tmp_path / f"a{ending}", encoded(ending)
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=f"{path}: the image is cut short"):
        read_image(path)
    assert fault(path) == f"{path}: the image is cut short"


@pytest.mark.parametrize("content", [b"", b"not an image", b"\xff\xd8\xff\xd9"])
def test_no_image(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert decode(content) is None
    with pytest.raises(InputError, match=str(path)):
        read_image(path)


def test_missing(tmp_path: Path) -> None:
    assert fault(tmp_path / "a.jpg") == f"{tmp_path / 'a.jpg'}: no such file"
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "a.jpg")


def test_bytes_behind_the_end_do_not_matter() -> None:
    assert decode(encoded(".jpg") + b"\0" * 500) is not None
