"""What the user knows of a target: its number, name and colour."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.drawing.draw import Colour

# Okabe and Ito's palette, BGR, in an order in which neighbours differ most, without black: eight are told apart by
# colour-blind eyes too.
PALETTE: tuple[Colour, ...] = (
    (233, 180, 86),
    (0, 159, 230),
    (115, 158, 0),
    (167, 121, 204),
    (66, 228, 240),
    (0, 94, 213),
    (178, 114, 0),
    (190, 190, 190),
)


@dataclass(frozen=True)
class TargetInfo:
    """A target as it is shown. `id` counts from 1 and is never used again; `name` may be empty."""

    id: int
    name: str = ""

    @property
    def label(self) -> str:
        """Its name, or else its number."""
        return self.name or f"target {self.id}"

    @property
    def colour(self) -> Colour:
        """Its colour, BGR."""
        return colour_of(self.id)


def colour_of(id: int) -> Colour:
    """The colour of a target, BGR; after eight they come again."""
    return PALETTE[(id - 1) % len(PALETTE)]
