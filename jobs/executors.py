"""Who runs jobs: an id for each process, and a way to see at once that one on this machine is gone.

An executor keeps a file locked for as long as its process lives; the system gives the lock back however
the process ends. Where jobs are shared by several machines there is no such file, and an executor counts
as gone when it has been silent for too long.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import socket
from pathlib import Path
from typing import IO

ENDING = ".lock"


def new_id() -> str:
    """Return an id that no other process has or will have: machine, process, and a random part."""
    machine = re.sub(r"[^A-Za-z0-9.-]", "", socket.gethostname())[:60] or "host"
    return f"{machine}-{os.getpid()}-{secrets.token_hex(4)}"


class Presence:
    """An executor's sign that it lives: a locked file in `folder`, or (None) nothing but its heartbeats."""

    def __init__(self, executor: str, folder: Path | None) -> None:
        self.executor = executor
        self._folder = folder
        self._file: IO[bytes] | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Renamed once locked, so that nobody finds the file before it is.
            self._file = (folder / executor).open("wb")
            fcntl.flock(self._file, fcntl.LOCK_EX)
            (folder / executor).rename(folder / f"{executor}{ENDING}")

    def lives(self, executor: str) -> bool | None:
        """Whether another executor still runs; None where that cannot be seen from here."""
        if self._folder is None:
            return None
        return executor == self.executor or _is_locked(self._folder / f"{executor}{ENDING}")

    def alone(self) -> bool | None:
        """Whether no other executor runs (files of those gone are removed); None where it cannot be seen."""
        if self._folder is None:
            return None
        others = [path for path in sorted(self._folder.glob(f"*{ENDING}")) if path.stem != self.executor]
        living = [path for path in others if _is_locked(path)]
        for path in set(others) - set(living):
            path.unlink(missing_ok=True)
        return not living

    def close(self) -> None:
        """Take the sign away."""
        if self._file is not None and self._folder is not None:
            (self._folder / f"{self.executor}{ENDING}").unlink(missing_ok=True)
            self._file.close()
            self._file = None


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(
                file, fcntl.LOCK_SH | fcntl.LOCK_NB
            )  # shared: two that look must not mistake each other
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
