"""Anchor-free head of SiamPW-RBO: correlation, fusion, then a class tower and a box tower."""

from __future__ import annotations

import math

from torch import Tensor, nn

from tracker.models.correlation import CORRELATIONS
from tracker.models.heads import HEADS


def _tower(width: int, padding: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(3):
        layers += [nn.Conv2d(width, width, 3, padding=padding), nn.GroupNorm(32, width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _fill(conv: nn.Conv2d, bias: float) -> None:
    assert conv.bias is not None
    nn.init.constant_(conv.bias, bias)


@HEADS.register("anchor_free")
class AnchorFree(nn.Module):
    """Section 3 of SiamPW-RBO: 1x1 fusion, two towers of three unpadded 3x3 convolutions (31 -> 25), predictions."""

    def __init__(self, width: int, correlation: str) -> None:
        super().__init__()
        if width % 32:
            raise ValueError(f"model.width: the anchor_free head needs a multiple of 32, got {width}")
        kind = CORRELATIONS[correlation]
        self.correlation = kind()
        self.fuse = nn.Sequential(
            nn.Conv2d(kind.channels(width), width, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        padding = 0 if kind.keeps_size else 1  # a correlation that shrinks has already come down to 25
        self.cls_tower, self.loc_tower = _tower(width, padding), _tower(width, padding)
        self.cls = nn.Conv2d(width, 2, 3, padding=1)
        self.loc = nn.Conv2d(width, 4, 3, padding=1)
        self._initialise()

    def _initialise(self) -> None:
        for part in (self.cls_tower, self.loc_tower, self.cls, self.loc):
            for module in part.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.normal_(module.weight, std=0.01)
                    _fill(module, 0.0)
        _fill(self.cls, -math.log(99.0))
        _fill(self.loc, math.log(32.0))  # exp gives half of a target's usual 64 pixels at once

    def forward(self, template: Tensor, search: Tensor) -> tuple[Tensor, Tensor]:
        """N,C,7,7 and N,C,31,31 to logits N,2,25,25 and raw box values N,4,25,25."""
        fused = self.fuse(self.correlation(template, search))
        return self.cls(self.cls_tower(fused)), self.loc(self.loc_tower(fused))
