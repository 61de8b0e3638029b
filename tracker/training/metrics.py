"""metrics.jsonl: a run's numbers, one JSON object a line; what a kill leaves of it is mended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tracker.training.step import Run


def append(path: Path, run: Run, values: dict[str, float]) -> None:
    """Add a line: the step, training seconds, steps without effect, and `values`."""
    row: dict[str, Any] = {"step": run.step, "seconds": round(run.seconds, 1), "skipped": run.skipped}
    row |= {"scaler_overflows": run.scaler_overflows} | {k: round(v, 6) for k, v in values.items()}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def forget_beyond(path: Path, run: Run) -> None:
    """Drop what a run that begins or goes on at `run.step` will write again, and lines that are not whole.

    Again come the steps beyond, after a crash or when a run is begun anew, and the validation of this very step where
    it was not finished. A line is not whole where the process or the machine died while it was written.
    """
    if not path.exists():
        return
    lines = path.read_text("utf-8", errors="replace").split("\n")[:-1]  # what follows the last line's end is not whole
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(line + "\n" for line in lines if _stays(line, run)), encoding="utf-8")
    os.replace(part, path)


def _stays(line: str, run: Run) -> bool:
    try:
        row = json.loads(line)
        step = int(row["step"])
    except (ValueError, TypeError, KeyError):
        return False
    again = step == run.step and "score" in row and run.validated != run.step
    return step <= run.step and not again
