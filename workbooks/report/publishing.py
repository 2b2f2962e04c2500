"""Put a finished file in its place: all of it or nothing, and known to be possible before the work."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from criteria.problems import MraError


class NotWritable(MraError):
    """A file that cannot be written, with why and what to do."""


def check_writable(path: Path | str) -> Path:
    """Return the path if a report can be written there; raise NotWritable before any work is done."""
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise NotWritable(f'"{target}" must end in .xlsx, so that spreadsheet programs open it.')
    if target.is_dir():
        raise NotWritable(f'"{target}" is a folder. Name a file in it.')
    if not target.parent.is_dir():
        raise NotWritable(f'The folder "{target.parent}" does not exist. Create it, or choose another.')
    if target.exists() and not os.access(target, os.W_OK):
        raise NotWritable(f'"{target}" is write-protected. Choose another name.')
    try:
        handle, probe = tempfile.mkstemp(dir=target.parent, prefix=".report-", suffix=".part")
    except OSError as error:
        raise NotWritable(
            f'Nothing can be written in "{target.parent}": {error.strerror}. Choose another folder.'
        ) from error
    os.close(handle)
    Path(probe).unlink(missing_ok=True)
    return target


def put(content: bytes, path: Path | str) -> None:
    """Write a whole file in one step; an earlier one stays as it was until then, also after a failure."""
    target = check_writable(path)
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=".report-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            os.fchmod(out.fileno(), 0o666 & ~_umask())
        Path(part).replace(target)
    except OSError as error:
        raise NotWritable(f'"{target}" could not be written: {error.strerror}.') from error
    finally:
        Path(part).unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
