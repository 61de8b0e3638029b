"""A virtual display with a real mouse and real keys, for the tests of windows."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0  # seconds; the machine may be busy


class Desktop:
    """Xvfb without a window manager, which chooses its own number: keys go to the window under the mouse.

    With `resets` it does what it does by default: it starts afresh whenever its last client leaves, and refuses clients
    meanwhile, which programs must get past.
    """

    def __init__(self, resets: bool = False) -> None:
        self._more = [] if resets else ["-noreset"]

    def __enter__(self) -> Desktop:
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp", *self._more],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._server.stdout is not None
        self.name = f":{self._server.stdout.readline().strip()}"
        return self

    def __exit__(self, *error: object) -> None:
        self._server.terminate()
        self._server.wait()

    def do(self, *words: object) -> str:
        """Call xdotool."""
        done = subprocess.run(
            ["xdotool", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "DISPLAY": self.name},
        )
        return done.stdout.strip()

    def window(self, title: str, process: subprocess.Popen[str]) -> str:
        """The window of this title, when it is there, with the mouse in its middle."""

        def find() -> str:
            assert process.poll() is None, process.communicate()
            return self.do("search", "--onlyvisible", "--name", title)

        window = wait_for(find).splitlines()[0]
        # Until it is as large as its picture, and so listens to the mouse.
        wait_for(lambda: int(self.do("getwindowgeometry", "--shell", window).split("WIDTH=")[1].split()[0]) >= 480)
        time.sleep(0.3)
        self.do("mousemove", "--window", window, 240, 200)
        return window

    def drag(self, window: str, *points: tuple[int, int]) -> None:
        """Press at the first point, go through the others, and let go at the last."""
        self.do("mousemove", "--window", window, *points[0], "sleep", 0.1, "mousedown", 1, "sleep", 0.1)
        for point in points[1:]:
            self.do("mousemove", "--window", window, *point, "sleep", 0.1)
        self.do("mouseup", 1, "sleep", 0.2)

    def close(self, window: str) -> None:
        """Ask a window to close, as the cross in its title bar does (older xdotool cannot)."""
        x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = ctypes.c_ulong
        server = ctypes.c_void_p(x11.XOpenDisplay(self.name.encode()))
        protocols, delete = (x11.XInternAtom(server, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
        # XClientMessageEvent: type, serial, send_event, display, window, message type, format, data
        event = (ctypes.c_long * 24)()
        event[0], event[4], event[5], event[6], event[7] = 33, int(window), protocols, 32, delete
        x11.XSendEvent(server, ctypes.c_ulong(int(window)), 0, ctypes.c_long(0), ctypes.byref(event))
        x11.XCloseDisplay(server)


def wait_for(condition: Callable[[], T]) -> T:
    """What a condition gives as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.03)
    return value
