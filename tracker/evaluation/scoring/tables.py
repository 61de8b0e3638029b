"""Scores as text tables, the protocol beside every number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracker.evaluation.scoring.score import Scores

HEADS = {
    "success": "success",
    "precision": "precision",
    "norm_precision": "norm. prec.",
    "ao": "AO",
    "sr50": "SR 0.5",
    "sr75": "SR 0.75",
    "eao": "EAO",
    "accuracy": "accuracy",
    "robustness": "robustness",
    "failures": "failures",
}


def grid(rows: Iterable[Iterable[str]]) -> str:
    """Lines of columns, the first to the left, the rest to the right, a rule below the heads."""
    table = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def value(figure: Any, name: str = "") -> str:
    """A number with four decimals (failures with one at most), `-` where there is none."""
    if figure is None:
        return "-"
    return f"{figure:.4f}" if name != "failures" else f"{figure:.1f}".removesuffix(".0")


def quoted(figure: float | None) -> str:
    """A published number, with the three decimals that papers give."""
    return "-" if figure is None else f"{figure:.3f}"


def ranking(scores: Mapping[str, Scores]) -> str:
    """One line a tracker, best first; its protocol and how many sequences it was scored on stand beside."""
    first = next(iter(scores.values()))
    columns: list[str] = [name for name in HEADS if name in first]
    order = sorted(scores, key=lambda name: -(scores[name][columns[0]] or 0))
    rows = [["tracker", *(HEADS[c] for c in columns), "sequences", "protocol"]]
    for name in order:
        entry = scores[name]
        rows.append([name, *(value(entry[c], c) for c in columns), entry["sequences"], entry["protocol"]])
    return grid(rows)


def details(scores: Mapping[str, Scores], part: str) -> str:
    """One line a sequence or attribute (`part`: per_sequence or per_attribute), two columns a tracker."""
    first = next(iter(scores.values()))
    names = list(dict.fromkeys(name for entry in scores.values() for name in entry.get(part, {})))
    if not names:
        return ""
    columns: list[str] = [name for name in ("success", "precision", "accuracy", "failures") if name in first] or ["ao"]
    rows = [[part.removeprefix("per_"), *(f"{tracker} {HEADS[c]}" for tracker in scores for c in columns)]]
    for name in names:
        cells = (value(entry[part].get(name, {}).get(c), c) for entry in scores.values() for c in columns)
        rows.append([name, *cells])
    return grid(rows)
