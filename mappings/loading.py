"""Controls and maps from a folder of YAML files, checked against the editions they speak of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from criteria.checking import unknown
from criteria.files import DataFile, locate, parse_model, read_yaml_tree
from criteria.model import Edition
from criteria.problems import Problem, nearest_hint
from criteria.vocabulary import vocabulary
from mappings.model import Control, DirectMap, DirectMaps, EditionMaps, Joint, Map, NoControl

SHIPPED = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class MapSet:
    """All maps of one edition, from all its files, by obligation id."""

    edition: str
    maps: Mapping[str, tuple[Map, ...] | NoControl]
    jointly: tuple[Joint, ...] = ()
    methods: tuple[str, ...] = ()


@dataclass(slots=True)
class Mappings:
    """The catalogue, the maps by edition, and the direct maps by pair of editions."""

    controls: dict[str, Control] = field(default_factory=dict)
    maps: dict[str, MapSet] = field(default_factory=dict)
    direct: dict[tuple[str, str], tuple[DirectMap, ...]] = field(default_factory=dict)
    digest: str = ""


def obligation_ids(edition: Edition) -> dict[str, tuple[int, int]]:
    """Return every obligation id (`<ref>.<letter>`) with its place in the edition."""
    return {
        f"{criterion.ref}.{obligation.id}": (i, j)
        for i, criterion in enumerate(edition.criteria)
        for j, obligation in enumerate(criterion.obligations)
    }


def load_mappings(
    editions: Mapping[str, Edition], folders: Iterable[Path] = (SHIPPED,), local: Collection[str] = ()
) -> tuple[Mappings, list[Problem]]:
    """Load `controls/`, `maps/` and `direct/` below each folder; later folders lie over earlier ones.

    A later folder's map of an obligation replaces an earlier folder's. An obligation without map
    or reason is an error, in a `local` edition (of a workspace) a note: it waits to be mapped.
    Returns what could be loaded and every problem found.
    """
    found, problems, digests = Mappings(), [], []
    for number, folder in enumerate(folders):
        for part, read in (("controls", _controls), ("maps", _maps), ("direct", _direct)):
            if not (folder / part).is_dir():
                continue
            files, faults, digest = read_yaml_tree(
                folder / part, f"{'mappings' if number == 0 else folder.name}/{part}/"
            )
            problems += faults
            digests.append(digest)
            for file in files:
                problems += read(file, found, number > 0)
    found.digest = "+".join(digests)
    for problem in _reference_problems(found, editions):
        waits = problem.code == "unmapped" and problem.file.removeprefix("maps of ") in local
        problems.append(problem.at(severity="note") if waits else problem)
    return found, problems


def _controls(file: DataFile, found: Mappings, over: bool) -> Iterator[Problem]:
    rows = (
        file.data.get("controls") if isinstance(file.data, dict) and set(file.data) == {"controls"} else None
    )
    if not isinstance(rows, list):
        yield Problem("wrong-type", "a list of controls under the key controls: is expected.", file=file.name)
        return
    for index, row in enumerate(rows):
        control, faults = parse_model(Control, row, file, ("controls", index))
        yield from faults
        if control is None:
            continue
        if control.id in found.controls and not over:
            problem = Problem(
                "duplicate-control",
                f'the control "{control.id}" is defined twice.',
                "Keep one.",
                file=file.name,
                key="id",
            )
            yield locate(problem, file, ("controls", index, "id"))
        found.controls[control.id] = control


def _maps(file: DataFile, found: Mappings, over: bool) -> Iterator[Problem]:
    parsed, faults = parse_model(EditionMaps, file.data, file)
    yield from faults
    if parsed is None:
        return
    known = found.maps.get(parsed.edition, MapSet(parsed.edition, {}))
    for twice in sorted(set(known.maps) & set(parsed.maps)) if not over else ():
        problem = Problem(
            "duplicate-map",
            f'the obligation "{twice}" is mapped in two files.',
            "Keep one.",
            file=file.name,
            key=twice,
        )
        yield locate(problem, file, ("maps", twice))
    found.maps[parsed.edition] = MapSet(
        parsed.edition,
        {**known.maps, **parsed.maps},
        tuple(sorted({j.id: j for j in (*known.jointly, *parsed.jointly)}.values(), key=lambda j: j.id)),
        (*known.methods, parsed.method) if parsed.method not in known.methods else known.methods,
    )


def _direct(file: DataFile, found: Mappings, over: bool) -> Iterator[Problem]:
    parsed, faults = parse_model(DirectMaps, file.data, file)
    yield from faults
    if parsed is not None:
        pair = (parsed.source_edition, parsed.target_edition)
        found.direct[pair] = (*found.direct.get(pair, ()), *parsed.maps)


def _reference_problems(found: Mappings, editions: Mapping[str, Edition]) -> Iterator[Problem]:
    for control in found.controls.values():
        yield from _control_problems(control, found.controls)
    ids = {key: obligation_ids(edition) for key, edition in editions.items()}
    for key, maps in found.maps.items():
        if key in editions:
            yield from _map_problems(maps, ids[key], found.controls)
        else:
            yield unknown("edition", key, editions, "edition").at(file=f"maps of {key}")
    for (source, target), direct in found.direct.items():
        yield from _direct_problems(source, target, direct, ids)


def _control_problems(control: Control, controls: Mapping[str, Control]) -> Iterator[Problem]:
    place = f"control {control.id}"
    words = vocabulary()
    if control.category not in words.categories:
        yield unknown("category", control.category, words.categories, "category").at(file=place)
    for name in control.dimensions:
        if name not in words.dimensions:
            yield unknown("dimension", name, words.dimensions, "dimensions").at(file=place)
    if control.replaced_by and control.replaced_by not in controls:
        yield unknown("control", control.replaced_by, controls, "replaced_by").at(file=place)


def _map_problems(maps: MapSet, ids: Mapping[str, Any], controls: Mapping[str, Control]) -> Iterator[Problem]:
    file, hint = f"maps of {maps.edition}", "Add a map, or no_control with a reason."
    for obligation, entry in maps.maps.items():
        if obligation not in ids:
            yield unknown("obligation", obligation, ids, obligation).at(file=file)
        if entry == ():
            yield Problem("unmapped", "no map and no reason.", hint, file=file, key=obligation)
        for one in entry if isinstance(entry, tuple) else ():
            if one.control not in controls:
                yield unknown("control", one.control, controls, obligation).at(file=file)
    for obligation in sorted(set(ids) - set(maps.maps)):
        message = "the obligation has neither a map nor a reason."
        yield Problem("unmapped", message, hint, file=file, key=obligation)
    for joint in maps.jointly:
        yield from (p.at(file=file) for p in _joint_problems(joint, ids, controls))


def _joint_problems(
    joint: Joint, ids: Mapping[str, Any], controls: Mapping[str, Control]
) -> Iterator[Problem]:
    if joint.control not in controls:
        yield unknown("control", joint.control, controls, f"jointly.{joint.id}")
    for member in joint.members:
        if member not in ids:
            yield unknown("obligation", member, ids, f"jointly.{joint.id}")


def _direct_problems(
    source: str, target: str, maps: Iterable[DirectMap], ids: Mapping[str, Any]
) -> Iterator[Problem]:
    file = f"direct maps {source} to {target}"
    for key in (source, target):
        if key not in ids:
            yield unknown("edition", key, ids, "edition").at(file=file)
            return
    for one in maps:
        for edition, obligation in ((source, one.source), (target, one.target)):
            if obligation not in ids[edition]:
                hint = nearest_hint(obligation, ids[edition])
                yield Problem(
                    "unknown-obligation",
                    f'"{obligation}" is not in {edition}.',
                    hint,
                    file=file,
                    key=obligation,
                )
