"""Whether a window can be opened. OpenCV aborts the process where it cannot, so this is asked in another one."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys

import cv2

DEFAULT_SCREEN = (1280, 720)
# Opens a window, then prints the screen's size where tkinter can tell it.
PROBE = """
import cv2
cv2.namedWindow("siamsa", cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
cv2.destroyAllWindows()
try:
    import tkinter
    root = tkinter.Tk()
    root.withdraw()
    print(root.winfo_screenwidth(), root.winfo_screenheight())
except Exception:
    print("unknown")
"""


def has_display() -> bool:
    """Whether OpenCV can show a window here. Never aborts; the answer is kept."""
    return screen_size() is not None


@functools.lru_cache(maxsize=1)
def screen_size() -> tuple[int, int] | None:
    """Width and height of the screen in pixels (1280x720 where a window opens but the size is not known), or None."""
    if not has_windows() or os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        return None
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return None
    try:
        probe = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if probe.returncode != 0:
        return None
    numbers = re.findall(r"\d+", probe.stdout)
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else DEFAULT_SCREEN


def has_windows() -> bool:
    """Whether OpenCV was built with windows; the `headless` packages are not."""
    gui = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    return gui is not None and gui.group(1).upper() != "NONE"
