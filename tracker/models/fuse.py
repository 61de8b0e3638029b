"""BatchNorm with fixed statistics is an affine map: fold it into the convolution before it, and back."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


class Folded(nn.Identity):
    """Stands where a BatchNorm was folded into the convolution `conv`."""

    def __init__(self, conv: nn.Conv2d, eps: float, had_bias: bool) -> None:
        super().__init__()
        self.eps, self.had_bias = eps, had_bias
        self._conv = (conv,)  # in a tuple: a reference, not a second registration

    @property
    def conv(self) -> nn.Conv2d:
        return self._conv[0]


def fold_batchnorm(root: nn.Module) -> None:
    """Fold, in place, every BatchNorm that directly follows a convolution, with its running statistics.

    Exact in evaluation mode, and one pass over memory less per layer.
    """
    for module in list(root.modules()):
        for (_, conv), (name, norm) in pairwise(list(module.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                assert norm.running_mean is not None and norm.running_var is not None
                weight, bias = fuse_conv_bn_weights(
                    conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
                )
                folded = Folded(conv, norm.eps, conv.bias is not None)
                conv.weight = nn.Parameter(weight.detach())
                conv.bias = nn.Parameter(bias.detach())
                setattr(module, name, folded)


def unfolded_state(root: nn.Module) -> dict[str, Tensor]:
    """State dict under the names that `root` had before `fold_batchnorm`: the same function, BatchNorm as a bias."""
    state = dict(root.state_dict())
    names = {id(module): name for name, module in root.named_modules()}
    for name, module in root.named_modules():
        if isinstance(module, Folded):
            key = f"{names[id(module.conv)]}.bias"
            bias = state.pop(key)
            if module.had_bias:
                state[key] = torch.zeros_like(bias)
            state |= {
                f"{name}.weight": torch.ones_like(bias),
                f"{name}.bias": bias,
                f"{name}.running_mean": torch.zeros_like(bias),
                f"{name}.running_var": torch.full_like(bias, 1 - module.eps),
                f"{name}.num_batches_tracked": torch.zeros((), dtype=torch.long),
            }
    return state
