"""Heads of one level: template and search maps to class logits N,2,25,25 and raw box values N,4,25,25."""

from torch import nn

from tracker.registry import Registry

HEADS: Registry[type[nn.Module]] = Registry("head")

from tracker.models.heads import anchor_free as anchor_free  # noqa: E402  (registers)
from tracker.models.heads import depthwise_ban as depthwise_ban  # noqa: E402  (registers)
