"""Pictures and videos of what is shown, in files of their own names."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import cv2

from tracker.drawing.draw import Image
from tracker.errors import InputError
from tracker.live.sinks.video import Video
from tracker.live.step import Step


class Recorder:
    """Writes into a folder, never over a file; `saved` holds what was written. Raises OSError or InputError."""

    def __init__(self, folder: str | Path, fps: float) -> None:
        self.folder = Path(folder)
        self.fps = fps
        self.saved: list[Path] = []
        self._video: Video | None = None

    @property
    def recording(self) -> bool:
        """Whether a video is being written."""
        return self._video is not None

    def screenshot(self, picture: Image) -> Path:
        """Save one picture; its name tells the time."""
        good, data = cv2.imencode(".png", picture)
        if not good:
            raise OSError("OpenCV could not write it as PNG")
        path = self._name(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.stem}.partial{path.suffix}")
        try:
            partial.write_bytes(data.tobytes())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        self.saved.append(path)
        return path

    def start(self) -> Path:
        """Begin a video, which has its name when it is complete."""
        video = Video(self._name(".mp4"), self.fps)
        video.__enter__()
        self._video = video
        return video.path

    def write(self, step: Step, picture: Image) -> None:
        """Add a frame of this picture, where a video is being written."""
        if self._video is None:
            return
        shown = replace(step)
        shown.__dict__["drawn"] = picture  # what is on screen, in place of what `Step.drawn` would make
        try:
            self._video.write(shown)
        except (OSError, InputError) as error:
            video, self._video = self._video, None
            self._close(video, error)
            raise

    def end(self) -> Path | None:
        """Complete the video. Its path; None where no frame has come, or none is being written."""
        if self._video is None:
            return None
        video, self._video = self._video, None
        self._close(video)
        return video.path if video.path.exists() else None

    def _close(self, video: Video, error: Exception | None = None) -> None:
        """Complete a video as far as it goes."""
        try:
            video.__exit__(type(error) if error else None, error, None)
        finally:
            if video.path.exists():
                self.saved.append(video.path)

    def _name(self, ending: str) -> Path:
        stem = f"siamsa-{time.strftime('%Y%m%d-%H%M%S')}"
        names = (self.folder / f"{stem}{more}{ending}" for more in ("", *(f"-{n}" for n in range(2, 1000))))
        return next(path for path in names if not path.exists())
