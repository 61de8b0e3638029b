"""Warnings that need to be read once, however often a folder is opened."""

from __future__ import annotations

import functools
import logging


@functools.cache
def warn_once(text: str) -> None:
    """Log one line as a warning, the first time only."""
    logging.getLogger("tracker.data").warning("%s", text)
