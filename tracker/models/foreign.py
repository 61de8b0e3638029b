"""Weights of other projects under this project's names: SiamPW-RBO, SiamBAN, torchvision's ResNet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tracker.errors import InputError
from tracker.models.siamese import SiameseNet

Weights = dict[str, Tensor]
WRAPPERS = ("state_dict", "model", "net", "network", "model_state_dict")
PREFIXES = ("module.", "model.", "net.")
COUNTER = "num_batches_tracked"  # of BatchNorm: plays no part in inference

# Applied in order. Those projects number necks and heads from 2, whatever the backbone's stage.
RENAMES: tuple[tuple[str, str], ...] = (
    (r"^(conv1|bn1|layer\d|fc)\.", r"backbone.\1."),  # torchvision's bare ResNet
    (r"^neck\.downsample\.downsample\.", "neck.0."),  # SiamBAN with a single level
    (r"^neck\.downsample(\d)\.downsample\.", "neck.{}."),
    (r"^head\.box(\d)\.", "head.levels.{}."),
    (r"^(head\.levels\.\d)\.head\.fi\.", r"\1.fuse."),
    (r"^(head\.levels\.\d)\.head\.cls_tower\.", r"\1.cls_tower."),
    (r"^(head\.levels\.\d)\.head\.reg_tower\.", r"\1.loc_tower."),
    (r"^(head\.levels\.\d)\.head\.cls_logits\.", r"\1.cls."),
    (r"^(head\.levels\.\d)\.head\.bbox_pred\.", r"\1.loc."),
    (r"^(head\.levels\.\d\.(?:cls|loc))\.conv_kernel\.", r"\1.adapt_template."),
    (r"^(head\.levels\.\d\.(?:cls|loc))\.conv_search\.", r"\1.adapt_search."),
    (r"^(head\.levels\.\d\.(?:cls|loc))\.head\.", r"\1.predict."),
)


@dataclass(frozen=True)
class ImportReport:
    """What came of an import; names are this project's, those of `unexpected` the file's own.

    `other_shape` holds `name (shape in the file, shape expected)`; those names are in `missing` too.
    """

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    other_shape: tuple[str, ...]


def own_name(name: str) -> str:
    """The name that a tensor of another project has here; names of this project stay as they are."""
    for pattern, new in RENAMES:
        found = re.match(pattern, name)
        if found:
            start = new.format(int(found[1]) - 2) if "{}" in new else found.expand(new)
            name = start + name[found.end() :]
    return name


def is_state_dict(value: Any) -> bool:
    """Whether this is a non-empty mapping of names to tensors."""
    if not isinstance(value, Mapping) or not value:
        return False
    return all(isinstance(k, str) and isinstance(v, Tensor) for k, v in value.items())


def unwrap(content: Any) -> Weights:
    """The state dict inside a file's content, without `module.` and its like. Raises InputError where there is none."""
    while isinstance(content, dict) and (key := next((k for k in WRAPPERS if isinstance(content.get(k), dict)), None)):
        content = content[key]
    if not is_state_dict(content):
        raise InputError(f"holds no state dict, bare or under one of: {', '.join(WRAPPERS)}")
    weights = dict(content)
    while prefix := next((p for p in PREFIXES if all(k.startswith(p) for k in weights)), None):
        weights = {k.removeprefix(prefix): v for k, v in weights.items()}
    return weights


def fill(net: SiameseNet, content: Any) -> ImportReport:
    """Fill a network, in place, from a file's content of this or another project, where names and shapes agree.

    A 1x1 kernel goes to the centre of a 3x3 one (torchvision's shortcuts in the dilated stages).
    Raises InputError: there is no state dict, or nothing in it fits.
    """
    own = net.state_dict()
    fitting: Weights = {}
    unexpected, other_shape = [], []
    for name, tensor in unwrap(content).items():
        here = own_name(name)
        if here.endswith(COUNTER):
            continue
        if here not in own:
            unexpected.append(name)
            continue
        value = _centred(tensor, own[here])
        if value.shape == own[here].shape:
            fitting[here] = value.to(own[here].dtype)
        else:
            other_shape.append(f"{here} ({_size(tensor)} in the file, {_size(own[here])} expected)")
    if not fitting:
        raise InputError(f"no tensor fits this network, such as {some(unexpected + other_shape)}")
    net.load_state_dict(fitting, strict=False)
    missing = [n for n in own if n not in fitting and not n.endswith(COUNTER)]
    return ImportReport(tuple(fitting), tuple(missing), tuple(unexpected), tuple(other_shape))


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few names in order, and how many more there are."""
    listed = sorted(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def _centred(tensor: Tensor, like: Tensor) -> Tensor:
    if tensor.shape[2:] != (1, 1) or like.shape[2:] != (3, 3) or tensor.shape[:2] != like.shape[:2]:
        return tensor
    value = torch.zeros_like(like)
    value[:, :, 1, 1] = tensor[:, :, 0, 0]
    return value


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"
