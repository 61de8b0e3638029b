"""Backbones: image N,3,H,W (normalised) to one map per requested level, stride 8."""

from torch import nn

from tracker.registry import Registry

BACKBONES: Registry[type[nn.Module]] = Registry("backbone")

from tracker.models.backbones import resnet as resnet  # noqa: E402  (registers)
