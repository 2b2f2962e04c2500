"""What holds of a baseline clause before anything is matched: set aside, or what silence means (V4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from criteria.model import STRENGTH_RANK, Edition
from engine.clauses import Clause, certified_types
from engine.completeness import completeness
from mappings.library import Library

_NO_SUCH_TYPE = ("not_applicable", "no_such_operator_type")


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a clause before matching, each an outcome with its reason code.

    `aside` is that of a clause that is not compared (then `by_operator` says the same). `silence` is that
    of one which no provision touches, `by_operator` the same for each of its operator types, of which
    the other side certifies `certified`.
    """

    aside: tuple[str, str] | None
    silence: tuple[str, str]
    by_operator: Mapping[str, tuple[str, str]]
    certified: frozenset[str]


def grounds_of(library: Library, clauses: Iterable[Clause], foreign: Edition) -> dict[str, Ground]:
    """Return the ground of every clause of a baseline, by its id, against a foreign edition."""
    certified = certified_types(library.programs[foreign.program])
    absent = {one.condition for one in foreign.conditions_absent}
    unmapped = bool(library.unmapped(foreign.key))

    @cache
    def silence(category: str, types: frozenset[str]) -> tuple[str, str]:
        """Silence is absence only where everything on the subject was read."""
        if unmapped:
            return "unknown", "provisions_unmapped"
        if types and all(completeness(foreign, category, operator) == "full" for operator in types):
            return "absent", "no_provision_found"
        return "unknown", "edition_incomplete"

    @cache
    def ground(aside: tuple[str, str] | None, category: str, types: frozenset[str]) -> Ground:
        """Clauses of which the same is known share one."""
        known = types & certified
        aside = aside or (None if known else _NO_SUCH_TYPE)
        by_operator = {
            one: aside or (silence(category, frozenset([one])) if one in known else _NO_SUCH_TYPE)
            for one in sorted(types)
        }
        return Ground(aside, silence(category, known), by_operator, known)

    return {
        clause.id: ground(
            _set_aside(clause, absent),
            clause.criterion.category,
            clause.operators | clause.operators_unverified,
        )
        for clause in clauses
    }


def _set_aside(clause: Clause, absent: set[str]) -> tuple[str, str] | None:
    """Return the outcome and reason of a clause that is not compared, whatever the operator type."""
    if clause.scope not in ("security", "forced_labor"):
        return "out_of_scope", "not_security"
    if clause.strength == STRENGTH_RANK["info"]:
        return "not_applicable", "information_only"
    if clause.condition in absent:
        return "not_applicable", "condition_cannot_arise"
    return None
