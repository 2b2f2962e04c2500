"""A workspace: a folder of one's own editions, controls, maps and reviews over the shipped library.

Layout: `programs/`, `controls/`, `maps/`, `direct/`, `reviews/`, `layouts/`, `workspace.yaml`; all YAML.
Changes are made in transactions: all files of a change appear, or none, also when the process is
killed; one writer at a time. What a change replaced is kept in `history/`, so that it can be undone.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from criteria.problems import MraError

PENDING, MANIFEST, HISTORY, LOCK = ".pending", "manifest.json", "history", ".lock"


class WorkspaceError(MraError):
    """A workspace folder that cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a workspace's history: its number, what was done, and which files it touched."""

    number: int
    what: str
    files: tuple[str, ...]


@contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the workspace's lock; an interrupted change is finished or dropped first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / LOCK).open("a+")
    except OSError as error:
        text = (
            f"The workspace {folder} cannot be used: {error.strerror}. Name another folder with --workspace."
        )
        raise WorkspaceError(text) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _recover(folder)
        if shared:
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Hold the lock for reading; a folder that does not exist, or cannot be written, needs none."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield
        return
    with locked(folder, shared=True):
        yield


def _recover(folder: Path) -> None:
    pending = folder / PENDING
    if (pending / MANIFEST).is_file():
        _apply(folder)
    elif pending.exists():
        shutil.rmtree(pending)


def commit(folder: Path, files: Mapping[str, str | None], what: str) -> Change:
    """Write (or, where the text is None, remove) files of a workspace in one step; return the change.

    The caller holds the lock. Names are relative to the folder and stay inside it.
    """
    pending = folder / PENDING
    pending.mkdir()
    number = 1 + max((change.number for change in history(folder)), default=0)
    if _entry(folder, number).exists():  # left by a change that was dropped half way
        shutil.rmtree(_entry(folder, number))
    for name, text in files.items():
        target = _inside(folder, name)
        _keep(folder, number, name, target)
        if text is not None:
            staged = pending / "files" / name
            staged.parent.mkdir(parents=True, exist_ok=True)
            _write(staged, text)
    manifest = {
        "number": number,
        "what": what,
        "files": {name: text is not None for name, text in files.items()},
    }
    _write(pending / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))  # from here on it is made
    _apply(folder)
    return Change(number, what, tuple(files))


def _entry(folder: Path, number: int) -> Path:
    return folder / HISTORY / f"{number:06d}"


def _inside(folder: Path, name: str) -> Path:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise WorkspaceError(f'"{name}" lies outside the workspace {folder}.')
    return target


def _keep(folder: Path, number: int, name: str, target: Path) -> None:
    kept = _entry(folder, number) / "before" / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file():
        shutil.copy2(target, kept)


def _write(path: Path, text: str) -> None:
    """Write a file in one step: under its name it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def _apply(folder: Path) -> None:
    """Move what is pending into place; repeating it after an interruption does no harm."""
    pending = folder / PENDING
    text = (pending / MANIFEST).read_text(encoding="utf-8")
    manifest = json.loads(text)
    _write(_entry(folder, manifest["number"]) / MANIFEST, text)
    for name, written in manifest["files"].items():
        target, staged = folder / name, pending / "files" / name
        if not written:
            target.unlink(missing_ok=True)
        elif staged.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
    shutil.rmtree(pending)


def history(folder: Path) -> list[Change]:
    """Return the changes that were made to a workspace, the oldest first."""
    found = []
    for entry in sorted((folder / HISTORY).glob("*/" + MANIFEST)) if (folder / HISTORY).is_dir() else ():
        data = json.loads(entry.read_text(encoding="utf-8"))
        found.append(Change(data["number"], data["what"], tuple(data["files"])))
    return found


def undo(folder: Path) -> Change:
    """Take back the last change (undoing an undo does it again); return the change that does so."""
    if not history(folder):
        raise WorkspaceError(f"There is nothing to undo in {folder}.")
    with locked(folder):
        done = history(folder)
        last = done[-1]
        before = _entry(folder, last.number) / "before"
        files = {
            n: (before / n).read_text(encoding="utf-8") if (before / n).is_file() else None
            for n in last.files
        }
        return commit(folder, files, f"undo {last.number}: {last.what}")
