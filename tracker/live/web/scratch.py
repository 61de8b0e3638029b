"""The folder of a server's sessions, and those that servers left behind which were killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tracker.processes import owners

PREFIX = "siamsa-"
OWNER = ".owner"  # file that says which process a folder belongs to


def make_scratch(parent: Path | None = None) -> Path:
    """A new folder in `parent` (None: that of the system for such) that notes this process as its owner.

    Folders there whose owner certainly runs no more are removed first. Raises OSError.
    """
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    for path in parent.glob(f"{PREFIX}*"):
        if _abandoned(path):
            shutil.rmtree(path, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    (made / OWNER).write_text(owners.me(), encoding="utf-8")
    return made


def _abandoned(path: Path) -> bool:
    """Whether a folder is this user's own and notes an owner of this machine that has ended; else it is let be."""
    try:
        if path.is_symlink() or path.lstat().st_uid != os.getuid():  # the folder for such is everybody's
            return False
        return owners.gone((path / OWNER).read_text("utf-8"))
    except (OSError, ValueError, AttributeError):  # no folder, no note, not for us to read; Windows has no getuid
        return False
