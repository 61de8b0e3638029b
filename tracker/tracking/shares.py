"""What each of several targets gets of a frame's work, so that many do not take much longer than one."""

from __future__ import annotations

import math

from tracker.settings import TrackingConfig

MANY = 4  # targets; of so many, lost ones are looked for in turn
WHOLE_EVERY = 32  # frames; a calm target is searched in a whole crop this often


def calm_size(settings: TrackingConfig, count: int) -> int:
    """Side of the search crop of calm targets, pixels, where so many are followed.

    The largest of which one for each is no more work than `calm_budget` whole ones; `calm_size` at least.
    """
    whole = settings.instance_size
    steps = math.floor((whole * math.sqrt(settings.calm_budget / max(1, count)) - 63) / 16)
    return min(max(63 + 16 * steps, settings.calm_size), whole)


def is_whole_turn(frame: int, id: int) -> bool:
    """Whether a calm target gets a whole crop in this frame."""
    return (frame + 4 * id) % WHOLE_EVERY == 0


def lost_views(views: int, count: int, lost: int, rank: int, frame: int) -> int:
    """Views that a lost target gets in this frame; 0: it is the turn of others.

    Args:
        views: that lost targets share where few are followed; each has one at least.
        count, lost: targets in all, and those that are lost.
        rank: of this one among these.
        frame: its number.
    """
    if count < MANY:
        return max(1, views // lost)
    spare = max(1, views // 2 - (count - lost) // MANY)
    turns = max(2, math.ceil(lost / spare))
    return int((frame + rank) % turns == 0)
