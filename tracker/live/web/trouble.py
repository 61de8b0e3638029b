"""Failures of the server itself, told to its operator in one line."""

from __future__ import annotations

import sys
import traceback


def report(error: BaseException) -> None:
    """Print what failed and where, on standard error."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({last[0].filename.rpartition('/')[2]}:{last[0].lineno})" if last else ""
    print("siamsa: error: " + " ".join(f"{type(error).__name__}: {error}{where}".split()), file=sys.stderr, flush=True)
