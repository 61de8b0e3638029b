"""Which process something belongs to, so that others can tell whether that one still runs."""

from __future__ import annotations

import os
import socket
from pathlib import Path

ENDED = {"Z", "X"}  # states of a process that is only waiting to be buried


def me() -> str:
    """This process: machine, number, and when it began."""
    return f"{_machine()} {os.getpid()} {_started(os.getpid())}"


def shown(owner: str) -> str:
    """`process 123 of host`."""
    machine, pid, *_ = [*owner.split(), "?", "?"]
    return f"process {pid} of {machine.rpartition('/')[0] or machine}"


def is_here(owner: str) -> bool:
    """Whether a process is one whose number means something in this process too."""
    return os.name == "posix" and owner.partition(" ")[0] == _machine()


def gone(owner: str) -> bool:
    """Whether an owner certainly runs no more: a process of this machine that has ended."""
    parts = owner.split()
    if not is_here(owner) or len(parts) < 3 or not parts[1].isdigit():
        return False
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(parts[1])) != parts[2]


def _machine() -> str:
    """This machine, and the numbering of processes on it: containers may share a name."""
    try:
        numbering = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        numbering = ""
    return f"{socket.gethostname().replace(' ', '-')}/{numbering}"


def _started(pid: int) -> str:
    """When a process began, so that a number given to another one is told apart.

    `-` where that cannot be known; `ended` for a process that has ended and was not yet waited for.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return "-"
    return "ended" if fields[0] in ENDED else f"{boot}:{fields[19]}"
