"""Whether a window can be opened. OpenCV aborts the process where it cannot, so another process tries first."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import threading
import time

import cv2

DEFAULT_SCREEN = (1280, 720)
ATTEMPTS = 3
TIMEOUT = 20.0  # seconds for one attempt
# Opens a window, prints the screen's size where tkinter can tell it, and stays connected until its input ends.
PROBE = """
import sys
import cv2
cv2.namedWindow("siamsa", cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
cv2.destroyAllWindows()
size = ""
try:
    import tkinter
    root = tkinter.Tk()
    root.withdraw()
    size = f"{root.winfo_screenwidth()} {root.winfo_screenheight()}"
except Exception:
    pass
print("window", size, flush=True)
sys.stdin.read()
"""
_probes: list[subprocess.Popen[str]] = []
NO_DISPLAY = (
    "there is no display for a window; pass --no-window --box x,y,w,h, or draw the box in a browser with `siamsa serve`"
)


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
    for attempt in range(ATTEMPTS):
        if answer := _probe():
            numbers = re.findall(r"\d+", answer)
            return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else DEFAULT_SCREEN
        time.sleep(0.1 * attempt)
    return None


def _probe() -> str:
    """What the probe says, empty where it fails.

    It is left running, because an X server resets when its last client leaves and refuses new ones meanwhile: OpenCV
    would abort in that moment. For the same reason one refusal is not taken for an answer.
    """
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    try:
        process = subprocess.Popen([sys.executable, "-c", PROBE], stdin=pipe, stdout=pipe, stderr=null, text=True)
    except OSError:
        return ""
    _probes.append(process)
    timer = threading.Timer(TIMEOUT, process.kill)
    timer.start()
    assert process.stdout is not None
    answer = process.stdout.readline()
    timer.cancel()
    if not answer:
        release()
    return answer


def release() -> None:
    """End the probe. Call it once a window of this process is open, or when none will be."""
    while _probes:
        with _probes.pop() as process:
            process.communicate()


def has_windows() -> bool:
    """Whether OpenCV was built with windows; the `headless` packages are not."""
    gui = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    return gui is not None and gui.group(1).upper() != "NONE"
