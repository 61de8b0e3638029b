"""No attention: the baseline SiamPW-RBO."""

from __future__ import annotations

from torch import nn

from tracker.models.attention import ATTENTION
from tracker.settings import AttentionConfig


@ATTENTION.register("identity")
class Identity(nn.Identity):
    """Passes the map on."""

    def __init__(self, channels: int, config: AttentionConfig) -> None:
        super().__init__()
