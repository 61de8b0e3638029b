"""vot-toolkit's own numbers for our results, and ours beside them.

The toolkit (GPL-3.0) is never imported: `python -m vot` runs as a process of its own. It ends with 0 whatever
happens, so what it was to write is looked at: whether it is there, whole, and about these trackers and sequences.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.errors import InputError
from tracker.evaluation.adapters.vot_workspace import EXPERIMENT, Workspace
from tracker.evaluation.scoring.score import Scores

NAME = "siamsa"  # of the analysis and the report in the workspace
MEASURES = ("accuracy", "failures", "failures_per_sequence", "eao")
# Its analyses by the last part of their type, and where our measures are in the values of each.
ANALYSES = {
    "AverageAccuracyRobustness": {"accuracy": 0, "failures_per_sequence": 1},
    "CumulativeFailureCount": {"failures": 0},
    "EAOScore": {"eao": 0},
}


class ToolkitError(RuntimeError):
    """The toolkit failed: what it said last, and where the rest is."""


@dataclass(frozen=True)
class Analysis:
    """The toolkit's figures by tracker, its definition of them, and the files that it wrote."""

    figures: Mapping[str, Mapping[str, float | None]]
    definition: str
    analysis: Path
    report: Path


def require() -> None:
    """Raise InputError where vot-toolkit is not installed."""
    if importlib.util.find_spec("vot") is None:
        raise InputError('this needs vot-toolkit: pip install "siamsa[eval]"')


def analyse(workspace: Workspace, timeout: float) -> Analysis:
    """Let the toolkit analyse and report; each may take `timeout` seconds.

    Raises ToolkitError: it failed, took longer, or its output is not complete.
    """
    folder = workspace.folder
    analysis, report = folder / "analysis" / f"{NAME}.json", folder / "reports" / NAME / "report.html"
    log = _run(workspace, "analysis", "json", analysis, timeout)
    figures, definition = _read(workspace, analysis, log)
    log = _run(workspace, "report", "html", report, timeout)
    text = report.read_text(encoding="utf-8")
    if not text.rstrip().endswith("</html>") or not all(name in text for name in workspace.identifiers):
        raise ToolkitError(f"vot-toolkit: {report} is not complete (log: {log})")
    return Analysis(figures, definition, analysis, report)


def _run(workspace: Workspace, part: str, form: str, output: Path, timeout: float) -> Path:
    """Run a part of the toolkit until it ends, and see that `output` is there; the log of it."""
    folder = workspace.folder.resolve()
    output.unlink(missing_ok=True)  # of an earlier run
    log = workspace.folder / "logs" / f"{part}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "vot", part, "--workspace", str(folder), "--format", form, "--name", NAME]
    command += ["--experiments", EXPERIMENT, *workspace.identifiers.values()]
    with log.open("wb") as file:
        file.write(f"{shlex.join(command)}\n".encode())
        file.flush()
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ToolkitError(f"vot-toolkit: {part} took more than {timeout:g} s and was ended (log: {log})") from None
        finally:  # whatever stops us, an interrupt included, ends it too
            process.kill()
            process.wait()
    if not output.is_file():
        raise ToolkitError(f"vot-toolkit: {part} failed: {last_line(log)} (log: {log})")
    return log


def _environment() -> dict[str, str]:
    """No cache, which would answer for results that have changed since, no window, and no look for a newer version."""
    nowhere = "http://127.0.0.1:9"
    own = {"VOT_PERSISTENT_CACHE": "false", "MPLBACKEND": "Agg", "HTTPS_PROXY": nowhere, "https_proxy": nowhere}
    return {**os.environ, **own, "PYTHONIOENCODING": "utf-8"}


def last_line(log: Path) -> str:
    """The last line of a log that says something: no colours, no progress bars."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)[1:]]
    said = [line for line in lines if re.search(r"[A-Za-z]{2}", line) and not re.search(r"\d+ ?%", line)]
    return said[-1] if said else "it said nothing"


def _read(workspace: Workspace, path: Path, log: Path) -> tuple[dict[str, dict[str, float | None]], str]:
    """Figures by our names of trackers, and how the toolkit defines them."""
    names = {identifier: name for name, identifier in workspace.identifiers.items()}
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        order, there = list(held["trackers"]), set(held["sequences"])
        experiment = held["results"][EXPERIMENT]
        parameters = experiment["parameters"]["analyses"]
        found: dict[str, dict[str, float | None]] = {names[i]: {} for i in order}
        for kind, rows in zip(parameters, experiment["results"], strict=True):
            for measure, index in ANALYSES.get(kind["type"].rpartition(".")[2], {}).items():
                for identifier, row in zip(order, rows, strict=True):
                    value = float(row[index])
                    found[names[identifier]][measure] = value if math.isfinite(value) else None
        definition = _definition(workspace, str(held["toolkit"]), parameters)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        raise ToolkitError(f"vot-toolkit: {path} is not as expected: {reason} (log: {log})") from None
    if set(found) != set(workspace.identifiers) or there != set(workspace.sequences):
        raise ToolkitError(f"vot-toolkit: {path} lacks trackers or sequences of {workspace.folder} (log: {log})")
    return found, definition


def _definition(workspace: Workspace, version: str, parameters: list[dict[str, Any]]) -> str:
    kinds = {kind["type"].rpartition(".")[2]: kind for kind in parameters}
    first, eao = kinds["AverageAccuracyRobustness"], kinds.get("EAOScore")
    cut = "bounded" if first["bounded"] else "unbounded"
    # Its indices of the curve count from 0, at the frame of initialisation.
    window = f", EAO over {eao['low'] + 1}..{eao['high'] + 1} frames" if eao else ""
    return (
        f"vot-toolkit {version}, stack {workspace.stack}, its own rasterised overlap, {cut}, "
        f"sequences weighted by length{window}"
    )


def compare(scores: Mapping[str, Scores], analysis: Analysis) -> dict[str, Any]:
    """Ours, theirs and ours less theirs, by tracker and measure; with both definitions."""
    trackers = {}
    for name, entry in scores.items():
        parts = entry["per_sequence"].values()
        frames = sum(part["frames"] for part in parts)
        weighted = sum(part["failures"] * part["frames"] for part in parts) / frames
        ours = {**{m: entry[m] for m in ("accuracy", "failures", "eao")}, "failures_per_sequence": weighted}
        theirs = {m: analysis.figures[name].get(m) for m in MEASURES}
        pairs = {m: (ours[m], theirs[m]) for m in MEASURES}
        difference = {m: None if a is None or b is None else a - b for m, (a, b) in pairs.items()}
        trackers[name] = {"ours": ours, "theirs": theirs, "difference": difference, "sequences": entry["sequences"]}
    first = next(iter(scores.values()))
    return {
        "trackers": trackers,
        "ours": first["protocol"],
        "theirs": analysis.definition,
        "analysis": str(analysis.analysis),
        "report": str(analysis.report),
    }
