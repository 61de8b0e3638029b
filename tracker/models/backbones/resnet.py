"""ResNet at stride 8 with dilated stages, as SiamRPN++ (Li et al., CVPR 2019) made it for tracking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from tracker.models.backbones import BACKBONES, Backbone

STRIDES = {1: 1, 2: 2, 3: 1, 4: 1}
DILATIONS = {1: 1, 2: 1, 3: 2, 4: 4}


def _conv3x3(inputs: int, outputs: int, stride: int, dilation: int) -> nn.Conv2d:
    """3x3 convolution; a strided one has no padding, which keeps the sizes 127 -> 15 and 255 -> 31."""
    padding = 0 if stride == 2 else dilation
    return nn.Conv2d(inputs, outputs, 3, stride, padding, dilation, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (ResNet-18 and -34)."""

    expansion: ClassVar[int] = 1

    def __init__(
        self, inputs: int, planes: int, stride: int = 1, dilation: int = 1, shortcut: nn.Module | None = None
    ) -> None:
        super().__init__()
        first = max(1, dilation // 2) if shortcut is not None else dilation
        self.conv1 = _conv3x3(inputs, planes, stride, first)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _conv3x3(planes, planes, 1, dilation)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        skip = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + skip)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions and a shortcut (ResNet-50)."""

    expansion: ClassVar[int] = 4

    def __init__(
        self, inputs: int, planes: int, stride: int = 1, dilation: int = 1, shortcut: nn.Module | None = None
    ) -> None:
        super().__init__()
        first = max(1, dilation // 2) if shortcut is not None else dilation
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = _conv3x3(planes, planes, stride, first)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        skip = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        return self.relu(self.bn3(self.conv3(out)) + skip)


class ResNet(Backbone):
    """conv1 to the last stage of `levels`, which are ascending and within 1..4; torchvision's names.

    A kind of ResNet sets its `block`, and its `depths`, the number of blocks in layer1 to layer4.
    """

    block: ClassVar[type[BasicBlock] | type[Bottleneck]]
    depths: ClassVar[tuple[int, int, int, int]]

    def __init__(self, levels: Sequence[int]) -> None:
        if not levels or list(levels) != sorted(set(levels)) or not set(levels) <= set(STRIDES):
            raise ValueError(f"model.levels: expected ascending stages within 1..4, got {list(levels)}")
        super().__init__(levels)
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=0, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.stages = tuple(range(1, max(levels) + 1))
        self.channels = {}
        inputs = 64
        for stage in self.stages:
            planes = 32 * 2**stage
            self.add_module(f"layer{stage}", self._stage(inputs, planes, stage))
            inputs = self.channels[stage] = planes * self.block.expansion
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def _stage(self, inputs: int, planes: int, stage: int) -> nn.Sequential:
        block, stride, dilation = self.block, STRIDES[stage], DILATIONS[stage]
        outputs = planes * block.expansion
        shortcut = None
        if stride != 1 or inputs != outputs:
            plain = stride == 1 and dilation == 1
            conv = (
                nn.Conv2d(inputs, outputs, 1, bias=False)
                if plain
                else _conv3x3(inputs, outputs, stride, max(1, dilation // 2))
            )
            shortcut = nn.Sequential(conv, nn.BatchNorm2d(outputs))
        blocks = [block(inputs, planes, stride, dilation, shortcut)]
        blocks += [block(outputs, planes, 1, dilation) for _ in range(1, self.depths[stage - 1])]
        return nn.Sequential(*blocks)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Image N,3,H,W to the maps of `levels`, each N,C,H/8,W/8."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(image))))
        maps = []
        for stage in self.stages:
            x = self.get_submodule(f"layer{stage}")(x)
            if stage in self.levels:
                maps.append(x)
        return maps


@BACKBONES.register("resnet18")
class ResNet18(ResNet):
    block, depths = BasicBlock, (2, 2, 2, 2)


@BACKBONES.register("resnet34")
class ResNet34(ResNet):
    block, depths = BasicBlock, (3, 4, 6, 3)


@BACKBONES.register("resnet50")
class ResNet50(ResNet):
    block, depths = Bottleneck, (3, 4, 6, 3)
