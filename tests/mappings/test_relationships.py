"""The relationship algebra: what follows from two relations, to a control and from it to a requirement.

Checked against sets: the relations between all non-empty sets of six things are what the tables say.
"""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from mappings.relationships import (
    BASIC,
    Reach,
    Relationship,
    basic,
    compose,
    inverse,
    reach,
    reach_through_hub,
)

EVERY = list(Relationship)
SETS = [frozenset(s) for n in range(1, 7) for s in itertools.combinations(range(6), n)]


def relation(one: frozenset[int], other: frozenset[int]) -> Relationship:
    """Return how one set stands to another."""
    if one == other:
        return Relationship.EQUAL
    if one < other:
        return Relationship.SUBSET
    if one > other:
        return Relationship.SUPERSET
    return Relationship.INTERSECTS if one & other else Relationship.NONE


@pytest.fixture(scope="module")
def composed() -> dict[tuple[Relationship, Relationship], frozenset[Relationship]]:
    """All that two relations leave possible; one middle set of each size stands for all of that size."""
    found: dict[tuple[Relationship, Relationship], set[Relationship]] = {}
    for size in range(1, 7):
        middle = frozenset(range(size))
        for one, other in itertools.product(SETS, SETS):
            pair = relation(one, middle), relation(middle, other)
            found.setdefault(pair, set()).add(relation(one, other))
    return {pair: frozenset(possible) for pair, possible in found.items()}


@pytest.mark.parametrize("one", EVERY)
def test_reading_twice_from_the_other_side_is_reading_once(one):
    """The inverse of the inverse is the relation itself."""
    assert inverse(inverse(one)) is one


def test_the_inverse_is_the_relation_of_the_sets_turned_round():
    """What holds of two sets, read from the other one, is the inverse."""
    for one, other in itertools.product(SETS, SETS):
        assert relation(other, one) is inverse(relation(one, other))


@pytest.mark.parametrize("pair", list(itertools.product(BASIC, BASIC)))
def test_composition_is_that_of_sets(pair, composed):
    """Every cell of the table holds exactly what the sets leave possible."""
    assert compose(*pair) == composed[pair]


@pytest.mark.parametrize("pair", list(itertools.product(EVERY, EVERY)))
def test_the_way_back_is_the_way_there_in_reverse(pair):
    """inverse(compose(a, b)) = compose(inverse b, inverse a)."""
    one, other = pair
    back = frozenset(inverse(found) for found in compose(one, other))
    assert back == compose(inverse(other), inverse(one))


@pytest.mark.parametrize("one", EVERY)
def test_equivalent_composes_as_equal(one):
    """The same objective by other means leads wherever the same objective leads."""
    assert basic(Relationship.EQUIVALENT) is Relationship.EQUAL
    assert compose(Relationship.EQUIVALENT, one) == compose(Relationship.EQUAL, one)
    assert compose(one, Relationship.EQUIVALENT) == compose(one, Relationship.EQUAL)


def test_how_much_is_certain():
    """Of the 25 cells 4 cover, 8 more overlap, 4 say none, and 9 are uncertain (VERDICTS V3)."""
    counts = Counter(reach(compose(one, other)) for one, other in itertools.product(BASIC, BASIC))
    assert counts == {Reach.COVERS: 4, Reach.OVERLAPS: 8, Reach.NONE: 4, Reach.UNCERTAIN: 9}


@pytest.mark.parametrize(
    ("possible", "expected"),
    [
        ({Relationship.EQUAL}, Reach.COVERS),
        ({Relationship.SUPERSET}, Reach.COVERS),
        ({Relationship.EQUAL, Relationship.SUPERSET}, Reach.COVERS),
        ({Relationship.SUBSET}, Reach.OVERLAPS),
        ({Relationship.SUBSET, Relationship.SUPERSET, Relationship.INTERSECTS}, Reach.OVERLAPS),
        ({Relationship.NONE}, Reach.NONE),
        ({Relationship.NONE, Relationship.SUBSET}, Reach.UNCERTAIN),
    ],
)
def test_what_a_possible_set_makes_certain(possible, expected):
    """Equal or superset covers; anything without no-relationship overlaps; no-relationship alone is none."""
    assert reach(frozenset(possible)) is expected


@pytest.mark.parametrize("pair", list(itertools.product(EVERY, EVERY)))
def test_the_hub_turns_the_baselines_map_round(pair):
    """A provision reaches an obligation through foreign → control and the inverse of baseline → control."""
    foreign, baseline = pair
    assert reach_through_hub(foreign, baseline) is reach(compose(foreign, inverse(baseline)))


def test_the_tokens_are_those_of_oscal():
    """Relationships are written with the tokens of OSCAL and NIST IR 8477."""
    assert {str(one) for one in EVERY} == {
        "equal-to", "equivalent-to", "subset-of", "superset-of", "intersects-with", "no-relationship",
    }  # fmt: skip
