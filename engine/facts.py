"""Provisions: a foreign edition's obligations seen as facts for the rule engine.

A *provision* is one foreign obligation, or one joint group, on one control. The engine sees its
short strings and whole numbers (`Provision.facts`); everything people read stays in the side table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from criteria.dimensions import Value
from criteria.model import BASIS_RANK, Deeming, Edition
from engine.claims import claims_of
from engine.clauses import NO_CONDITION, Clause, conflicts_of, edition_clauses
from mappings.library import Library
from mappings.model import COUNTING, DirectMap, Joint, Map, NoControl
from mappings.relationships import Relationship, inverse

# No-relationship is only ever a direct map: it takes its provision out of the hub's reach.
REL = {
    Relationship.EQUAL: "eq",
    Relationship.EQUIVALENT: "eq",
    Relationship.SUBSET: "sub",
    Relationship.SUPERSET: "sup",
    Relationship.INTERSECTS: "int",
    Relationship.NONE: "no",
}
VAGUE, STATED, OTHER_STANDARD = 1, 2, 3
DIRECT = "direct:"
# Member benefits and priority after a disruption are never part of mutual recognition (VERDICTS V4).
NEVER_COUNTS = "benefits"


@dataclass(frozen=True)
class Provision:
    """One foreign obligation or joint group on one control.

    `path` names the obligation or group that has to carry a verdict alone. `basis` is the weakest
    of its members'. `values` are the parameters as written, `claims` those that count, `verified`
    those that would count without its unverified parts (None where it has none).
    """

    id: str
    path: str
    clauses: tuple[Clause, ...]
    control: str
    relationship: Relationship
    map: Map
    strength: int
    condition: str
    values: Mapping[str, Value]
    claims: Mapping[str, Value]
    verified: Mapping[str, Value] | None
    operators: frozenset[str]
    operators_unverified: frozenset[str]
    basis: str
    thin: bool
    deeming: Deeming | None = None

    @cached_property
    def counts(self) -> bool:
        """Whether the map's status lets it count."""
        return self.map.status in COUNTING

    @cached_property
    def ref(self) -> str:
        """The references of the criteria it stands in, as in the source."""
        return " + ".join(sorted({clause.criterion.ref for clause in self.clauses}))

    @cached_property
    def refs(self) -> frozenset[str]:
        """The same, one by one."""
        return frozenset(clause.criterion.ref for clause in self.clauses)

    @cached_property
    def text(self) -> str:
        """What it asks for, in our own words."""
        return "; ".join(clause.text for clause in self.clauses)

    @cached_property
    def non_binding(self) -> str:
        """The guideline, questionnaire or form that it stands in; empty for a binding instrument."""
        return next((clause.criterion.instrument for clause in self.clauses if clause.non_binding), "")

    @property
    def verified_id(self) -> str:
        """The id of the fact that holds only what was verified of it."""
        return self.id if self.verified is None else f"{self.id}v"

    @cached_property
    def facts(self) -> tuple[dict[str, str | int], ...]:
        """The provision as the engine sees it, and once more without its unverified parts if it has some."""
        whole = self._fact(self.id, self.claims)
        return (whole,) if self.verified is None else (whole, self._fact(self.verified_id, self.verified))

    def _fact(self, identity: str, claims: Mapping[str, Value]) -> dict[str, str | int]:
        fact: dict[str, str | int] = {
            "id": identity,
            "control": self.control,
            "rel": REL[self.relationship],
            "state": "counts" if self.counts else "open",
            "text": "thin" if self.thin else "full",
            "strength": self.strength,
            "cond": self.condition,
        }
        for key, value in claims.items():
            fact.update(_value_properties(key, value))
        return fact


def _value_properties(key: str, value: Value) -> Iterator[tuple[str, str | int]]:
    if value.vague:
        yield f"{key}_s", VAGUE
        return
    yield f"{key}_s", OTHER_STANDARD if value.other else STATED
    if value.figure is not None:
        yield key, value.figure
    if value.anchor:
        yield f"{key}_a", value.anchor
    if value.items is not None:
        yield f"{key}_n", len(value.items)
        for item in sorted(value.items):
            yield f"{key}__{item}", 1


@dataclass(slots=True)
class _Numbering:
    """Gives provisions short ids in the order they are made."""

    made: list[Provision] = field(default_factory=list)

    def add(self, path: str, clauses: tuple[Clause, ...], control: str, one: Map) -> None:
        self.made.append(_provision(f"p{len(self.made)}", path, clauses, control, one))


def _provision(identity: str, path: str, clauses: tuple[Clause, ...], control: str, one: Map) -> Provision:
    conditions = {clause.condition for clause in clauses} - {NO_CONDITION}
    operators = frozenset.intersection(*(clause.operators for clause in clauses))
    believed = frozenset.intersection(*(clause.operators | clause.operators_unverified for clause in clauses))
    claims, unverified = claims_of(clauses), any(clause.obligation.unverified for clause in clauses)
    return Provision(
        id=identity,
        path=path,
        clauses=clauses,
        control=control,
        relationship=one.relationship,
        map=one,
        strength=min(clause.strength for clause in clauses),
        condition=conditions.pop() if len(conditions) == 1 else "several" if conditions else NO_CONDITION,
        values=clauses[0].values if len(clauses) == 1 else claims,
        claims=claims,
        verified=claims_of(clauses, verified_only=True) if unverified else None,
        operators=operators,
        operators_unverified=believed - operators,
        basis=min((clause.criterion.basis for clause in clauses), key=lambda basis: BASIS_RANK[basis]),
        thin=any(clause.obligation.thin for clause in clauses),
        deeming=next((clause.obligation.deeming for clause in clauses if clause.obligation.deeming), None),
    )


def provisions_of(library: Library, edition: Edition, baseline: str, as_of: date) -> tuple[Provision, ...]:
    """Return every provision of a foreign edition, ids given in its order.

    Where sources conflict the clauses of the worse basis are left out (VERDICTS V5). Direct maps to
    the baseline edition become provisions on the control `direct:<baseline obligation>`.
    """
    every, outdone = edition_clauses(library, edition, as_of), _outdone(edition)
    clauses = {c.id: c for c in every if c.criterion.ref not in outdone and c.scope != NEVER_COUNTS}
    maps, numbering = library.maps_of(edition.key), _Numbering()
    for key, clause in clauses.items():
        for one in live_maps(maps.maps.get(key, ())):
            numbering.add(key, (clause,), one.control, one)
    for joint in maps.jointly:
        members = tuple(clauses[member] for member in joint.members if member in clauses)
        if len(members) == len(joint.members) and _says_something(joint):
            numbering.add(
                f"joint {joint.id}",
                members,
                joint.control,
                Map(**joint.model_dump(exclude={"id", "members"})),
            )
    for source, target, one in direct_maps(library, edition.key, baseline):
        if source in clauses:
            numbering.add(source, (clauses[source],), DIRECT + target, one)
    return tuple(numbering.made)


def live_maps(entry: tuple[Map, ...] | NoControl) -> Iterator[Map]:
    """Yield an obligation's maps that say something: neither rejected nor no-relationship."""
    if not isinstance(entry, NoControl):
        yield from (one for one in entry if _says_something(one))


def _says_something(one: Map | Joint) -> bool:
    return one.status != "rejected" and one.relationship is not Relationship.NONE


def direct_maps(library: Library, source: str, target: str) -> Iterator[tuple[str, str, Map]]:
    """Yield the counting direct maps between two editions, read from the source's side."""
    for one in library.direct.get((source, target), ()):
        if one.status in COUNTING:
            yield one.source, one.target, _as_map(one, one.target, one.relationship)
    for one in library.direct.get((target, source), ()):
        if one.status in COUNTING:
            yield one.target, one.source, _as_map(one, one.source, inverse(one.relationship))


def _as_map(one: DirectMap, target: str, relationship: Relationship) -> Map:
    return Map(
        control=DIRECT + target,
        relationship=relationship,
        rationale=one.rationale,
        confidence=one.confidence,
        status=one.status,
    )


def _outdone(edition: Edition) -> frozenset[str]:
    """Return the criteria against which another source, of better basis, says otherwise."""
    rank = {criterion.ref: BASIS_RANK[criterion.basis] for criterion in edition.criteria}
    return frozenset(
        ref
        for ref, others in conflicts_of(edition).items()
        if any(rank[other] > rank[ref] for other in others)
    )
