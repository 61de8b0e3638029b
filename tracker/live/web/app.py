"""The application: page, requests and websockets, behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from tracker.live.followers import Follower
from tracker.live.web.answers import Answers
from tracker.live.web.guard import Guard
from tracker.live.web.sessions import Sessions
from tracker.live.web.settings import ServeSettings
from tracker.live.web.talk import talk
from tracker.live.web.wire import Refused


class Page(StaticFiles):
    """The files of the page; browsers ask each time whether they changed."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "no-cache"
        return response


def create_app(settings: ServeSettings, make_follower: Callable[[], Follower]) -> Guard:
    """The ASGI application. `make_follower` gives a new follower, such as a MultiTracker on a network that all share.

    Sessions live as long as its lifespan.
    """
    sessions = Sessions(settings, make_follower)

    async def index(request: Request) -> Response:
        return FileResponse(settings.page / "index.html", headers={"cache-control": "no-cache"})

    async def live(websocket: WebSocket) -> None:
        await talk(websocket, sessions, settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.ensure_future(sessions.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await sessions.close()

    routes = [
        Route("/", index, methods=["GET"]),
        *Answers(settings, sessions).routes(),
        WebSocketRoute("/api/sessions/{id:str}/live", live),
        Mount("/static", Page(directory=settings.page, check_dir=False)),
    ]
    handlers: dict[Any, Any] = dict.fromkeys((HTTPException, Refused, Exception), _answer)
    return Guard(Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers), settings)


async def _answer(connection: HTTPConnection, error: Exception) -> Response:
    """Errors as a line of JSON; the guard does the same for websockets, and for what does not get here."""
    if connection.scope["type"] != "http":
        raise error
    if isinstance(error, HTTPException):  # Starlette's own, such as a wrong address or method
        where = f"{connection.scope.get('method', '')} {connection.scope['path'][:80]}"
        error = Refused(error.status_code, f"{error.detail}: {where}")
    refused = error if isinstance(error, Refused) else Refused(500, "the server failed on this request")
    # What is left of the body is not waited for.
    return JSONResponse({"error": refused.line}, refused.status, {"connection": "close", "cache-control": "no-store"})
