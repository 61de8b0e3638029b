"""What the operator of a server decides, and the limits that nobody can exceed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ServeSettings:
    """Settings of `siamsa serve`. Times are in seconds, sizes in bytes unless said otherwise."""

    host: str = "127.0.0.1"  # address that is listened on
    port: int = 8000  # 0: any free one
    token: str = ""  # demanded of every request for data where it is not empty
    names: tuple[str, ...] = ()  # further host names under which the server is reached
    videos: Path | None = None  # folder whose videos are offered
    uploads: bool = True
    streams: bool = False  # whether addresses of streams are opened for clients
    sessions: int = 8
    upload_mb: int = 500
    seconds: float = 1200.0  # length of a video, and of what is recorded of a stream or camera
    width: int = 3840
    height: int = 2160
    idle: float = 3600.0  # until a session from which nothing is heard is closed
    away: float = 20.0  # without websocket and requests, until a session makes room for a new one where all are taken
    targets: int = 16  # in a session
    json_bytes: int = 65536
    picture_bytes: int = 4 << 20  # of one frame that a browser sends
    header_bytes: int = 16384
    header_wait: float = 10.0  # for the head of a request
    body_wait: float = 20.0  # for the next piece of a body, and for a client to take the next piece of an answer
    folder: Path | None = None  # in which sessions keep their files; None: that of the system for such
    page: Path = Path(__file__).parent / "page"

    @property
    def connections(self) -> int:
        """How many are open at once; a page uses up to 7."""
        return 64 + 8 * self.sessions

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in LOCAL
