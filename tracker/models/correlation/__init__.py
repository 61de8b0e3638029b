"""Correlations: template map N,C,h,w and search map N,C,H,W to a matched map."""

from typing import ClassVar

from torch import nn

from tracker.registry import Registry, discover


class Correlation(nn.Module):
    """A way of matching. `keeps_size`: whether the output is H x W."""

    keeps_size: ClassVar[bool]

    @staticmethod
    def channels(width: int) -> int:
        """Channels of the output for maps of `width` channels."""
        return width


CORRELATIONS: Registry[type[Correlation]] = Registry("correlation")

discover(__name__, __path__)
