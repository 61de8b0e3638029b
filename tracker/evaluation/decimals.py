"""Tables of plain decimal numbers from text, all numbers at once: several times as fast as line by line.

Result files are most of the time that scoring takes. What is not a clean table of plain decimals is left to others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POINT, MINUS, SEPARATOR, NEWLINE, OTHER = 10, 11, 12, 13, 255
LONGEST = 17  # characters of a number
_KINDS = np.full(256, OTHER, np.uint8)
_KINDS[list(b"0123456789")] = range(10)
_KINDS[list(b".-")] = POINT, MINUS
_KINDS[list(b",;\t ")] = SEPARATOR
_KINDS[list(b"\n")] = NEWLINE
_POWERS = 10.0 ** np.arange(LONGEST + 1)


def parse_table(data: bytes) -> NDArray[np.float64] | None:
    """The numbers (rows, columns) of a text, one row a line, one separator between two numbers.

    None for anything else: no rows, rows of different lengths, exponents, NaN, signs other than a leading minus.
    Digits are gathered as whole numbers below 2**53 and divided once by a power of ten, which rounds as `float` does.
    """
    kinds = _KINDS[np.frombuffer(data.replace(b"\r\n", b"\n").strip() + b"\n", np.uint8)]
    ends = np.flatnonzero(kinds >= SEPARATOR)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts
    last = kinds[ends] == NEWLINE
    columns = int(last.argmax()) + 1
    rows = int(last.sum())
    clean = kinds.max() != OTHER and lengths.min() > 0 and lengths.max() <= LONGEST
    if not clean or rows * columns != len(ends) or not last[columns - 1 :: columns].all():
        return None
    digits, decimals = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.int64)
    after_point, negative = np.zeros(len(ends), bool), kinds[starts] == MINUS
    figures = np.zeros(len(ends), np.int64)
    starts = starts + negative
    for place in range(int((ends - starts).max())):
        kind = kinds[np.minimum(starts + place, ends)]
        digit = kind < POINT
        digits = np.where(digit, digits * 10 + kind, digits)
        decimals += digit & after_point
        figures += digit
        after_point |= kind == POINT
    signs, points = int((kinds == MINUS).sum()), int((kinds == POINT).sum())
    if figures.min() < 1 or digits.max() >= 2**53 or signs != negative.sum() or points != after_point.sum():
        return None
    values = digits / _POWERS[decimals]
    return np.where(negative, -values, values).reshape(rows, columns)
