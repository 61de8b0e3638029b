"""Head of SiamBAN (Chen et al., CVPR 2020): a depth-wise correlation of its own for class and for box."""

from __future__ import annotations

from torch import Tensor, nn

from tracker.models.correlation import CORRELATIONS
from tracker.models.heads import HEADS


def _conv_bn_relu(width: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width, width, kernel, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True))


class Branch(nn.Module):
    """Adapts template and search, correlates them, and predicts `outputs` channels."""

    def __init__(self, width: int, outputs: int, correlation: nn.Module) -> None:
        super().__init__()
        self.adapt_template = _conv_bn_relu(width, 3)
        self.adapt_search = _conv_bn_relu(width, 3)
        self.correlation = correlation
        self.predict = nn.Sequential(*_conv_bn_relu(width, 1), nn.Conv2d(width, outputs, 1))

    def forward(self, template: Tensor, search: Tensor) -> Tensor:
        return self.predict(self.correlation(self.adapt_template(template), self.adapt_search(search)))


@HEADS.register("depthwise_ban")
class DepthwiseBAN(nn.Module):
    """Class and box branches; 7x7 and 31x31 maps give 25x25 predictions."""

    def __init__(self, width: int, correlation: str) -> None:
        super().__init__()
        kind = CORRELATIONS[correlation]
        if kind.keeps_size:
            raise ValueError(f"model.head: depthwise_ban needs correlation depthwise, got {correlation}")
        self.cls = Branch(width, 2, kind())
        self.loc = Branch(width, 4, kind())

    def forward(self, template: Tensor, search: Tensor) -> tuple[Tensor, Tensor]:
        """N,C,7,7 and N,C,31,31 to logits N,2,25,25 and raw box values N,4,25,25."""
        return self.cls(template, search), self.loc(template, search)
