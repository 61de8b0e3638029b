"""Attention modules: a map N,C,H,W to one of the same shape, applied before matching."""

from torch import nn

from tracker.registry import Registry

ATTENTION: Registry[type[nn.Module]] = Registry("attention")

from tracker.models.attention import identity as identity  # noqa: E402  (registers)
from tracker.models.attention import self_attention as self_attention  # noqa: E402  (registers)
