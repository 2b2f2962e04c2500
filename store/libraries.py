"""The Library of a workspace, from the store just as from a folder; made once for each version.

The files are laid out in a temporary folder and read by the same loader, so that nothing can read
differently here. A made Library is kept in this process until newer ones push it out.
"""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from criteria.problems import DataError, Problem
from mappings.library import Library, load_library, read_library
from store import files, workspaces

KEEP = 16  # libraries in memory
Made = tuple[Library, tuple[Problem, ...]]


@dataclass(slots=True)
class _Shelf:
    made: OrderedDict[tuple[str, int], Made] = field(default_factory=OrderedDict)
    making: dict[tuple[str, int], threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: tuple[str, int]) -> Made | None:
        with self.lock:
            if key in self.made:
                self.made.move_to_end(key)
            return self.made.get(key)

    def keep(self, key: tuple[str, int], made: Made) -> None:
        with self.lock:
            self.made[key] = made
            self.making.pop(key, None)
            while len(self.made) > KEEP:
                self.made.popitem(last=False)

    def turn(self, key: tuple[str, int]) -> threading.Lock:
        with self.lock:
            return self.making.setdefault(key, threading.Lock())


_shelf = _Shelf()


def library_of(session: Session, workspace: str) -> Library:
    """Return the shipped library with a workspace over it; raise NotFound, or DataError for broken data."""
    library, problems = read(session, workspace)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise DataError(errors)
    return library


def read(session: Session, workspace: str) -> Made:
    """Return the library of a workspace and every problem in it; raise NotFound."""
    while True:
        found = workspaces.get(session, workspace)
        key = (found.uid, found.version)
        known = _shelf.find(key)
        if known is not None:
            return known
        with _shelf.turn(key):
            known = _shelf.find(key)
            if known is not None:
                return known
            held = files.read_all(session, workspace)
            # A session that does not see one fixed state could have read newer files under an older version.
            if workspaces.get(session, workspace).version == found.version:
                made = build(held)
                _shelf.keep(key, made)
                return made


def build(held: Mapping[str, str]) -> Made:
    """Return the library that these files give over the shipped one, and every problem in it."""
    if not held:
        return load_library(), ()
    with tempfile.TemporaryDirectory(prefix="mra-") as place:
        folder = Path(place) / "workspace"
        lay_out(held, folder)
        library, problems = read_library(folder)
    return library, tuple(problems)


def lay_out(held: Mapping[str, str], folder: Path) -> None:
    """Write files into a folder, which is made; the paths have been checked when they were stored."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in held.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def forget() -> None:
    """Drop every library kept in this process (after an upgrade of the shipped one, or in a test)."""
    with _shelf.lock:
        _shelf.made.clear()
