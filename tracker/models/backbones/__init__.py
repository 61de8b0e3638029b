"""Backbones: image N,3,H,W (normalised) to one map per requested level, stride 8."""

from collections.abc import Sequence

from torch import nn

from tracker.registry import Registry, discover


class Backbone(nn.Module):
    """Built with the stages to return; `channels[stage]` are the channels of each."""

    channels: dict[int, int]

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        self.levels = tuple(levels)


BACKBONES: Registry[type[Backbone]] = Registry("backbone")

discover(__name__, __path__)
