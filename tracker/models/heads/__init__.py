"""Heads of one level: template and search maps to class logits N,2,25,25 and raw box values N,4,25,25."""

from torch import nn

from tracker.registry import Registry, discover

HEADS: Registry[type[nn.Module]] = Registry("head")

discover(__name__, __path__)
