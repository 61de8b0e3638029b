"""Correlations: template map N,C,h,w and search map N,C,H,W to a matched map.

Each has `channels(width)`, the channels of its output, and `keeps_size`, whether the output is H x W.
"""

from torch import nn

from tracker.registry import Registry

CORRELATIONS: Registry[type[nn.Module]] = Registry("correlation")

from tracker.models.correlation import depthwise as depthwise  # noqa: E402  (registers)
from tracker.models.correlation import pixelwise as pixelwise  # noqa: E402  (registers)
