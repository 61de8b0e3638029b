"""Names for what cv2.waitKeyEx() gives: every window system has codes of its own for the keys that write nothing."""

from __future__ import annotations

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
    0xFFAB: "+",
    0xFFAD: "-",
    0xFFAE: ".",
}
_WINDOWS = {0x250000: "left", 0x260000: "up", 0x270000: "right", 0x280000: "down", 0x2E0000: "delete"}
_MACOS = {0xF700: "up", 0xF701: "down", 0xF702: "left", 0xF703: "right", 0xF728: "delete"}
_PLAIN = {9: "tab", 11: "tab", 10: "enter", 13: "enter", 27: "esc", 32: "space", 8: "backspace", 127: "delete"}
_WHOLE = {**_WINDOWS, **_MACOS}
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def name_of(code: int) -> str:
    """A key by name: a lower-case character, `space`, `enter`, `left`, `shift+left`, ...; empty for none and others."""
    if code < 0:
        return ""
    low = code & 0xFFFF
    name = _WHOLE.get(code) or _X11.get(low) or _PLAIN.get(low)
    if name is None:
        return chr(low).lower() if 32 < low < 127 else ""
    return f"shift+{name}" if name in ARROWS and code not in _WHOLE and code & SHIFT else name
