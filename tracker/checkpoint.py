"""Checkpoints: tensors and plain types only, read without running code, written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickletools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from tracker import __version__
from tracker.config import describe, from_dict, to_dict
from tracker.errors import InputError
from tracker.models.foreign import COUNTER, ImportReport, Weights, fill, is_state_dict, some
from tracker.models.siamese import SiameseNet, build_model
from tracker.settings import Config

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        path: where it was read from.
        version: of the project that wrote it.
        config: the resolved configuration it was made with; preprocessing is its `model.input`.
        model: state dict, float32.
        meta: plain facts: metrics, seed, pairs seen, source, and `missing`, names that an import did not find.
    """

    path: Path
    version: str
    config: Config
    model: Weights
    meta: dict[str, Any] = field(default_factory=dict)

    def network(self) -> SiameseNet:
        """The network with these weights, on the CPU, in evaluation mode. Raises InputError if they do not fit."""
        try:
            net = build_model(self.config.model)
        except ValueError as error:
            raise InputError(f"checkpoint {self.path}: its configuration gives no network: {error}") from None
        own = net.state_dict()
        fitting = {k: v for k, v in self.model.items() if k in own and own[k].shape == v.shape}
        wrong = (set(own) | set(self.model)) - set(fitting)
        wrong = {name for name in wrong if not name.endswith(COUNTER)}
        if wrong:
            raise InputError(f"checkpoint {self.path}: its tensors do not fit its configuration: {some(wrong)}")
        net.load_state_dict(fitting, strict=False)
        return net.eval()


def save(
    path: str | Path, model: Mapping[str, Tensor], config: Config, meta: Mapping[str, Any], half: bool = False
) -> str:
    """Write a checkpoint atomically and return the sha256 of the file.

    Folders of the machine that trained (`data.root`, the folder of `train.init`) are left out of the configuration.

    Args:
        model: state dict.
        meta: plain types only.
        half: store matrices and kernels as float16; vectors (BatchNorm statistics among them) stay as they are.
    Raises:
        InputError: the place cannot be written.
    """
    _require_plain(dict(meta), "meta")
    tree = to_dict(config)
    tree["data"]["root"] = ""
    tree["train"]["init"] = Path(config.train.init).name
    content = {
        "format": FORMAT,
        "version": __version__,
        "config": tree,
        "model": {name: _stored(tensor, half) for name, tensor in model.items()},
        "meta": dict(meta),
    }
    return write_tensors(path, content)


def write_tensors(path: str | Path, content: Any) -> str:
    """`torch.save` to a temporary file beside `path`, moved into place when complete; its sha256. Raises InputError."""
    path = Path(path)
    part = path.with_name(f".{path.name}.part")  # of one name, so that what a kill leaves is replaced by the next
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        digest = sha256(part)
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"checkpoint {path}: cannot be written ({error})") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return digest


def read_tensors(path: str | Path) -> Any:
    """Content of a file of tensors and plain types, on the CPU. Raises InputError in one line for anything else."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"checkpoint {path}: {'is a folder' if path.is_dir() else 'no such file'}")
    try:
        with open(path, "rb"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd pickles: what follows says all there is to say
            return torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise InputError(f"checkpoint {path}: cannot be read ({error.strerror})") from None
    except Exception as error:  # a damaged or hostile pickle may raise anything at all
        if _names_code(path, str(error)):
            reason = "holds code or objects besides tensors and plain types, and was not run"
        else:
            reason = "is damaged, incomplete or not a PyTorch file; copy or download it again"
        raise InputError(f"checkpoint {path}: {reason}") from None


def load(path: str | Path) -> Checkpoint:
    """Read a checkpoint of this project. Raises InputError: missing, damaged, holding code, or of another format."""
    path = Path(path)
    content = read_tensors(path)
    hint = "if it comes from another project, use `siamsa checkpoint import`"
    if not isinstance(content, dict) or not {"format", "config", "model"} <= set(content):
        raise InputError(f"checkpoint {path}: not a checkpoint of this project; {hint}")
    if content["format"] != FORMAT:
        raise InputError(f"checkpoint {path}: format {content['format']!r}, this version reads {FORMAT}; update siamsa")
    config, model, meta = content["config"], content["model"], content.get("meta", {})
    if not isinstance(config, dict) or not is_state_dict(model) or not isinstance(meta, dict):
        raise InputError(f"checkpoint {path}: its parts are not what they should be; {hint}")
    try:
        resolved = from_dict(config)
    except ValueError as error:
        raise InputError(f"checkpoint {path}: its configuration: {error}") from None
    weights = {name: t.float() if t.is_floating_point() else t for name, t in model.items()}
    return Checkpoint(path, str(content.get("version", "")), resolved, weights, meta)


def import_weights(net: SiameseNet, path: str | Path) -> ImportReport:
    """Fill a network, in place, from a file of this project, SiamPW-RBO, SiamBAN or torchvision's ResNet.

    Returns what was loaded, missing, unexpected or of another shape. Raises InputError: the file cannot be read, or
    nothing in it fits.
    """
    content = read_tensors(path)
    try:
        return fill(net, content)
    except InputError as error:
        raise InputError(f"checkpoint {path}: {error}") from None


def require_same_model(checkpoint: Checkpoint, config: Config) -> None:
    """Refuse weights made for another network than the configuration's. Raises InputError naming what differs."""
    there, here = describe(checkpoint.config.model, "model."), describe(config.model, "model.")
    pairs = zip(there, here, strict=True)
    differing = [f"{key} is {a} in the checkpoint, {b} wanted" for (key, a, _), (_, b, _) in pairs if a != b]
    if differing:
        made_for = f"checkpoint {checkpoint.path} (experiment {checkpoint.config.name or 'unnamed'})"
        raise InputError(f"{made_for} is for another network: {'; '.join(differing)}")


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def pretrained_dir() -> Path:
    """Folder of the shipped checkpoints: the source tree's, or the one installed with the package."""
    here = Path(__file__).resolve().parent
    places = [here.parent / "pretrained", here / "pretrained"]
    return next((p for p in places if (p / "manifest.yaml").is_file()), places[0])


def manifest() -> dict[str, dict[str, Any]]:
    """Shipped checkpoints by file name, with sha256, experiment, licence and provenance. Raises InputError."""
    path = pretrained_dir() / "manifest.yaml"
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict) or not all(isinstance(v, dict) for v in tree.values()):
        raise InputError(f"{path}: expected one group of settings per checkpoint")
    return tree


def verify(path: str | Path) -> tuple[Checkpoint, str | None]:
    """Check that a checkpoint is whole, fits its configuration, and is the one that the manifest lists by its name.

    Returns:
        The checkpoint, and the sha256 that agreed with the manifest, or None where the manifest does not list it.
    Raises:
        InputError: another sha256 than the manifest's, damaged, not finite, or not fitting.
    """
    path = Path(path)
    expected = manifest().get(path.name, {}).get("sha256") if path.is_file() else None
    if expected and (found := sha256(path)) != expected:
        raise InputError(
            f"checkpoint {path}: sha256 {found[:12]}... is not the manifest's {str(expected)[:12]}...; "
            "it is damaged or another file of that name"
        )
    checkpoint = load(path)
    bad = [name for name, tensor in checkpoint.model.items() if not torch.isfinite(tensor).all()]
    if bad:
        raise InputError(f"checkpoint {path}: values that are not finite in {some(bad)}")
    checkpoint.network()
    return checkpoint, expected


def average(models: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """The weighted mean of state dicts with the same names; `shares` sum to 1. Counters are the first's.

    Runs that began from the same weights lie in one basin, where the mean is often better than each (Wortsman et al.,
    "Model soups", ICML 2022).
    """
    mean = {name: tensor.clone() for name, tensor in models[0].items()}
    for name, tensor in mean.items():
        if tensor.is_floating_point():
            parts = [share * model[name].float() for share, model in zip(shares, models, strict=True)]
            mean[name] = torch.stack(parts).sum(0)
    return mean


def fits_half(tensor: Tensor) -> bool:
    """Whether storing this tensor as `save(half=True)` does would lose nothing."""
    return bool(torch.equal(_stored(tensor, half=True).to(tensor.dtype), tensor.detach().cpu()))


def _stored(tensor: Tensor, half: bool) -> Tensor:
    tensor = tensor.detach().cpu()
    if half and tensor.ndim > 1 and tensor.dtype == torch.float32 and bool((tensor.abs() < 65504).all()):
        return tensor.half()
    return tensor.clone()  # a view would take its whole storage along


def _names_code(path: Path, error: str) -> bool:
    """Whether torch refused a file for what it would run, rather than for damage."""
    if any(sign in error for sign in ("GLOBAL", "Unsupported global", "Unsupported class", "TorchScript")):
        return True
    try:
        with open(path, "rb") as file:
            return any(op.name in ("GLOBAL", "STACK_GLOBAL", "INST") for op, _, _ in pickletools.genops(file))
    except Exception:  # not a pickle, or one that ends early
        return False


def _require_plain(value: Any, where: str) -> None:
    """Refuse what `weights_only` would refuse to read back. Raises TypeError: a mistake of the caller."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            _require_plain(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            _require_plain(item, f"{where}[{i}]")
    elif value is not None and type(value) not in (str, int, float, bool):
        raise TypeError(f"{where}: checkpoints hold plain types only, got {type(value).__name__}")
