"""The rules of scoring, and how they and the protocol are said beside every number."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.evaluation.benchmark import Benchmark


@dataclass(frozen=True)
class Rules:
    """How to score: treatment of invalid ground truth, and whether VOT regions are cut at the image."""

    invalid: str = "pysot"
    bounded: bool = False


ONE_PASS = {"ope": "one pass", "sre": "SRE, 12 first boxes", "tre": "TRE, up to 20 first frames"}


def protocol_name(benchmark: Benchmark, rules: Rules, longest: int | None = None) -> str:
    """What stands beside every number, such as `OTB100 one pass, invalid ground truth: pysot`.

    `longest`: frames of the longest run that was scored; what EAO is over ends there.
    """
    if benchmark.protocol in ONE_PASS:
        first = ", first frame not counted in AO and SR" if benchmark.skip_first else ""
        return f"{benchmark.title} {ONE_PASS[benchmark.protocol]}, invalid ground truth: {rules.invalid}{first}"
    cut = "bounded" if rules.bounded else "unbounded"
    if benchmark.protocol == "vot_unsupervised":
        return f"{benchmark.title} unsupervised, rasterised overlap over all frames, {cut}"
    window = ""
    if benchmark.eao:
        low, high = benchmark.eao
        end = high if longest is None else min(high, longest)
        part = "" if end == high else f"{low}..{end} of " if end >= low else "none of "
        window = f", EAO over {part}{low}..{high} frames"
    return f"{benchmark.title} supervised, rasterised overlap, {cut}{window}"
