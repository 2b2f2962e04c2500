"""Whether what maps speak of exists: controls, obligations, editions; each fault with its file and line."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from criteria.checking import unknown
from criteria.files import DataFile, locate
from criteria.model import Edition
from criteria.problems import Problem, nearest_hint
from criteria.vocabulary import vocabulary
from mappings.model import Control, DirectMap, Joint, Map, NoControl

HINT = "Add a map, or no_control with a reason."
Path = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class MapSet:
    """All maps of one edition, from all its files, by obligation id."""

    edition: str
    maps: Mapping[str, tuple[Map, ...] | NoControl]
    jointly: tuple[Joint, ...] = ()
    methods: tuple[str, ...] = ()


@dataclass(slots=True)
class Mappings:
    """The catalogue, the maps by edition, and the direct maps by pair of editions.

    `places` remembers where each was written, for the problems that show only when all is read;
    `faulty` which of controls, maps and direct could not be read in whole.
    """

    controls: dict[str, Control] = field(default_factory=dict)
    maps: dict[str, MapSet] = field(default_factory=dict)
    direct: dict[tuple[str, str], tuple[DirectMap, ...]] = field(default_factory=dict)
    digest: str = ""
    places: dict[Hashable, tuple[DataFile, Path]] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)

    def has_control(self, control: str) -> bool:
        """Whether a control exists, or may stand in what could not be read."""
        return control in self.controls or "controls" in self.faulty

    def placed(self, problem: Problem, *place: Hashable) -> Problem:
        """Return the problem with the file and line where a thing was written, if it was."""
        if place not in self.places:
            return problem
        file, path = self.places[place]
        return locate(problem.at(file=file.name), file, path)


def obligation_ids(edition: Edition) -> dict[str, tuple[int, int]]:
    """Return every obligation id (`<ref>.<letter>`) with its place in the edition."""
    return {
        f"{criterion.ref}.{obligation.id}": (i, j)
        for i, criterion in enumerate(edition.criteria)
        for j, obligation in enumerate(criterion.obligations)
    }


def reference_problems(
    found: Mappings,
    editions: Mapping[str, Edition],
    local: Collection[str] = (),
    unread: Collection[str] = (),
) -> Iterator[Problem]:
    """Yield the faults that show only when everything has been read.

    An obligation without map or reason is an error; in a `local` edition, of a workspace, it is a note.
    What is missing only because of faults told before (`unread` editions, faulty files) is left out.
    """
    for control in found.controls.values():
        yield from _control_problems(control, found)
    ids = {key: obligation_ids(edition) for key, edition in editions.items() if key not in unread}
    for key, maps in found.maps.items():
        if key in ids:
            yield from _map_problems(found, maps, ids[key])
        elif not {key, ""} & set(unread):
            yield found.placed(unknown("edition", key, editions, "edition"), "maps of", key)
    if "maps" not in found.faulty:
        yield from _unmapped_problems(found, ids, local)
    for (source, target), direct in found.direct.items():
        if not {source, target, ""} & set(unread):
            yield from _direct_problems(found, source, target, direct, ids)


def _unmapped_problems(
    found: Mappings, ids: Mapping[str, Collection[str]], local: Collection[str]
) -> Iterator[Problem]:
    for key, obligations in ids.items():
        mapped = found.maps[key].maps if key in found.maps else {}
        for obligation in sorted(set(obligations) - set(mapped)):
            severity = "note" if key in local else "error"
            yield _unmapped(found, key, obligation).at(severity=severity)


def _control_problems(control: Control, found: Mappings) -> Iterator[Problem]:
    words, problems = vocabulary(), []
    if control.category not in words.categories:
        problems.append(unknown("category", control.category, words.categories, "category"))
    strange = [name for name in control.dimensions if name not in words.dimensions]
    problems += [unknown("dimension", name, words.dimensions, "dimensions") for name in strange]
    if control.replaced_by and not found.has_control(control.replaced_by):
        problems.append(unknown("control", control.replaced_by, found.controls, "replaced_by"))
    yield from (found.placed(problem, "control", control.id) for problem in problems)


def _unmapped(found: Mappings, edition: str, obligation: str) -> Problem:
    message = f"the obligation {obligation} has neither a map nor a reason."
    problem = Problem("unmapped", message, HINT, file=f"maps of {edition}", key=obligation)
    return found.placed(problem, "maps of", edition)


def _map_problems(found: Mappings, maps: MapSet, ids: Collection[str]) -> Iterator[Problem]:
    for obligation, entry in maps.maps.items():
        for problem in _entry_problems(obligation, entry, ids, found):
            yield found.placed(problem, "map", maps.edition, obligation)
    for joint in maps.jointly:
        for problem in _joint_problems(joint, ids, found):
            yield found.placed(problem, "joint", maps.edition, joint.id)


def _entry_problems(
    obligation: str,
    entry: tuple[Map, ...] | NoControl,
    ids: Collection[str],
    found: Mappings,
) -> Iterator[Problem]:
    if obligation not in ids:
        yield unknown("obligation", obligation, ids, obligation)
    if isinstance(entry, NoControl):
        return
    if not entry:
        yield Problem("unmapped", "no map and no reason.", HINT, key=obligation)
    seen: set[str] = set()
    for one in entry:
        if not found.has_control(one.control):
            yield unknown("control", one.control, found.controls, obligation)
        if one.control in seen:
            message = f'the obligation is mapped to "{one.control}" twice.'
            yield Problem("duplicate-map", message, "Keep one.", key=obligation, value=one.control)
        seen.add(one.control)


def _joint_problems(joint: Joint, ids: Collection[str], found: Mappings) -> Iterator[Problem]:
    if not found.has_control(joint.control):
        yield unknown("control", joint.control, found.controls, f"jointly.{joint.id}")
    for member in joint.members:
        if member not in ids:
            yield unknown("obligation", member, ids, f"jointly.{joint.id}")


def _direct_problems(
    found: Mappings,
    source: str,
    target: str,
    maps: Sequence[DirectMap],
    ids: Mapping[str, Collection[str]],
) -> Iterator[Problem]:
    for key in (source, target):
        if key not in ids:
            yield found.placed(unknown("edition", key, ids, "edition"), "direct", source, target)
            return
    for n, one in enumerate(maps):
        for edition, obligation in ((source, one.source), (target, one.target)):
            if obligation not in ids[edition]:
                hint = nearest_hint(obligation, ids[edition])
                message = f'"{obligation}" is not in {edition}.'
                problem = Problem("unknown-obligation", message, hint, key=obligation, value=obligation)
                yield found.placed(problem, "direct", source, target, n)
