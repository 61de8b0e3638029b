"""What the browser tests share: a served sample with known boxes, and a person's hands on the page."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.helpers import ROOT
from tracker.box import Box, iou
from tracker.data.render import Clip, Scene

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocket

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]  # as root, and in containers with a small /dev/shm
SIZE = (320, 240)
PATIENCE = 90.0  # seconds for the longest tracking, on a busy machine


@dataclass(frozen=True)
class Sample:
    """A rendered video and where its target is in every frame."""

    path: Path
    boxes: list[Box]


def render(path: Path, clip: Clip) -> Sample:
    """Write a clip as a video: MPEG-4, or MJPEG where the ending says .mjpeg."""
    scene = Scene(clip)
    drawn = [scene.draw(index) for index in range(clip.frames)]
    if path.suffix == ".mjpeg":
        path.write_bytes(b"".join(cv2.imencode(".jpg", d.frame)[1].tobytes() for d in drawn))
    else:
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, clip.size)
        assert writer.isOpened()
        for one in drawn:
            writer.write(one.frame)
        writer.release()
    return Sample(path, [one.box for one in drawn])


def overlap(found: Sequence[Box], known: Sequence[Box]) -> float:
    """Mean overlap of boxes, frame by frame."""
    assert len(found) == len(known)
    return float(np.mean([iou(a.xywh, b.xywh) for a, b in zip(found, known, strict=True)]))


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """`siamsa serve` on a free port; yields its address."""
    command = [sys.executable, "-m", "tracker.cli.serve", "--port", "0", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            print(process.stdout.read() if process.stdout else "")  # seen where a test fails


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said, end = [], time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([process.stdout], [], [], 0.5)[0]:
            continue
        line = process.stdout.readline()
        said.append(line)
        found = re.search(r"http://\S+", line)
        if found:
            return found[0]
        if not line:
            break
    raise AssertionError(f"siamsa serve did not start: {''.join(said)}")


class Desk:
    """The page, and what a person does with it. Boxes and points are in pixels of the video."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.session = ""
        page.on("websocket", self._connected)

    def _connected(self, socket: WebSocket) -> None:
        self.session = socket.url.split("/sessions/")[1].split("/")[0]

    def open(self, video: str | None = None) -> Desk:
        """Open the page, and choose a video of the server."""
        self.page.goto(self.address)
        if video:
            self.page.get_by_role("button", name=video).click()
            self.wait_for_picture()
        return self

    def wait_for_picture(self) -> None:
        """Until a picture can be drawn on."""
        self.until(lambda: self.page.locator("#new-box").is_enabled(), "no picture was shown")

    def until(self, holds: Callable[[], bool], otherwise: str, seconds: float = 30) -> None:
        """Wait for a condition."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{otherwise}; {self.told()}"
            self.page.wait_for_timeout(25)  # lets the page's events come in

    def told(self) -> str:
        """What the page says, for a test that fails."""
        ids = ("news", "where", "track-word", "hint", "message-text")
        return ", ".join(f"{id}: {self[id].text_content()!r}" for id in ids)

    def __getitem__(self, id: str) -> Locator:
        return self.page.locator(f"#{id}")

    @property
    def frame(self) -> int:
        """Number of the frame that is shown."""
        return int(self["scrub"].input_value())

    @property
    def targets(self) -> int:
        return self.page.locator("#targets > li").count()

    def place(self, x: float, y: float, size: tuple[int, int] | None = None) -> tuple[float, float]:
        """Where a point of the video is on the page."""
        at = self["picture"].bounding_box()
        assert at is not None
        size = size or SIZE
        scale = min(at["width"] / size[0], at["height"] / size[1])
        left, top = (at["width"] - scale * size[0]) / 2, (at["height"] - scale * size[1]) / 2
        return at["x"] + left + scale * x, at["y"] + top + scale * y

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Press, move and release the mouse."""
        mouse = self.page.mouse
        mouse.move(*self.place(x0, y0))
        mouse.down()
        mouse.move(*self.place((x0 + x1) / 2, (y0 + y1) / 2))
        mouse.move(*self.place(x1, y1))
        mouse.up()

    def draw(self, box: Box) -> None:
        """Drag a new box, and wait until the server has it."""
        before = self.targets
        self.drag(box.x, box.y, box.x + box.w, box.y + box.h)
        self.until(lambda: self.targets == before + 1, "the box was not taken", 20)

    def fastest(self) -> None:
        """As fast as the tracker goes."""
        self["speed"].select_option("0")

    def track(self, button: str = "track") -> None:
        """Track until the end."""
        self[button].click()
        end = "End of the video" if button == "track" else "At the first frame"
        self.until(lambda: end in self["news"].inner_text() or self.said_before(end), f"did not reach: {end}", PATIENCE)

    def said_before(self, end: str) -> bool:
        """News of a target may stand in the place of the end for a moment: then the frame says it."""
        last = int(self["scrub"].get_attribute("max") or 0) if end.startswith("End") else 0
        return self.frame == last and self["track-word"].inner_text() == "Track"

    def seek(self, frame: int) -> None:
        """Move the slider, as a person with keys does."""
        self["scrub"].fill(str(frame))
        self.until(lambda: f"{frame} /" in self["where"].inner_text() and self.shows(frame), f"frame {frame} not shown")

    def shows(self, frame: int) -> bool:
        """Whether the picture is that of a frame."""
        return f"frame {frame}" in (self["picture"].get_attribute("aria-label") or "")

    def download(self, form: str, folder: Path) -> Path:
        """Press a download button; the saved file."""
        with self.page.expect_download(timeout=1000 * PATIENCE) as waiting:
            self.page.locator(f"[data-form={form}]").click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def state(self, id: int = 1) -> str:
        """What the list says of a target: its state."""
        return self.page.locator(f"#targets > li:nth-child({id}) .state").inner_text()

    def frame_number(self) -> int:
        """The frame that is said beside the buttons, also of live sources."""
        return int(self["where"].inner_text().split()[0])

    def ask(self, path: str) -> bytes | None:
        """What the server answers about this page's session; None where it refuses."""
        answer = self.page.request.get(f"{self.address.partition('?')[0]}api/sessions/{self.session}/{path}")
        return answer.body() if answer.ok else None

    def leave(self) -> None:
        """Close the page, and end its session: the server of the next test has nothing to do."""
        context = self.page.context
        self.page.close()
        if self.session:
            context.request.delete(f"{self.address.partition('?')[0]}api/sessions/{self.session}")
        context.close()

    def known(self, frame: int, id: int = 1) -> Box | None:
        """A target's box in a frame, as the server has it."""
        lines = [json.loads(line) for line in (self.ask("download/jsonl") or b"").splitlines()]
        return next(
            (Box(*(one[key] for key in "xywh")) for one in lines if (one["frame"], one.get("id", 1)) == (frame, id)),
            None,
        )

    @staticmethod
    def near(box: Box | None, other: Box, pixels: float = 1.5) -> bool:
        return box is not None and bool(np.allclose(box.xywh, other.xywh, atol=pixels))
