"""Attention modules: a map N,C,H,W to one of the same shape, applied before matching."""

from torch import nn

from tracker.registry import Registry, discover

ATTENTION: Registry[type[nn.Module]] = Registry("attention")

discover(__name__, __path__)
