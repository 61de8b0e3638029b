"""The screen, or a region of it. Needs the package mss."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np

from tracker.errors import InputError
from tracker.live.sources.base import SOURCES, Image
from tracker.live.sources.live import LiveSource
from tracker.live.sources.reception import Connection

ADDRESS = re.compile(r"screen(?::(\d+),(\d+),(\d+),(\d+))?")


class Grabbing(Connection):
    """Pictures of the screen, at most `fps` a second. `region` is x, y, width, height; None: all screens together."""

    def __init__(self, region: tuple[int, int, int, int] | None) -> None:
        self.region = region
        self._grabber: Any = None
        self._due = 0.0

    def open(self) -> None:
        try:
            import mss
            from mss.exception import ScreenShotError
        except ImportError:
            raise InputError("screen: needs the package mss; pip install 'siamsa[screen]'") from None
        try:
            self._grabber = mss.MSS() if hasattr(mss, "MSS") else mss.mss()  # the second name is the older one
            whole = self._grabber.monitors[0]
        except ScreenShotError as error:
            reason = str(error).partition("\n")[0]
            raise InputError(f"screen: there is none that can be read ({reason})") from None
        x, y, w, h = self.region or (0, 0, whole["width"], whole["height"])
        if not w or not h or x + w > whole["width"] or y + h > whole["height"]:
            raise InputError(
                f"screen:{x},{y},{w},{h}: is not within the screen, which has {whole['width']}x{whole['height']} pixels"
            )
        self._area = {"left": whole["left"] + x, "top": whole["top"] + y, "width": w, "height": h}

    def read(self) -> Image:
        now = time.monotonic()
        time.sleep(max(0.0, self._due - now))
        self._due = max(self._due, now) + 1 / self.fps
        shot = self._grabber.grab(self._area)
        picture = np.frombuffer(shot.bgra, np.uint8).reshape(shot.height, shot.width, 4)
        return np.ascontiguousarray(picture[:, :, :3])

    def close(self) -> None:
        if self._grabber is not None:
            self._grabber.close()


@SOURCES.register("screen")
class Screen(LiveSource):
    """`screen`, or `screen:x,y,w,h`. A file called `screen` is written `./screen`."""

    @classmethod
    def claims(cls, address: str) -> bool:
        return re.match(r"screen(:|$)", address) is not None

    def connect(self) -> Connection:
        found = ADDRESS.fullmatch(self.address)
        if found is None:
            raise InputError(f"{self.address}: write screen, or a region of it as screen:x,y,w,h in whole pixels")
        numbers = [int(text) for text in found.groups(default="0")]
        return Grabbing((numbers[0], numbers[1], numbers[2], numbers[3]) if found[1] else None)
