"""The neck ("adjust layer"): one width for all levels, and the template's centre."""

from __future__ import annotations

from torch import Tensor, nn

TEMPLATE_CELLS = 7


class Neck(nn.Sequential):
    """1x1 convolution to `width` channels without bias, then BatchNorm: N,C,H,W to N,width,H,W."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width))


def centre(template: Tensor, cells: int = TEMPLATE_CELLS) -> Tensor:
    """Cut N,C,15,15 to its centre N,C,7,7 (rows and columns 4..10), where the target itself is."""
    start = (template.shape[-1] - cells) // 2
    return template[..., start : start + cells, start : start + cells]
