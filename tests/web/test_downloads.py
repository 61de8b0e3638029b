"""A file that a session made, on its way to the browser."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tracker.live.web.downloads import Download, disposition
from tracker.live.web.wire import Refused


def send(path: Path) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # the browser stays
        return {}

    async def take(message: Any) -> None:
        sent.append(message)

    answer = Download(path)({"type": "http", "method": "GET", "headers": []}, receive, take)
    with ThreadPoolExecutor(1) as other:  # in this thread a browser's loop may run
        other.submit(asyncio.run, answer).result()
    return sent


def test_a_file_that_went_with_its_session_is_no_failure_of_the_server(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("frame")
    start, *bodies = send(path)
    assert start["status"] == 200 and b"".join(message["body"] for message in bodies) == b"frame"
    path.unlink()
    with pytest.raises(Refused, match="session was removed") as caught:
        send(path)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("name", "plain", "true"),
    [
        ("garden.mp4", "garden.csv", None),
        ("日本.mp4", "tracked.csv", "日本.csv"),
        ("Café 1.mov", "Caf_1.csv", "Café 1.csv"),
        ("../../my clip.mp4", "my_clip.csv", "my clip.csv"),
        ('a"; filename=evil\r\nX: y.mp4', "a__filename_evil_X__y.csv", "a_ filename=evil_X_ y.csv"),
        ("\u202egpj\udc80.mp4", "gpj.csv", None),
        ("...", "tracked.csv", None),
        ("é" * 300 + ".mp4", "tracked.csv", "é" * 60 + ".csv"),
    ],
)
def test_a_download_has_the_name_of_its_source(name: str, plain: str, true: str | None) -> None:
    header = disposition("csv", name)
    assert header.isascii() and header.isprintable()
    given, _, encoded = header.partition("; filename*=UTF-8''")
    assert given == f'attachment; filename="{plain}"'
    assert unquote(encoded) == (true or "")
