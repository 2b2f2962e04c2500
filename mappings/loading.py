"""Controls and maps from a folder of YAML files, checked against the editions they speak of."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from criteria.files import DataFile, locate, parse_model, read_yaml_tree
from criteria.model import Edition
from criteria.problems import Problem
from mappings.checking import Mappings, MapSet, obligation_ids, reference_problems
from mappings.model import Control, DirectMaps, EditionMaps, Joint

__all__ = ["MapSet", "Mappings", "load_mappings", "obligation_ids"]

SHIPPED = Path(__file__).parent


def load_mappings(
    editions: Mapping[str, Edition],
    folders: Iterable[Path] = (SHIPPED,),
    local: Collection[str] = (),
    unread: Collection[str] = (),
) -> tuple[Mappings, list[Problem]]:
    """Load `controls/`, `maps/` and `direct/` below each folder; later folders lie over earlier ones.

    A later folder's map of an obligation replaces an earlier folder's. An obligation without map
    or reason is an error, in a `local` edition (of a workspace) a note: it waits to be mapped. What
    follows only from the faults in `unread` editions (`Programs.unread`) is not told again.
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
            digests.append(digest)
            layer = _Layer()
            for file in files:
                faults += read(file, found, layer)
            if faults:
                found.faulty.add(part)
            problems += faults
    found.digest = "+".join(digests)
    return found, [*problems, *reference_problems(found, editions, local, unread)]


@dataclass(slots=True)
class _Layer:
    """What one folder has defined so far: within a folder nothing is defined twice."""

    seen: set[Hashable] = field(default_factory=set)

    def twice(self, *name: Hashable) -> bool:
        """Whether the folder has defined this before; from now on it has."""
        known = name in self.seen
        self.seen.add(name)
        return known


def _controls(file: DataFile, found: Mappings, layer: _Layer) -> Iterator[Problem]:
    rows = (
        file.data.get("controls") if isinstance(file.data, dict) and set(file.data) == {"controls"} else None
    )
    if not isinstance(rows, list):
        message = "a list of controls under the key controls: is expected."
        yield Problem("wrong-type", message, "Write controls: and a list below it.", file=file.name, line=1)
        return
    for index, row in enumerate(rows):
        path = ("controls", index)
        control, faults = parse_model(Control, row, file, path)
        yield from faults
        if control is None:
            continue
        found.controls[control.id] = control
        found.places["control", control.id] = (file, path)
        if layer.twice(control.id):
            message = f'the control "{control.id}" is defined twice.'
            yield _twice("duplicate-control", message, f"controls[{index}].id", file, (*path, "id"))


def _twice(code: str, message: str, key: str, file: DataFile, path: Sequence[str | int]) -> Problem:
    return locate(Problem(code, message, "Keep one.", file=file.name, key=key), file, path)


def _maps(file: DataFile, found: Mappings, layer: _Layer) -> Iterator[Problem]:
    parsed, faults = parse_model(EditionMaps, file.data, file)
    yield from faults
    if parsed is None:
        return
    edition = parsed.edition
    known = found.maps.get(edition, MapSet(edition, {}))
    found.places.setdefault(("maps of", edition), (file, ("edition",)))
    for obligation in parsed.maps:
        found.places["map", edition, obligation] = (file, ("maps", obligation))
        if layer.twice("map", edition, obligation):
            message = f'the obligation "{obligation}" is mapped in two files.'
            yield _twice("duplicate-map", message, obligation, file, ("maps", obligation))
    for index, joint in enumerate(parsed.jointly):
        found.places["joint", edition, joint.id] = (file, ("jointly", index))
        if layer.twice("joint", edition, joint.id):
            message = f'the joint group "{joint.id}" of {edition} is defined twice.'
            yield _twice("duplicate-joint", message, f"jointly.{joint.id}", file, ("jointly", index))
    found.maps[edition] = MapSet(
        edition,
        {**known.maps, **parsed.maps},
        _joined(known.jointly, parsed.jointly),
        (*known.methods, parsed.method) if parsed.method not in known.methods else known.methods,
    )


def _joined(known: Iterable[Joint], more: Iterable[Joint]) -> tuple[Joint, ...]:
    by_id = {joint.id: joint for joint in (*known, *more)}
    return tuple(by_id[key] for key in sorted(by_id))


def _direct(file: DataFile, found: Mappings, layer: _Layer) -> Iterator[Problem]:
    parsed, faults = parse_model(DirectMaps, file.data, file)
    yield from faults
    if parsed is None:
        return
    pair = (parsed.source_edition, parsed.target_edition)
    known = found.direct.get(pair, ())
    found.places.setdefault(("direct", *pair), (file, ("source_edition",)))
    for index in range(len(parsed.maps)):
        found.places["direct", *pair, len(known) + index] = (file, ("maps", index))
    found.direct[pair] = (*known, *parsed.maps)
