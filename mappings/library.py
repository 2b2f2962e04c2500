"""One value that holds everything a comparison reads: programs, editions, controls, maps.

It comes from the package, from a workspace folder laid over it, or from the store.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar, cast

from criteria.files import DataFile, parse_model, parse_yaml, read_yaml_tree
from criteria.loading import SHIPPED as SHIPPED_PROGRAMS
from criteria.loading import load_programs
from criteria.model import Edition, Frozen, Program
from criteria.problems import DataError, MraError, Problem, UnknownName
from mappings.loading import SHIPPED as SHIPPED_MAPPINGS
from mappings.loading import MapSet, load_mappings, obligation_ids
from mappings.model import Control, DirectMap, Map, NoControl
from mappings.reviewing import Review, reviewed_maps
from mappings.workspace import reading

Made = TypeVar("Made")

DAYS = 4  # days whose results a Library keeps
OF_A_DAY = 5_000  # results of one day: a matrix of all programs takes 1,000
_NOTHING: Final = object()
_days_lock = threading.Lock()


class Settings(Frozen):
    """What a workspace decides for itself (`workspace.yaml`).

    With `require_local_approval` the shipped maps count only once somebody here has approved them.
    """

    require_local_approval: bool = False


class Reviews(Frozen):
    """A review file as written: decisions in the order they were made."""

    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Programs, editions, controls and maps by key; `digest` hashes all of it."""

    programs: Mapping[str, Program]
    editions: Mapping[str, Edition]
    controls: Mapping[str, Control]
    maps: Mapping[str, MapSet]
    direct: Mapping[tuple[str, str], tuple[DirectMap, ...]]
    digest: str
    reviews: tuple[Review, ...] = ()
    settings: Settings = field(default_factory=lambda: Settings())
    _memory: dict[Hashable, object] = field(default_factory=dict, repr=False)

    def remember(self, key: Hashable, make: Callable[[], Made], day: date | None = None) -> Made:
        """Return what was made under a key before, or make it: a Library never changes.

        What follows from a `day` is kept for the few days used last, because days never end.
        """
        made = self._memory.get(key, _NOTHING)
        if made is _NOTHING:
            made = self._memory[key] = make()
        if day is not None:
            self._keep_day(day, key)
        return cast(Made, made)

    def _keep_day(self, day: date, key: Hashable) -> None:
        with _days_lock:
            days = cast("OrderedDict[date, set[Hashable]]", self._memory.setdefault("days", OrderedDict()))
            days.setdefault(day, set()).add(key)
            days.move_to_end(day)
            over: set[Hashable] = set()
            if len(days[day]) > OF_A_DAY:
                over = days.pop(day)
            elif len(days) > DAYS:
                over = days.popitem(last=False)[1]
            for old in over:
                self._memory.pop(old, None)

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
        """Return an edition by its key, or by a program's key its current edition (else the latest)."""
        if name in self.editions:
            return self.editions[name]
        program = self.programs.get(name)
        if program is None:
            raise UnknownName("program or edition", name, (*self.programs, *self.editions))
        if program.current_edition:
            return self.editions[program.current_edition]
        known = [edition for edition in self.editions.values() if edition.program == name]
        if not known:
            raise MraError(f"{name} has no edition in the library. Import its criteria with mra import.")
        followed = {edition.supersedes for edition in known}
        return max(known, key=lambda e: (e.in_force.since or date.min, e.key not in followed, e.key))

    def unmapped(self, edition: str) -> tuple[str, ...]:
        """Return the obligations of an edition that have neither a map nor a reason."""

        def made() -> tuple[str, ...]:
            maps = self.maps_of(edition).maps
            return tuple(key for key in obligation_ids(self.editions[edition]) if maps.get(key, ()) == ())

        return self.remember(("unmapped", edition), made)

    def maps_of(self, edition: str) -> MapSet:
        """Return the maps of an edition (an empty set where it has none)."""
        return self.maps.get(edition) or MapSet(edition, {})


def _plain(entry: tuple[Map, ...] | NoControl) -> object:
    if isinstance(entry, NoControl):
        return entry.model_dump(mode="json")
    return [one.model_dump(mode="json") for one in entry]


def read_library(workspace: Path | None = None) -> tuple[Library, list[Problem]]:
    """Read the shipped library, with a workspace folder over it, and every problem in both."""
    if workspace is None or not workspace.is_dir():
        return _read((SHIPPED_PROGRAMS,), (SHIPPED_MAPPINGS,), None)
    with reading(workspace):
        return _read((SHIPPED_PROGRAMS, workspace / "programs"), (SHIPPED_MAPPINGS, workspace), workspace)


def _read(
    programs_in: tuple[Path, ...], mappings_in: tuple[Path, ...], workspace: Path | None
) -> tuple[Library, list[Problem]]:
    programs, problems = load_programs(tuple(folder for folder in programs_in if folder.is_dir()))
    mappings, faults = load_mappings(programs.editions, mappings_in, programs.local, programs.unread)
    reviews, settings, more, digest = _local(workspace) if workspace else ((), Settings(), [], "")
    digest = hashlib.sha256(f"{programs.digest}|{mappings.digest}|{digest}".encode()).hexdigest()
    maps = mappings.maps
    if reviews or settings.require_local_approval:
        maps = reviewed(programs.editions, mappings.controls, maps, reviews, settings)
    library = Library(
        programs.programs,
        programs.editions,
        mappings.controls,
        maps,
        mappings.direct,
        digest,
        reviews,
        settings,
    )
    return library, [*problems, *faults, *more]


def reviewed(
    editions: Mapping[str, Edition],
    controls: Mapping[str, Control],
    maps: Mapping[str, MapSet],
    reviews: tuple[Review, ...],
    settings: Settings,
) -> dict[str, MapSet]:
    """Return the maps of every edition as they stand after all reviews."""
    strict = settings.require_local_approval
    return {
        key: reviewed_maps(
            maps.get(key, MapSet(key, {})), edition, controls, reviews, require_approval=strict
        )
        for key, edition in editions.items()
    }


def _local(workspace: Path) -> tuple[tuple[Review, ...], Settings, list[Problem], str]:
    reviews: list[Review] = []
    problems: list[Problem] = []
    digest = ""
    if (workspace / "reviews").is_dir():
        files, problems, digest = read_yaml_tree(workspace / "reviews", "reviews/")
        for file in files:
            parsed, faults = parse_model(Reviews, file.data, file)
            problems += faults
            reviews += parsed.reviews if parsed else ()
    settings, faults, text = _settings(workspace / "workspace.yaml")
    return tuple(reviews), settings, [*problems, *faults], digest + text


def _settings(path: Path) -> tuple[Settings, list[Problem], str]:
    if not path.is_file():
        return Settings(), [], ""
    text = path.read_text(encoding="utf-8")
    data, problems = parse_yaml(text, path.name)
    if problems:
        return Settings(), problems, text
    parsed, problems = parse_model(Settings, data or {}, DataFile(path, path.name, data))
    return parsed or Settings(), problems, text


def load_library(workspace: Path | None = None) -> Library:
    """Return the library; raise DataError with every problem where data is broken."""
    if workspace is None or not workspace.is_dir():
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
