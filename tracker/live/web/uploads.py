"""A video that a client sends: straight to a file of its session, within the limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from starlette.requests import ClientDisconnect

from tracker.live.web.session import Session
from tracker.live.web.settings import ServeSettings
from tracker.live.web.wire import Refused

BLOCK = 1 << 20  # bytes that are written at once
UNREAD = 8 << 20  # bytes of a refused body that are read all the same ...
MOMENT = 2.0  # ... in so many seconds
# Kinds of files by their first bytes: the containers of video, and no play list or script, which would have FFmpeg
# open other files and addresses.
MAGIC = {
    0: (b"\x1a\x45\xdf\xa3", b"OggS", b"FLV\x01", b"\x30\x26\xb2\x75", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"),
    4: (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"),
    8: (b"AVI ",),
}


async def receive(chunks: AsyncIterator[bytes], declared: int | None, session: Session, limits: ServeSettings) -> Path:
    """Write a body to the session's folder. Raises Refused: too large, too slow, empty, no video."""
    most = limits.upload_mb << 20
    if declared is not None and declared > most:
        raise Refused(413, f"a video may have {limits.upload_mb} MB, this one has {declared / (1 << 20):.0f}")
    path, total = session.folder / "upload", 0
    session.check_folder()
    try:
        with path.open("wb") as file:
            async for block in _blocks(chunks, limits.body_wait):
                if total == 0:
                    check_kind(block)
                session.hear()
                total += len(block)
                if total > most:
                    raise Refused(413, f"a video may have {limits.upload_mb} MB, this one has more")
                await session.call(lambda block=block: file.write(block))  # type: ignore[misc]
        if total == 0:
            raise Refused(400, "the body is empty; send the video as it is")
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, Refused):
            await discard(chunks)
        raise
    return path


async def discard(chunks: AsyncIterator[bytes]) -> None:
    """Read on for a moment what is refused: to close on what was not read resets the connection, and the client would
    not get the answer."""

    async def read() -> None:
        total = 0
        async for chunk in chunks:
            total += len(chunk)
            if total > UNREAD:
                return

    with suppress(asyncio.TimeoutError, ClientDisconnect):
        await asyncio.wait_for(read(), MOMENT)


async def _blocks(chunks: AsyncIterator[bytes], wait: float) -> AsyncIterator[bytes]:
    """The pieces of a body gathered into larger ones."""
    gathered = bytearray()
    while True:
        try:
            chunk = await asyncio.wait_for(chunks.__anext__(), wait)
        except StopAsyncIteration:
            break
        except asyncio.TimeoutError:
            raise Refused(408, f"nothing came for {wait:g} s") from None
        gathered += chunk
        if len(gathered) >= BLOCK:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def check_kind(head: bytes) -> None:
    """Raise Refused for what does not begin like a video."""
    is_transport_stream = head[:1] == b"\x47" and head[188:189] in (b"\x47", b"")
    if not is_transport_stream and not any(head.startswith(kind, at) for at, kinds in MAGIC.items() for kind in kinds):
        raise Refused(415, "this is no video of a known kind (MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV, Ogg)")
