"""A target's name while it is typed."""

from __future__ import annotations

LONGEST = 60  # characters


class Naming:
    """The name of target `target`, as far as it is typed; it begins as it was."""

    def __init__(self, target: int, text: str) -> None:
        self.target, self.text = target, text
        self._shift = False

    def key(self, name: str) -> None:
        """One key by its name: a character, `space`, `backspace`, or `shift` before a capital; others do nothing."""
        letter = " " if name == "space" else name
        if name in ("backspace", "delete"):  # one key, on a Mac the other
            self.text = self.text[:-1]
        elif len(letter) == 1 and len(self.text) < LONGEST:
            self.text += letter.upper() if self._shift else letter
        self._shift = name == "shift"

    @property
    def name(self) -> str:
        """What it comes to; empty for none."""
        return " ".join(self.text.split())
