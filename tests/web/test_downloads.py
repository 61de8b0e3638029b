"""A file that a session made, on its way to the browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tracker.live.web.downloads import Download
from tracker.live.web.wire import Refused


def send(path: Path) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # the browser stays
        return {}

    async def take(message: Any) -> None:
        sent.append(message)

    asyncio.run(Download(path)({"type": "http", "method": "GET", "headers": []}, receive, take))
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
