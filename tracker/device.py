"""Where and how the network runs: device, precision, threads, seeds."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch

from tracker.errors import InputError


def resolve_device(name: str) -> torch.device:
    """`auto` (CUDA where there is one), `cpu`, `cuda` or `cuda:1`. Raises InputError where it cannot be used."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device {name!r}: expected auto, cpu, cuda or cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"device {name!r}: expected auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device {name!r}: this machine offers {torch.cuda.device_count()} CUDA devices to torch")
    return device


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """`auto` (bf16 where the hardware multiplies it natively), `fp32` or `bf16`. Raises InputError."""
    known = {"fp32": torch.float32, "bf16": torch.bfloat16}
    if name in known:
        return known[name]
    if name != "auto":
        raise InputError(f"precision {name!r}: expected auto, fp32 or bf16")
    native = torch.cuda.get_device_capability(device) >= (8, 0) if device.type == "cuda" else _cpu_has_bf16()
    return torch.bfloat16 if native else torch.float32


def autocast(device: torch.device, precision: torch.dtype) -> AbstractContextManager[object]:
    """Context in which the network computes in `precision`."""
    if precision is torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=precision)


def set_threads(count: int) -> None:
    """CPU threads of torch, 0 = leave as it is."""
    if count < 0:
        raise InputError(f"threads: must be 0 (all cores) or more, got {count}")
    if count:
        torch.set_num_threads(count)


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _cpu_has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text().split("flags", 1)[-1].split("\n", 1)[0]
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
