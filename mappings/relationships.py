"""Relationships between requirements, their inverse and their composition.

Tokens are those of OSCAL and NIST IR 8477 and are always read "source … of target". Composition is
that of RCC-5 over non-empty sets: what a requirement's relation to a control, and the control's
relation to another requirement, leave possible between the two.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Final


class Relationship(StrEnum):
    """How a source requirement stands to a target."""

    EQUAL = "equal-to"
    EQUIVALENT = "equivalent-to"
    SUBSET = "subset-of"
    SUPERSET = "superset-of"
    INTERSECTS = "intersects-with"
    NONE = "no-relationship"


class Reach(StrEnum):
    """What is certain of a source's relation to a target."""

    COVERS = "covers"
    OVERLAPS = "overlaps"
    NONE = "none"
    UNCERTAIN = "uncertain"


_EQ, _SUB, _SUP, _INT, _NO = (
    Relationship.EQUAL,
    Relationship.SUBSET,
    Relationship.SUPERSET,
    Relationship.INTERSECTS,
    Relationship.NONE,
)
BASIC: Final = (_EQ, _SUB, _SUP, _INT, _NO)
_ANY: Final = frozenset(BASIC)

_INVERSE: Final = {
    _EQ: _EQ,
    _SUB: _SUP,
    _SUP: _SUB,
    _INT: _INT,
    _NO: _NO,
    Relationship.EQUIVALENT: Relationship.EQUIVALENT,
}

_COMPOSE: Final[dict[tuple[Relationship, Relationship], frozenset[Relationship]]] = {
    **{(_EQ, r): frozenset({r}) for r in BASIC},
    **{(r, _EQ): frozenset({r}) for r in BASIC},
    (_SUB, _SUB): frozenset({_SUB}),
    (_SUB, _SUP): _ANY,
    (_SUB, _INT): frozenset({_INT, _NO, _SUB}),
    (_SUB, _NO): frozenset({_NO}),
    (_SUP, _SUB): frozenset({_EQ, _INT, _SUB, _SUP}),
    (_SUP, _SUP): frozenset({_SUP}),
    (_SUP, _INT): frozenset({_INT, _SUP}),
    (_SUP, _NO): frozenset({_INT, _NO, _SUP}),
    (_INT, _SUB): frozenset({_INT, _SUB}),
    (_INT, _SUP): frozenset({_INT, _NO, _SUP}),
    (_INT, _INT): _ANY,
    (_INT, _NO): frozenset({_INT, _NO, _SUP}),
    (_NO, _SUB): frozenset({_INT, _NO, _SUB}),
    (_NO, _SUP): frozenset({_NO}),
    (_NO, _INT): frozenset({_INT, _NO, _SUB}),
    (_NO, _NO): _ANY,
}


def basic(relationship: Relationship) -> Relationship:
    """Return the relationship as composition sees it: equivalent-to composes as equal-to."""
    return _EQ if relationship is Relationship.EQUIVALENT else relationship


def inverse(relationship: Relationship) -> Relationship:
    """Return the same relation read from the target's side."""
    return _INVERSE[relationship]


def compose(first: Relationship, second: Relationship) -> frozenset[Relationship]:
    """Return every relation source→C that source→hub and hub→C leave possible (one value: certain)."""
    return _COMPOSE[basic(first), basic(second)]


def reach(possible: frozenset[Relationship]) -> Reach:
    """Return what is certain of a possible set: covers, overlaps, none, or nothing (VERDICTS V3)."""
    if possible <= {_EQ, _SUP}:
        return Reach.COVERS
    if _NO not in possible:
        return Reach.OVERLAPS
    if possible == {_NO}:
        return Reach.NONE
    return Reach.UNCERTAIN


@cache
def reach_through_hub(foreign_to_control: Relationship, baseline_to_control: Relationship) -> Reach:
    """Return what a foreign provision certainly does for a baseline obligation on the same control."""
    return reach(compose(foreign_to_control, inverse(baseline_to_control)))
