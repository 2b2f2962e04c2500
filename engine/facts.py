"""Provisions: a foreign edition's obligations seen as facts for the rule engine.

A *provision* is one foreign obligation, or one joint group, on one control. The engine sees its
short strings and whole numbers (`Provision.fact`); everything people read stays in the side table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from criteria.checking import ALL
from criteria.dimensions import Value, values_of
from criteria.model import (
    BASIS_RANK,
    BINDING_INSTRUMENTS,
    STRENGTH_RANK,
    STRENGTHS,
    Criterion,
    Deeming,
    Edition,
    Obligation,
    Program,
)
from criteria.vocabulary import vocabulary
from mappings.library import Library
from mappings.model import COUNTING, Map, NoControl
from mappings.relationships import Relationship

REL = {
    Relationship.EQUAL: "eq",
    Relationship.EQUIVALENT: "eq",
    Relationship.SUBSET: "sub",
    Relationship.SUPERSET: "sup",
    Relationship.INTERSECTS: "int",
}
VAGUE, STATED, OTHER_STANDARD = 1, 2, 3
NO_CONDITION = "none"
DIRECT = "direct:"


@dataclass(frozen=True, slots=True)
class Clause:
    """An obligation with everything its criterion and edition say about it, as of a date."""

    id: str
    criterion: Criterion
    obligation: Obligation
    strength: int
    non_binding: bool
    condition: str
    values: Mapping[str, Value]
    operators: frozenset[str]
    operators_unverified: frozenset[str]
    scope: str

    @property
    def text(self) -> str:
        """What the clause asks for, in our own words."""
        return self.obligation.text


@dataclass(frozen=True)
class Provision:
    """One foreign obligation or joint group on one control.

    `path` names the obligation or group that has to carry a verdict alone. `basis` is the weakest
    of its members'. `loose` names parameters that rest on unverified parts.
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
    loose: frozenset[str]
    illustrative: frozenset[str]
    operators: frozenset[str]
    operators_unverified: frozenset[str]
    basis: str
    thin: bool
    deeming: Deeming | None = None

    @property
    def counts(self) -> bool:
        """Whether the map's status lets it count."""
        return self.map.status in COUNTING

    @cached_property
    def ref(self) -> str:
        """The references of the criteria it stands in, as in the source."""
        return " + ".join(sorted({clause.criterion.ref for clause in self.clauses}))

    @cached_property
    def text(self) -> str:
        """What it asks for, in our own words."""
        return "; ".join(clause.text for clause in self.clauses)

    @property
    def non_binding(self) -> bool:
        """Whether it stands in a guideline, questionnaire or form."""
        return any(clause.non_binding for clause in self.clauses)

    @cached_property
    def fact(self) -> dict[str, str | int]:
        """The provision as the engine sees it: short strings and whole numbers only."""
        fact: dict[str, str | int] = {
            "id": self.id,
            "control": self.control,
            "rel": REL[self.relationship],
            "state": "counts" if self.counts else "open",
            "text": "thin" if self.thin else "full",
            "strength": self.strength,
            "cond": self.condition,
        }
        for key, value in self.values.items():
            fact.update(_value_properties(key, value, key in self.illustrative))
        return fact


def _value_properties(key: str, value: Value, illustrative: bool) -> Iterator[tuple[str, str | int]]:
    if value.vague or illustrative:
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


def role_types(program: Program, roles: Iterable[str]) -> frozenset[str]:
    """Return the shared operator types of a program's own roles (`all`: of every certified role)."""
    wanted = set(roles)
    return frozenset(
        operator
        for role in program.roles
        if role.certified and (role.key in wanted or ALL in wanted)
        for operator in role.operator_types
    )


def certified_types(program: Program) -> frozenset[str]:
    """Return the operator types that a program certifies."""
    return role_types(program, [ALL])


def dated_strength(criterion: Criterion, as_of: date) -> int:
    """Return a criterion's own strength (0 info … 3 must) on a date."""
    strength = criterion.strength
    for change in criterion.strength_history:
        if change.since <= as_of.isoformat()[: len(change.since)]:
            strength = change.strength
    return STRENGTH_RANK[strength]


def clause_strength(
    criterion: Criterion, obligation: Obligation, by_ref: Mapping[str, Criterion], as_of: date
) -> int:
    """Return how firmly an applicant is held to an obligation (VERDICTS V1): 0 info … 3 must.

    A row outside law and program rules has the strength of the binding provision it stands under,
    or at most should. An obligation's own lower strength stays, as does that of mere information.
    """
    own = (
        dated_strength(criterion, as_of)
        if obligation.strength is None
        else STRENGTH_RANK[obligation.strength]
    )
    if criterion.instrument in BINDING_INSTRUMENTS:
        return own
    if criterion.under is None:
        return min(own, STRENGTH_RANK["should"])
    binding = dated_strength(by_ref[criterion.under], as_of)
    if own == STRENGTH_RANK["info"]:
        return own
    return binding if obligation.strength is None else min(own, binding)


def edition_clauses(library: Library, edition: Edition, as_of: date) -> tuple[Clause, ...]:
    """Return `clauses_of` an edition of a library, made once for each date."""
    program = library.programs[edition.program]
    return library.remember(("clauses", edition.key, as_of), lambda: clauses_of(edition, program, as_of))


def clauses_of(edition: Edition, program: Program, as_of: date) -> tuple[Clause, ...]:
    """Return every clause of an edition that can count for mutual recognition, in its order.

    Criteria of tiers that do not count for mutual recognition are left out.
    """
    by_ref = {criterion.ref: criterion for criterion in edition.criteria}
    uncounted = {tier.key for tier in program.tiers if tier.mutual_recognition is False}
    return tuple(
        _clause(criterion, obligation, program, by_ref, as_of)
        for criterion in edition.criteria
        if not criterion.tier or not set(criterion.tier) <= uncounted
        for obligation in criterion.obligations
    )


def _clause(
    criterion: Criterion,
    obligation: Obligation,
    program: Program,
    by_ref: Mapping[str, Criterion],
    as_of: date,
) -> Clause:
    established = role_types(program, obligation.operators or criterion.operators)
    unverified = role_types(program, criterion.operators_unverified) - established
    if not established and not unverified:
        established = certified_types(program)
    return Clause(
        id=f"{criterion.ref}.{obligation.id}",
        criterion=criterion,
        obligation=obligation,
        strength=clause_strength(criterion, obligation, by_ref, as_of),
        non_binding=criterion.instrument not in BINDING_INSTRUMENTS,
        condition=obligation.applies_if or criterion.applies_if or NO_CONDITION,
        values=values_of(obligation),
        operators=established,
        operators_unverified=unverified,
        scope=obligation.scope or criterion.scope or vocabulary().categories[criterion.category].scope,
    )


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
    return Provision(
        id=identity,
        path=path,
        clauses=clauses,
        control=control,
        relationship=one.relationship,
        map=one,
        strength=min(clause.strength for clause in clauses),
        condition=conditions.pop() if len(conditions) == 1 else "several" if conditions else NO_CONDITION,
        values=_joined_values(clauses),
        loose=frozenset(name.split(".")[0] for clause in clauses for name in clause.obligation.unverified),
        illustrative=frozenset(
            name.split(".")[0]
            for clause in clauses
            for name in clause.obligation.illustrative
            if "." not in name
        ),
        operators=operators,
        operators_unverified=believed - operators,
        basis=min((clause.criterion.basis for clause in clauses), key=lambda basis: BASIS_RANK[basis]),
        thin=any(clause.obligation.thin for clause in clauses),
        deeming=next((clause.obligation.deeming for clause in clauses if clause.obligation.deeming), None),
    )


def _joined_values(clauses: tuple[Clause, ...]) -> Mapping[str, Value]:
    """Return the parameters of a group: those of every member; where two state one, the looser holds."""
    if len(clauses) == 1:
        return clauses[0].values
    joined: dict[str, Value] = {}
    for clause in clauses:
        for key, value in clause.values.items():
            joined[key] = _looser(key, joined[key], value) if key in joined else value
    return joined


def _looser(key: str, one: Value, other: Value) -> Value:
    dimension = vocabulary().dimensions[key]
    if one.items is not None and other.items is not None:
        union = one.items | other.items
        return Value(", ".join(sorted(union)), items=union)
    if one.figure is None or other.figure is None:
        return one if one.figure is None else other
    pick = max if dimension.stricter == "lower" else min
    return pick((one, other), key=lambda value: value.figure or 0)


def provisions_of(library: Library, edition: Edition, baseline: str, as_of: date) -> tuple[Provision, ...]:
    """Return every provision of a foreign edition, ids given in its order.

    Where sources conflict the clauses of the worse basis are left out (VERDICTS V5). Direct maps to
    the baseline edition become provisions on the control `direct:<baseline obligation>`.
    """
    every = edition_clauses(library, edition, as_of)
    clauses = {clause.id: clause for clause in every if not _outdone(clause, edition)}
    maps, numbering = library.maps_of(edition.key), _Numbering()
    for key, clause in clauses.items():
        for one in live_maps(maps.maps.get(key, ())):
            numbering.add(key, (clause,), one.control, one)
    for joint in maps.jointly:
        members = tuple(clauses[member] for member in joint.members if member in clauses)
        if len(members) == len(joint.members) and joint.status != "rejected":
            numbering.add(
                f"joint {joint.id}",
                members,
                joint.control,
                Map(**joint.model_dump(exclude={"id", "members"})),
            )
    for source, target, one in direct_maps(library, edition.key, baseline):
        if source in clauses and one.relationship is not Relationship.NONE:
            numbering.add(source, (clauses[source],), DIRECT + target, one)
    return tuple(numbering.made)


def live_maps(entry: tuple[Map, ...] | NoControl) -> Iterator[Map]:
    """Yield an obligation's maps that say something: neither rejected nor no-relationship."""
    if not isinstance(entry, NoControl):
        yield from (m for m in entry if m.status != "rejected" and m.relationship is not Relationship.NONE)


def direct_maps(library: Library, source: str, target: str) -> Iterator[tuple[str, str, Map]]:
    """Yield the counting direct maps between two editions, read from the source's side."""
    from mappings.relationships import inverse

    for one in library.direct.get((source, target), ()):
        if one.status in COUNTING:
            yield (
                one.source,
                one.target,
                _as_map(one.target, one.relationship, one.rationale, one.confidence, one.status),
            )
    for one in library.direct.get((target, source), ()):
        if one.status in COUNTING:
            yield (
                one.target,
                one.source,
                _as_map(one.source, inverse(one.relationship), one.rationale, one.confidence, one.status),
            )


def _as_map(control: str, relationship: Relationship, rationale: str, confidence: str, status: str) -> Map:
    return Map.model_validate(
        {
            "control": DIRECT + control,
            "relationship": relationship,
            "rationale": rationale,
            "confidence": confidence,
            "status": status,
        }
    )


def _outdone(clause: Clause, edition: Edition) -> bool:
    """Whether another source, of better basis, says otherwise."""
    if not clause.criterion.conflicts_with:
        return False
    rank = BASIS_RANK[clause.criterion.basis]
    others = (c for c in edition.criteria if c.ref in clause.criterion.conflicts_with)
    return any(BASIS_RANK[other.basis] > rank for other in others)


def strength_word(rank: int) -> str:
    """Return the word of a strength rank: 3 is must."""
    return STRENGTHS[rank]
