"""Names for what cv2.waitKeyEx() gives: every window system has codes of its own for the keys that write nothing."""

from __future__ import annotations

import sys

SHIFT = 1 << 16  # GTK adds the state of the keyboard above the code
_X11 = {  # GTK and Qt on Linux, the low 16 bits
    0xFF51: "left",
    0xFF52: "up",
    0xFF53: "right",
    0xFF54: "down",
    0xFF96: "left",
    0xFF97: "up",
    0xFF98: "right",
    0xFF99: "down",
    0xFFFF: "delete",
    0xFF9F: "delete",
    0xFF08: "backspace",
    0xFF09: "tab",
    0xFE20: "tab",
    0xFF0D: "enter",
    0xFF8D: "enter",
    0xFF1B: "esc",
    0xFFE1: "shift",
    0xFFE2: "shift",
    0xFFAB: "+",
    0xFFAD: "-",
    0xFFAE: ".",
}
UNICODE = 1 << 24  # X11's mark of a character that is not in one of its older sets
_SETS = {1: "iso8859-2", 2: "iso8859-3", 3: "iso8859-4", 5: "iso8859-6", 6: "koi8-u", 7: "iso8859-7", 12: "iso8859-8"}
_WINDOWS = {0x250000: "left", 0x260000: "up", 0x270000: "right", 0x280000: "down", 0x2E0000: "delete"}
_MACOS = {0xF700: "up", 0xF701: "down", 0xF702: "left", 0xF703: "right", 0xF728: "delete"}
_PLAIN = {9: "tab", 11: "tab", 10: "enter", 13: "enter", 27: "esc", 32: "space", 8: "backspace", 127: "delete"}
_WHOLE = {**_WINDOWS, **_MACOS}
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def name_of(code: int) -> str:
    """A key by name: a character as it is written, `space`, `enter`, `left`, `shift+left`, ...; empty for others.

    Where OpenCV is built with Qt, all letters are small; `shift` then comes before one that is not.
    """
    if code < 0:  # Qt gives Latin letters in a signed byte, as capitals; -1 is no key
        return chr(code & 0xFF).lower() if -128 <= code < -1 else ""
    low = code & 0xFFFF
    name = _WHOLE.get(code) or _X11.get(low) or _PLAIN.get(low)
    if name is None:
        return _character(code)
    return f"shift+{name}" if name in ARROWS and code not in _WHOLE and code & SHIFT else name


def _character(code: int) -> str:
    """What a key writes; empty where that is nothing."""
    group, low = code >> 8 & 0xFF, code & 0xFFFF
    if group in (0x00, 0x20) or code & UNICODE or sys.platform == "darwin":
        text = chr(low)
    else:
        text = bytes([low & 0xFF]).decode(_SETS[group], "ignore") if group in _SETS else ""
    return text.strip() if text.isprintable() else ""
