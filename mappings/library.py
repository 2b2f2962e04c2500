"""One value that holds everything a comparison reads: programs, editions, controls, maps.

It comes from the package, from a workspace folder laid over it, or from the store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from criteria.loading import SHIPPED as SHIPPED_PROGRAMS
from criteria.loading import load_programs
from criteria.model import Edition, Program
from criteria.problems import DataError, Problem, UnknownName
from mappings.loading import SHIPPED as SHIPPED_MAPPINGS
from mappings.loading import MapSet, load_mappings
from mappings.model import Control, DirectMap, Map, NoControl

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Programs, editions, controls and maps by key; `digest` hashes all of it."""

    programs: Mapping[str, Program]
    editions: Mapping[str, Edition]
    controls: Mapping[str, Control]
    maps: Mapping[str, MapSet]
    direct: Mapping[tuple[str, str], tuple[DirectMap, ...]]
    digest: str
    _memory: dict[Hashable, object] = field(default_factory=dict, repr=False)

    def remember(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made under a key before, or make it: a Library never changes."""
        if key not in self._memory:
            self._memory[key] = make()
        return cast(Made, self._memory[key])

    def content_hash(self, edition: str) -> str:
        """Return the hash of an edition, its program, its maps, and the catalogue they point into."""

        def made() -> str:
            found = self.editions[edition]
            maps = self.maps_of(edition)
            parts = [
                self.programs[found.program].model_dump(mode="json"),
                found.model_dump(mode="json"),
                {key: _plain(entry) for key, entry in maps.maps.items()},
                [joint.model_dump(mode="json") for joint in maps.jointly],
                [control.model_dump(mode="json") for control in self.controls.values()],
                [
                    [*pair, [one.model_dump(mode="json") for one in direct]]
                    for pair, direct in self.direct.items()
                    if edition in pair
                ],
            ]
            return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

        return self.remember(("content", edition), made)

    def edition(self, name: str) -> Edition:
        """Return an edition by its key, or a program's current edition by the program's key."""
        if name in self.editions:
            return self.editions[name]
        program = self.programs.get(name)
        if program is None:
            raise UnknownName("program or edition", name, (*self.programs, *self.editions))
        if program.current_edition:
            return self.editions[program.current_edition]
        raise UnknownName(
            "edition of that program", name, (e.key for e in self.editions.values() if e.program == name)
        )

    def maps_of(self, edition: str) -> MapSet:
        """Return the maps of an edition (an empty set where it has none)."""
        return self.maps.get(edition) or MapSet(edition, {})


def _plain(entry: tuple[Map, ...] | NoControl) -> object:
    if isinstance(entry, NoControl):
        return entry.model_dump(mode="json")
    return [one.model_dump(mode="json") for one in entry]


def read_library(workspace: Path | None = None) -> tuple[Library, list[Problem]]:
    """Read the shipped library, with a workspace folder over it, and every problem in both."""
    over = workspace is not None and workspace.is_dir()
    programs, problems = load_programs(
        (SHIPPED_PROGRAMS, *((workspace / "programs",) if over and workspace else ()))
    )
    mappings, faults = load_mappings(
        programs.editions, (SHIPPED_MAPPINGS, *((workspace,) if over and workspace else ()))
    )
    digest = hashlib.sha256(f"{programs.digest}|{mappings.digest}".encode()).hexdigest()
    library = Library(
        programs.programs, programs.editions, mappings.controls, mappings.maps, mappings.direct, digest
    )
    return library, problems + faults


def load_library(workspace: Path | None = None) -> Library:
    """Return the library; raise DataError with every problem where data is broken."""
    if workspace is None:
        return _shipped()
    return _checked(*read_library(workspace))


@lru_cache(maxsize=1)
def _shipped() -> Library:
    return _checked(*read_library())


def _checked(library: Library, problems: list[Problem]) -> Library:
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise DataError(errors)
    return library
