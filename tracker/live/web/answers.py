"""The requests of HTTP, one function each. What they refuse is an exception; the guard makes an answer of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tracker import __version__
from tracker.errors import InputError
from tracker.live.web import downloads, uploads
from tracker.live.web.feeds import MAX_FPS, CameraFeed, Feed, FileFeed, StreamFeed
from tracker.live.web.jpeg import to_browser
from tracker.live.web.library import Library
from tracker.live.web.session import Session
from tracker.live.web.sessions import Sessions
from tracker.live.web.settings import ServeSettings
from tracker.live.web.wire import Refused, Words, parse, readable

NO_STORE = {"cache-control": "no-store"}
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class Answers:
    """Routes over the sessions of a server."""

    def __init__(self, settings: ServeSettings, sessions: Sessions) -> None:
        self._settings, self._sessions = settings, sessions
        self._library = Library(settings.videos)

    def routes(self) -> list[Route]:
        """All of them, below /api."""
        one = "/sessions/{id:str}"
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/info", self.info),
            ("POST", "/sessions", self.create),
            ("DELETE", one, self.remove),
            ("POST", one + "/source", self.source),
            ("PUT", one + "/upload", self.upload),
            ("GET", one + "/frame/{number:str}", self.frame),
            ("GET", one + "/download/{form:str}", self.download),
            ("GET", one + "/timeline", self.timeline),
        ]
        return [Route("/api" + path, endpoint, methods=[method]) for method, path, endpoint in table]

    async def info(self, request: Request) -> Response:
        """What the server offers and allows."""
        chosen = self._settings
        limits = {"upload_mb": chosen.upload_mb, "seconds": chosen.seconds, "targets": chosen.targets}
        size = {"width": chosen.width, "height": chosen.height, "idle_s": chosen.idle}
        listing = await asyncio.to_thread(self._library.look)
        about = {"version": __version__, "streams": chosen.streams, "uploads": chosen.uploads}
        return JSONResponse({**about, **listing.public, "limits": {**limits, **size}}, headers=NO_STORE)

    async def create(self, request: Request) -> Response:
        """A new session."""
        return JSONResponse({"session": (await self._sessions.create()).id}, headers=NO_STORE)

    async def remove(self, request: Request) -> Response:
        """The end of a session."""
        await asyncio.shield(self._sessions.remove(self._session(request)))
        return JSONResponse({})

    async def source(self, request: Request) -> Response:
        """Choose a file of the operator, a stream, or the browser's camera."""
        session = self._session(request)
        words = parse(await self._body(request), self._settings.json_bytes)
        opening = self._opening(session, words)
        session.claim()
        try:
            return _opened(await session.open(opening))
        except InputError as error:
            raise Refused(415, str(error)) from None
        finally:
            session.release()

    def _opening(self, session: Session, words: Words) -> Callable[[], Feed]:
        chosen, kind = self._settings, words.text("kind", 20)
        if kind == "file":
            name = words.text("name", 255)
            return lambda: FileFeed(self._library.path(name), name, chosen)
        if kind == "stream":
            url = words.text("url", 2000)
            if not chosen.streams:
                raise Refused(403, "this server opens no streams (see siamsa serve --streams)")
            return lambda: StreamFeed(url, session.folder, chosen)
        if kind == "camera":
            size = words.integer("width", 16, chosen.width), words.integer("height", 16, chosen.height)
            fps = words.number("fps", 1, MAX_FPS)
            return lambda: CameraFeed(size, fps, session.folder, chosen)
        raise Refused(400, "kind: expected file, stream or camera")

    async def upload(self, request: Request) -> Response:
        """A video in the body becomes the source."""
        session, chosen = self._session(request), self._settings
        if not chosen.uploads:
            raise Refused(403, "this server takes no uploads")
        name = readable(request.query_params.get("name", ""), 100) or "upload"
        declared = request.headers.get("content-length")
        length = int(declared) if declared and declared.isascii() and declared.isdigit() else None
        session.claim()
        try:
            path = await uploads.receive(request.stream(), length, session, chosen)
            try:
                return _opened(await session.open(lambda: FileFeed(path, name, chosen)))
            except Refused:
                path.unlink(missing_ok=True)
                raise
        finally:
            session.release()

    async def frame(self, request: Request) -> Response:
        """One frame as a picture."""
        session = self._session(request)
        number, dot, kind = request.path_params["number"].partition(".")
        if not (number.isascii() and number.isdigit() and len(number) < 10 and dot and kind == "jpg"):
            raise Refused(404, "expected frame/N.jpg")
        widest = _query(request, "w", 16, self._settings.width, self._settings.width)
        picture = await session.look(int(number), lambda image: to_browser(image, widest))
        return Response(picture, media_type="image/jpeg", headers=NO_STORE)

    async def timeline(self, request: Request) -> Response:
        """Scores and states of all targets."""
        session = self._session(request)
        board = session.running().player.board
        first, last = (_query(request, key, 0, 10**9, -1) for key in ("from", "to"))
        content = await session.call(lambda: board.timeline(max(first, 0), None if last < 0 else last))
        return JSONResponse(content, headers=NO_STORE)

    async def download(self, request: Request) -> Response:
        """A file of boxes, or the video with them."""
        session, form = self._session(request), request.path_params["form"]
        player = session.running().player
        if session.downloading:
            raise Refused(429, "a download of this session is being made already")
        session.check_folder()
        session.downloading = True
        try:
            stop = threading.Event()
            making = asyncio.ensure_future(
                session.call(lambda: downloads.make(form, player.feed, player.board, session.folder, stop))
            )
            path = await _while_connected(making, request, stop, session)
        finally:
            session.downloading = False
        headers = {**NO_STORE, "content-disposition": downloads.disposition(form, player.feed.name)}
        return downloads.Download(path, media_type=downloads.FORMS[form][1], headers=headers)

    def _session(self, request: Request) -> Session:
        return self._sessions.get(request.path_params["id"])

    async def _body(self, request: Request) -> bytes:
        """A small body. Raises Refused where it is too large or too slow."""
        body, most = bytearray(), self._settings.json_bytes

        async def read() -> None:
            chunks = request.stream()
            async for chunk in chunks:
                body.extend(chunk)
                if len(body) > most:
                    await uploads.discard(chunks)
                    raise Refused(413, f"the request has more than {most} bytes")

        try:
            await asyncio.wait_for(read(), self._settings.body_wait)
        except asyncio.TimeoutError:
            raise Refused(408, "the body took too long") from None
        return bytes(body)


def _opened(feed: Feed) -> Response:
    return JSONResponse(feed.public)


def _query(request: Request, key: str, low: int, high: int, default: int) -> int:
    """A whole number of the query. Raises Refused."""
    text = request.query_params.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise Refused(400, f"{key}: expected a whole number from {low} to {high}")
    return int(text)


async def _while_connected(
    making: asyncio.Future[Any], request: Request, stop: threading.Event, session: Session
) -> Any:
    """The result of what is being made; told to stop where nobody waits for it any more."""
    while not making.done():
        await asyncio.wait([making], timeout=0.25)
        session.hear()
        if session.closed.is_set() or await request.is_disconnected():
            stop.set()
    return making.result()
