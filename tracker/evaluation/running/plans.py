"""How often, and from where, a protocol leads a tracker over one sequence: a plan is a list of sequences to run.

SRE and TRE are the spatial and temporal robustness evaluations of OTB (Wu et al., TPAMI 2015).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tracker.box import Box
from tracker.evaluation.measures.metrics import valid
from tracker.evaluation.sequence import Sequence
from tracker.registry import Registry

SHIFT = 0.1  # of the target's width and height
SHIFTS = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1))
SCALES = (0.8, 0.9, 1.1, 1.2)
STARTS = 20  # of TRE
SHORTEST = 20  # frames that a run of TRE has at least

Plan = Callable[[Sequence, int], list[Sequence]]
PLANS: Registry[Plan] = Registry("plan of a protocol")


@PLANS.register("ope")
@PLANS.register("vot_unsupervised")
def once(sequence: Sequence, repetitions: int) -> list[Sequence]:
    """The sequence as it is."""
    return [sequence]


@PLANS.register("vot_supervised")
def repeated(sequence: Sequence, repetitions: int) -> list[Sequence]:
    """The sequence, as often as the benchmark says (15 times in VOT)."""
    return [sequence] * repetitions


@PLANS.register("sre")
def shifted(sequence: Sequence, repetitions: int) -> list[Sequence]:
    """12 runs from a first box that is moved by a tenth of its size, or scaled by 0.8 to 1.2 about its centre."""
    box = sequence.start()
    moved = [Box(box.x + SHIFT * dx * box.w, box.y + SHIFT * dy * box.h, box.w, box.h) for dx, dy in SHIFTS]
    scaled = [Box.from_centre(*box.centre, scale * box.w, scale * box.h) for scale in SCALES]
    return [replace(sequence, first=first) for first in (*moved, *scaled)]


@PLANS.register("tre")
def later(sequence: Sequence, repetitions: int) -> list[Sequence]:
    """Up to 20 runs to the end, from frames spread evenly; each has 20 frames at least and a target to start from."""
    good = np.flatnonzero(valid(sequence.boxes))
    starts = [0]
    for wanted in np.arange(1, STARTS) * len(sequence) // STARTS:
        start = next((int(row) for row in good if row >= wanted), len(sequence))
        if start > starts[-1] and len(sequence) - start >= SHORTEST:
            starts.append(start)
    return [replace(sequence, frames=sequence.frames[s:], truth=sequence.truth[s:]) for s in starts]
