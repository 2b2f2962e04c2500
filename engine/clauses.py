"""Clauses: the obligations of an edition with everything their criterion says about them, on a date.

Both sides of a comparison are read as clauses: how firmly an applicant is held to each (VERDICTS V1),
which operator types it binds, under which condition, and whether it is about security.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from criteria.checking import ALL
from criteria.dimensions import Value, values_of
from criteria.model import (
    BINDING_INSTRUMENTS,
    STRENGTH_RANK,
    STRENGTHS,
    Criterion,
    Edition,
    Obligation,
    Program,
)
from criteria.vocabulary import vocabulary
from mappings.library import Library

NO_CONDITION = "none"
INFO, SHOULD = STRENGTH_RANK["info"], STRENGTH_RANK["should"]


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


def strength_word(rank: int) -> str:
    """Return the word of a strength rank: 3 is must."""
    return STRENGTHS[rank]


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
    """Return a criterion's own strength (0 info … 3 must) on a date: its last change begun by then holds."""
    strength = criterion.strength
    for change in sorted(criterion.strength_history, key=lambda change: change.since):
        if _begun(change.since, as_of):
            strength = change.strength
    return STRENGTH_RANK[strength]


def _begun(since: str, as_of: date) -> bool:
    """Return whether a year, month or day has come."""
    return since <= as_of.isoformat()[: len(since)]


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
        return min(own, SHOULD)
    if own == INFO:
        return own
    binding = _standing_strength(by_ref[criterion.under], by_ref, as_of, {criterion.ref})
    return binding if obligation.strength is None else min(own, binding)


def _standing_strength(
    criterion: Criterion, by_ref: Mapping[str, Criterion], as_of: date, seen: set[str]
) -> int:
    """Return what a row that others stand under lends them: no guideline lends more than it has itself."""
    own = dated_strength(criterion, as_of)
    if criterion.instrument in BINDING_INSTRUMENTS:
        return own
    if criterion.under is None or criterion.under in seen:
        return min(own, SHOULD)
    above = by_ref[criterion.under]
    return min(own, _standing_strength(above, by_ref, as_of, {*seen, criterion.ref}))


Version = tuple[str, tuple[str, ...]]


def version_of(library: Library, edition: Edition, as_of: date) -> Version:
    """Return an edition's key and the changes of strength begun by a date: all its clauses depend on."""

    def changes() -> tuple[str, ...]:
        return tuple(sorted({c.since for criterion in edition.criteria for c in criterion.strength_history}))

    every = library.remember(("changes of strength", edition.key), changes)
    return edition.key, tuple([since for since in every if _begun(since, as_of)])


def edition_clauses(library: Library, edition: Edition, as_of: date) -> tuple[Clause, ...]:
    """Return `clauses_of` an edition of a library, made once for dates between which nothing changes."""
    program = library.programs[edition.program]
    key = ("clauses", version_of(library, edition, as_of))
    return library.remember(key, lambda: clauses_of(edition, program, as_of))


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


def conflicts_of(edition: Edition) -> dict[str, frozenset[str]]:
    """Return the criteria in conflict with each criterion, whichever of the two names the other."""
    found: dict[str, set[str]] = {}
    for criterion in edition.criteria:
        for other in criterion.conflicts_with:
            found.setdefault(criterion.ref, set()).add(other)
            found.setdefault(other, set()).add(criterion.ref)
    return {ref: frozenset(others) for ref, others in found.items()}
