"""What if: compare on an edited library. Proposals accepted, provisions added or changed, another policy.

`edited` returns a new Library and leaves the given one as it is. Nothing here writes anything.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from criteria.checking import edition_problems
from criteria.model import Citation, Criterion, Edition, Frozen, Obligation, Program, Source, Strength
from criteria.problems import DataError, MraError, Problem, UnknownName
from engine.editions import pick_edition
from engine.findings import Comparison
from engine.matching import default_matcher
from engine.policy import SHIPPED, TABLES, Policy, load_policy
from jobs.comparing import Request, run_comparison
from mappings.library import Library
from mappings.loading import MapSet
from mappings.model import Map, NoControl
from mappings.relationships import Relationship

SOURCE = "what_if"
MAPPED = "what-if"
_WAITING = ("proposed", "stale")


class Accept(Frozen):
    """A proposed or stale map of the foreign edition to be counted, with another relationship if given."""

    obligation: str = Field(min_length=1, max_length=200, examples=["3.2.a"])
    control: str = Field(min_length=1, max_length=200, examples=["seal.affix_high_security"])
    relationship: Relationship | None = None


class Added(Frozen):
    """A provision the other side might add: what it says, how firmly, and which control it answers."""

    text: str = Field(min_length=1, max_length=4000, examples=["Seals meet ISO 17712."])
    category: str = Field(max_length=100, examples=["seal"])
    control: str = Field(max_length=200, examples=["seal.affix_high_security"])
    relationship: Relationship = Relationship.EQUAL
    strength: Strength = "must"
    parameters: dict[str, Any] = Field(default_factory=dict)
    operators: tuple[str, ...] = ("all",)


class Changed(Frozen):
    """Another text, strength or parameters for an obligation; a parameter of null is taken away."""

    obligation: str = Field(min_length=1, max_length=200)
    text: str | None = Field(None, min_length=1, max_length=4000)
    strength: Strength | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class Edits(Frozen):
    """What is different in the imagined world. All of it is about the foreign edition, except the policy."""

    accept: tuple[Accept, ...] = Field((), max_length=500)
    accept_all: bool = Field(False, description="Count every proposed or stale map of the foreign edition.")
    add: tuple[Added, ...] = Field((), max_length=200)
    change: tuple[Changed, ...] = Field((), max_length=500)
    remove: tuple[str, ...] = Field((), max_length=500, description="Obligations to leave out.")
    policy: dict[str, str] = Field(
        default_factory=dict, description="Tables of another policy by name, as YAML; the rest stays."
    )


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Both worlds: the comparison as it stands, and the imagined one with its library and policy."""

    before: Comparison
    after: Comparison
    library: Library
    policy: Policy
    texts: Mapping[str, str] | None


def imagine(
    library: Library, policy: Policy, request: Request, edits: Edits, today: date, before: Comparison
) -> WhatIf:
    """Return what a comparison would be with edits.

    Raises UnknownName for an obligation, control or category that does not exist, DataError for
    parameters or policy tables that do not fit, MraError for a map that is not waiting.
    """
    foreign, _ = pick_edition(library, request.foreign, request.as_of or today)
    other, texts = (policy, None) if not edits.policy else _policy(edits.policy, policy)
    changed = edited(library, foreign, edits)
    return WhatIf(before, run_comparison(changed, request, today, other), changed, other, texts)


def _policy(tables: Mapping[str, str], present: Policy) -> tuple[Policy, Mapping[str, str]]:
    for name in tables:
        if name not in TABLES:
            raise UnknownName("policy table", name, TABLES)
    shipped = {name: (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8") for name in TABLES}
    texts = {**shipped, **tables}
    with tempfile.TemporaryDirectory(prefix="mra-") as place:
        folder = Path(place) / MAPPED
        folder.mkdir()
        for name, text in texts.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return load_policy(default_matcher(), folder), texts


def edited(library: Library, foreign: Edition, edits: Edits) -> Library:
    """Return the library with the edits made to one edition; see `imagine` for what is raised."""
    maps = dict(library.maps_of(foreign.key).maps)
    _check_obligations(foreign, [*(c.obligation for c in edits.change), *edits.remove])
    maps |= _accepted(foreign, maps, edits)
    criteria = list(_kept(foreign.criteria, edits, maps))
    for number, added in enumerate(edits.add, start=1):
        criterion = _new_criterion(number, added, library)
        criteria.append(criterion)
        maps[f"{criterion.ref}.a"] = (_new_map(added),)
    program = library.programs[foreign.program]
    if edits.add:
        source = Source(document="What-if: a provision that does not exist")
        program = program.model_copy(update={"sources": {**program.sources, SOURCE: source}})
    edition = foreign.model_copy(update={"criteria": tuple(criteria)})
    _refuse(edition_problems(edition, program))
    held = library.maps_of(foreign.key)
    ids = {f"{c.ref}.{o.id}" for c in edition.criteria for o in c.obligations}
    joint = tuple(group for group in held.jointly if set(group.members) <= ids)
    mapset = MapSet(foreign.key, {k: v for k, v in maps.items() if k in ids}, joint, held.methods)
    return _with(library, program, edition, mapset, edits)


def _check_obligations(edition: Edition, names: Iterable[str]) -> None:
    known = {f"{c.ref}.{o.id}" for c in edition.criteria for o in c.obligations}
    for name in names:
        if name not in known:
            raise UnknownName(f"obligation of {edition.key}", name, known)


def _accepted(
    foreign: Edition, maps: Mapping[str, tuple[Map, ...] | NoControl], edits: Edits
) -> dict[str, tuple[Map, ...]]:
    _check_obligations(foreign, [one.obligation for one in edits.accept])
    wanted = {(one.obligation, one.control): one for one in edits.accept}
    found: dict[str, tuple[Map, ...]] = {}
    met: set[tuple[str, str]] = set()
    for obligation, entry in maps.items():
        if isinstance(entry, NoControl):
            continue
        for one in entry:
            key = (obligation, one.control)
            if one.status in _WAITING and (key in wanted or edits.accept_all):
                met.add(key)
                found[obligation] = tuple(
                    _approved(m, wanted.get((obligation, m.control)), edits.accept_all) for m in entry
                )
    for key in wanted:
        if key not in met:
            raise MraError(f"{key[0]} has no proposed or stale map to {key[1]} that could be accepted.")
    return found


def _approved(one: Map, accept: Accept | None, every: bool) -> Map:
    if one.status not in _WAITING or (accept is None and not every):
        return one
    relationship = (accept.relationship if accept else None) or one.relationship
    return one.model_copy(update={"status": "approved", "relationship": relationship})


def _kept(
    criteria: Iterable[Criterion], edits: Edits, maps: dict[str, tuple[Map, ...] | NoControl]
) -> Iterator[Criterion]:
    changes = {one.obligation: one for one in edits.change}
    gone = set(edits.remove)
    for criterion in criteria:
        obligations = []
        for one in criterion.obligations:
            key = f"{criterion.ref}.{one.id}"
            if key in gone:
                maps.pop(key, None)
            else:
                obligations.append(_changed(one, changes[key]) if key in changes else one)
        if obligations:
            yield criterion.model_copy(update={"obligations": tuple(obligations)})


def _changed(one: Obligation, change: Changed) -> Obligation:
    parameters = {**one.parameters, **change.parameters}
    update: dict[str, Any] = {"parameters": {k: v for k, v in parameters.items() if v is not None}}
    update |= {k: v for k, v in (("text", change.text), ("strength", change.strength)) if v is not None}
    kept = {name.split(".")[0] for name in update["parameters"]}
    for field in ("illustrative", "unverified"):
        update[field] = tuple(name for name in getattr(one, field) if name.split(".")[0] in kept)
    return one.model_copy(update=update)


def _new_criterion(number: int, added: Added, library: Library) -> Criterion:
    if added.control not in library.controls:
        raise UnknownName("control", added.control, library.controls)
    return Criterion(
        ref=f"what-if {number}",
        category=added.category,
        title="What-if provision",
        statement=added.text,
        strength=added.strength,
        operators=added.operators,
        obligations=(Obligation(id="a", text=added.text, parameters=added.parameters),),
        source=Citation(id=SOURCE),
        basis="text",
    )


def _new_map(added: Added) -> Map:
    return Map(
        control=added.control, relationship=added.relationship, rationale="what-if", confidence="high",
        status="approved",
    )  # fmt: skip


def _refuse(problems: Iterable[Problem]) -> None:
    errors = [one for one in problems if one.severity == "error"]
    if errors:
        raise DataError(errors)


def _with(library: Library, program: Program, edition: Edition, maps: MapSet, edits: Edits) -> Library:
    digest = hashlib.sha256(f"{library.digest}|{edition.key}|{edits.model_dump_json()}".encode()).hexdigest()
    made = Library(
        {**library.programs, program.key: program},
        {**library.editions, edition.key: edition},
        library.controls,
        {**library.maps, edition.key: maps},
        library.direct,
        digest,
        library.reviews,
        library.settings,
    )
    for key, value in library._memory.copy().items():
        # A baseline compiled without direct maps does not depend on the edition that was edited.
        if isinstance(key, tuple) and key[0] in ("compiled", "content") and edition.key not in key:
            made._memory[key] = value
    return made
