"""Names of clips that benchmarks test on, which a data set may hold beside those to train on."""

from __future__ import annotations

from pathlib import Path

import yaml

from tracker.errors import InputError


def clips_of_benchmark(name: str) -> frozenset[str]:
    """Names in the list of a benchmark that comes with the project: `benchmarks/<name>.yaml`.

    It is the project's own list, wherever the evaluation looks. Raises InputError where it is not there.
    """
    package = Path(__file__).resolve().parents[1]
    files = [place / "benchmarks" / f"{name}.yaml" for place in (package.parent, package)]
    path = next((p for p in files if p.is_file()), None)
    if path is None:
        raise InputError(f"{files[0]}: missing, the list of the clips to test on; install siamsa again")
    return frozenset(str(yaml.safe_load(path.read_text("utf-8"))["sequences"]).split())
