"""Where a study is kept: a journal file (works on network folders), or any SQL database by URL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tracker.errors import InputError


def open_storage(place: str) -> Any:
    """An Optuna storage. Raises InputError where it cannot be opened, or is something else."""
    import optuna

    if "://" not in place:
        return _journal(Path(place))
    # Several commands write to one file; SQLite's own five seconds are short for that.
    options = {"connect_args": {"timeout": 60}} if place.startswith("sqlite") else {}
    try:
        return optuna.storages.RDBStorage(place, engine_kwargs=options)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"--storage {place}: cannot be opened ({reason})") from None


def _journal(path: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The whole path: the lock is a link to it, and the age of a lock that a killed process left is read through it.
        whole = str(path.resolve())
        lock: Any = JournalFileOpenLock(whole) if os.name == "nt" else JournalFileSymlinkLock(whole)
        _drop_torn_line(path, lock)
        return JournalStorage(JournalFileBackend(whole, lock_obj=lock))
    except OSError as error:
        raise InputError(f"--storage {path}: cannot be opened ({error.strerror or error})") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"--storage {path}: is not the journal of a study") from None


def _drop_torn_line(path: Path, lock: Any) -> None:
    """Cut a last line without its end, as a full disk leaves it: what is appended would make the journal unreadable."""
    if not path.is_file() or not path.stat().st_size:
        return
    lock.acquire()
    try:
        with path.open("rb+") as file:
            text = file.read()
            if not text.startswith(b"{"):
                raise ValueError("not a journal")
            if not text.endswith(b"\n"):
                file.truncate(text.rfind(b"\n") + 1)
    finally:
        lock.release()
