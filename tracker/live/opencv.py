"""OpenCV set up for a command line: its own and FFmpeg's chatter is kept off standard error."""

from __future__ import annotations

import os


def quiet() -> None:
    """Silence OpenCV and FFmpeg, unless the user has chosen a level. Call before the first capture or writer."""
    # FFmpeg's level is read once, when OpenCV first opens a capture; -8 is AV_LOG_QUIET.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
    if "OPENCV_LOG_LEVEL" in os.environ:
        return
    import cv2

    # OpenCV 4 has it at the top, 5 in a module of its own; 0 is LOG_LEVEL_SILENT in both.
    set_level = cv2.setLogLevel if hasattr(cv2, "setLogLevel") else cv2.utils.logging.setLogLevel
    set_level(0)
