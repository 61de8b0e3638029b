"""What clients say, checked before it is used: every wrong value is one line and a code."""

from __future__ import annotations

import json
import math
import unicodedata
from typing import Any, NoReturn

from tracker.box import Box

NAME = 60  # characters of a target's name that are kept
FURTHEST = 1e6  # pixels


class Refused(Exception):
    """A request that is not fulfilled: HTTP status and one line for the client."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status, self.line = status, " ".join(line.split())


def parse(text: str | bytes, most: int) -> Words:
    """A JSON object of at most `most` bytes or characters. Raises Refused."""
    if len(text) > most:
        raise Refused(413, f"the request has more than {most} bytes")
    try:
        values = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise Refused(400, "the JSON is nested too deeply") from None
    except ValueError as error:  # also bytes that are not UTF-8, and numbers of more digits than Python reads
        raise Refused(400, f"the request is not JSON ({str(error)[:80]})") from None
    if not isinstance(values, dict):
        raise Refused(400, "expected a JSON object")
    return Words(values)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


class Words:
    """The values of a request by name; each is asked for by its type. All raise Refused."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def text(self, key: str, most: int = 200) -> str:
        """A text of 1 to `most` characters."""
        value = self._values.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise Refused(400, f"{key}: expected a text of 1 to {most} characters")
        return value

    def name(self, key: str = "name") -> str:
        """A name for people to read; may be missing or empty."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise Refused(400, f"{key}: expected a text")
        return readable(value or "", NAME)

    def number(self, key: str, low: float, high: float) -> float:
        """A finite number within limits."""
        value: Any = self._values.get(key)
        if not is_number(value) or not low <= value <= high:
            raise Refused(400, f"{key}: expected a number from {low:g} to {high:g}")
        return float(value)

    def integer(self, key: str, low: int = 0, high: int = 10**9) -> int:
        """A whole number within limits."""
        value = self._values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refused(400, f"{key}: expected a whole number from {low} to {high}")
        return value

    def direction(self) -> int:
        """1 or -1; 1 where it is missing."""
        value = self._values.get("direction", 1)
        if isinstance(value, bool) or value not in (1, -1):
            raise Refused(400, "direction: expected 1 or -1")
        return int(value)

    def flag(self, key: str) -> bool:
        """true or false; false where it is missing."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise Refused(400, f"{key}: expected true or false")
        return value

    def box(self) -> Box:
        """`box`: [x, y, w, h], finite, in pixels of the frame; whether it lies in the frame is not known here."""
        value = self._values.get("box")
        values: list[Any] = value if isinstance(value, list) and len(value) == 4 else [None]
        if not all(is_number(v) and abs(v) <= FURTHEST for v in values):
            raise Refused(400, "box: expected [x, y, w, h], four finite numbers in pixels")
        return Box(*map(float, values))


def is_number(value: Any) -> bool:
    """Whether it is a finite number (true and false are none)."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return abs(value) < 1e18 and math.isfinite(value)


def readable(text: str, most: int) -> str:
    """One line without control characters, of at most `most` characters."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text[: 4 * most])
    return " ".join(kept.split())[:most].strip()
