"""The network: backbone, neck, attention, correlation and head, without state and without a device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tracker.models.attention import ATTENTION
from tracker.models.backbones import BACKBONES
from tracker.models.heads import HEADS
from tracker.models.neck import Neck, centre
from tracker.settings import InputConfig, ModelConfig

Embedding = list[Tensor]


class Normalise(nn.Module):
    """BGR 0..255 to what the backbone reads. Its constants come from the configuration, not from the weights."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: InputConfig) -> None:
        super().__init__()
        if config.colour not in ("bgr", "rgb"):
            raise ValueError(f"model.input.colour: expected bgr or rgb, got {config.colour!r}")
        self.reverse = config.colour == "rgb"
        for name, values in (("mean", config.mean), ("std", config.std)):
            if len(values) != 3 or (name == "std" and 0 in values):
                raise ValueError(f"model.input.{name}: expected three numbers (std not 0), got {list(values)}")
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        image = image.flip(1) if self.reverse else image
        return (image.to(self.mean.dtype) - self.mean) / self.std


class LevelFusion(nn.Module):
    """Heads of all levels, their class logits and distances averaged with learnt softmax weights (SiamBAN)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        head = HEADS[config.head]
        self.levels = nn.ModuleList(head(config.width, config.correlation) for _ in config.levels)
        self.cls_weight = nn.Parameter(torch.ones(len(config.levels)))
        self.loc_weight = nn.Parameter(torch.ones(len(config.levels)))
        self.loc_scale = nn.Parameter(torch.ones(len(config.levels)))

    def forward(self, template: Embedding, search: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Per-level maps to logits N,2,25,25 and distances N,4,25,25 in search-crop pixels (exp applied), float32."""
        outputs = [head(z, x) for head, z, x in zip(self.levels, template, search, strict=True)]
        cls = torch.stack([o[0].float() for o in outputs])
        loc = torch.stack([(o[1].float() * s).exp() for o, s in zip(outputs, self.loc_scale, strict=True)])
        weights = [w.softmax(0).view(-1, 1, 1, 1, 1) for w in (self.cls_weight, self.loc_weight)]
        return (weights[0] * cls).sum(0), (weights[1] * loc).sum(0)


class SiameseNet(nn.Module):
    """`embed` a template once, then `forward(embedding, search)` for every search crop.

    Images are N,3,S,S, BGR, 0..255, any dtype: 127 pixels for a template and 255 for a search crop.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config.input)
        self.backbone = BACKBONES[config.backbone](config.levels)
        channels = [self.backbone.channels[level] for level in config.levels]
        self.neck = nn.ModuleList(Neck(c, config.width) for c in channels)
        attention = ATTENTION[config.attention.name]
        self.attention = nn.ModuleList(attention(config.width, config.attention) for _ in channels)
        self.head = LevelFusion(config)

    def embed(self, template: Tensor) -> Embedding:
        """Template N,3,127,127 to one map N,C,7,7 per level."""
        return self._attend([centre(m) for m in self._maps(template)])

    def features(self, search: Tensor) -> list[Tensor]:
        """Search crop N,3,255,255 to one map N,C,31,31 per level."""
        return self._attend(self._maps(search))

    def match(self, embedding: Embedding, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits N,2,25,25 (background, target) and distances l,t,r,b N,4,25,25 in search-crop pixels."""
        return self.head(embedding, features)

    def forward(self, embedding: Embedding, search: Tensor) -> tuple[Tensor, Tensor]:
        """`match` of an embedding with the features of a search crop N,3,255,255."""
        return self.match(embedding, self.features(search))

    def _maps(self, image: Tensor) -> list[Tensor]:
        maps = self.backbone(self.normalise(image))
        return [neck(m) for neck, m in zip(self.neck, maps, strict=True)]

    def _attend(self, maps: list[Tensor]) -> list[Tensor]:
        return [attention(m) for attention, m in zip(self.attention, maps, strict=True)]


def build_model(config: ModelConfig) -> SiameseNet:
    """The network of a configuration, with fresh weights. Raises ValueError for parts that do not fit together."""
    return SiameseNet(config)
