"""The Library of a workspace, from the store just as from a folder; made once for each version.

The files are laid out in a temporary folder and read by the same loader, so that nothing can read
differently here. A made Library is kept in this process until newer ones push it out.
"""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    """Libraries by stamp, the last used at the end, and the locks of those that are being made."""

    made: OrderedDict[str, Made] = field(default_factory=OrderedDict)
    making: dict[str, threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: str) -> Made | None:
        with self.lock:
            if key in self.made:
                self.made.move_to_end(key)
            return self.made.get(key)

    def keep(self, key: str, made: Made) -> None:
        with self.lock:
            self.made[key] = made
            while len(self.made) > KEEP:
                self.made.popitem(last=False)

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Let one maker of a key through at a time; who waited finds what the first one made."""
        with self.lock:
            own = self.making.setdefault(key, threading.Lock())
        with own:
            try:
                yield
            finally:
                with self.lock:
                    self.making.pop(key, None)


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
        key = workspaces.get(session, workspace).stamp
        with _shelf.turn(key):
            made = _shelf.find(key)
            if made is None:
                held = files.read_all(session, workspace)
                # A session that does not see one fixed state may have read newer files than the stamp's.
                if workspaces.get(session, workspace).stamp != key:
                    continue
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
