"""`siamsa serve`: track in the browser."""

from __future__ import annotations

import argparse
import importlib.util
import re
import secrets
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.options import add_network, load_tracker
from tracker.errors import InputError
from tracker.live.stop import Stop

if TYPE_CHECKING:
    from tracker.tracking.multi_tracker import MultiTracker

HELP = "track in the browser: videos of a folder, uploads, streams, the browser's camera"
NEEDED = ("starlette", "uvicorn", "websockets")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `siamsa serve`."""
    add = parser.add_argument
    add("--videos", metavar="DIR", help="offer the videos of this folder")
    add("--host", default="127.0.0.1", help="address to listen on; another than this machine's own needs --token")
    add("--port", type=int, default=8000, help="port to listen on; 0: any free one (default: 8000)")
    add("--token", metavar="T", help="word that clients must know; auto: one is made and printed")
    add("--allow-host", nargs="+", default=[], metavar="NAME", help="further names under which the server is reached")
    add("--no-uploads", action="store_true", help="take no videos from clients")
    add("--streams", action="store_true", help="open RTSP, RTMP and HTTP addresses that clients give")
    add("--max-sessions", type=int, default=8, metavar="N", help="users at once (default: 8)")
    add("--max-upload-mb", type=int, default=500, metavar="MB", help="size of an upload or recording (default: 500)")
    add("--max-seconds", type=float, default=1200, metavar="S", help="length of a video or recording (default: 1200)")
    add("--max-size", default="3840x2160", metavar="WxH", help="largest frames, pixels (default: 3840x2160)")
    add("--idle", type=float, default=3600, metavar="S", help="end a session after this long without a word (3600)")
    add("--open", action="store_true", help="open the page in this machine's browser")
    add_network(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit code is 130 or 143."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"serve: needs {', '.join(missing)}, which come with: pip install 'siamsa[web]'")
    from tracker.live.web.server import listen, serve
    from tracker.live.web.settings import ServeSettings

    width, height = _size(args.max_size)
    for option in ("max_sessions", "max_upload_mb", "max_seconds", "idle"):
        if not 0 < getattr(args, option) < float("inf"):
            raise InputError(f"--{option.replace('_', '-')}: must be greater than 0, got {getattr(args, option)}")
    settings = ServeSettings(
        host=args.host,
        port=args.port,
        token=_token(args.token),
        names=tuple(args.allow_host),
        videos=_folder(args.videos),
        uploads=not args.no_uploads,
        streams=args.streams,
        sessions=args.max_sessions,
        upload_mb=args.max_upload_mb,
        seconds=args.max_seconds,
        idle=args.idle,
        width=width,
        height=height,
    )
    if not settings.is_local and not settings.token:
        raise InputError(f"--host {args.host}: others could connect; add --token WORD, or --token auto for a new one")
    if not 0 <= args.port <= 65535:
        raise InputError(f"--port: expected 0 to 65535, got {args.port}")
    with listen(settings.host, settings.port) as listener, Stop().on_signals() as stop:
        follower = _network(args)
        port, token = listener.getsockname()[1], settings.token
        everywhere = settings.host in ("0.0.0.0", "::")
        address = _address("localhost" if everywhere else settings.host, port, token)
        elsewhere = f", from other machines {_address(socket.gethostname(), port, token)}" if everywhere else ""
        print(f"siamsa: open {address} in a browser{elsewhere}; Ctrl-C ends", flush=True)
        if args.open:
            webbrowser.open(address)
        serve(settings, follower, listener, stop)
    print(f"ended by {stop.reason}" if stop else "ended")
    return stop.exit_code


def _network(args: argparse.Namespace) -> Callable[[], MultiTracker]:
    """What makes followers, all on one network."""
    from tracker.tracking.multi_tracker import MultiTracker

    loaded = load_tracker(args)
    return lambda: MultiTracker(loaded)


def _token(text: str | None) -> str:
    if text is None:
        return ""
    if text == "auto":
        return secrets.token_urlsafe(18)
    if not re.fullmatch(r"[A-Za-z0-9._~-]{8,200}", text):
        raise InputError("--token: expected 8 to 200 letters, digits, or . _ ~ -; or auto for a new one")
    return text


def _folder(name: str | None) -> Path | None:
    if name is not None and not Path(name).is_dir():
        raise InputError(f"--videos {name}: there is no such folder")
    return None if name is None else Path(name)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    if not found or min(int(found[1]), int(found[2])) < 16:
        raise InputError(f"--max-size: expected WxH in pixels, such as 1920x1080, got {text!r}")
    return int(found[1]), int(found[2])


def _address(host: str, port: int, token: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


if __name__ == "__main__":
    from tracker.cli.main import entry

    entry("serve")
