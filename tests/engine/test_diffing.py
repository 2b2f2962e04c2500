"""What changed between two editions, as the engine judges it both ways."""

from __future__ import annotations

from typing import Any

import pytest

from engine.diffing import EditionDiff, by_category, diff_editions
from engine.matching import DirectMatcher
from tests.builders import shipped_policy
from tests.worlds import world

MATCHER = DirectMatcher()
SAME = {"statement": "Seals are used on every unit."}


def diff(old: Any, new: Any, **spec: Any) -> EditionDiff:
    """Return the changes from one side to the other; `baseline` is the older edition."""
    made = world({"baseline": old, "foreign": new, **spec})
    return diff_editions(made.library, made.baseline, made.foreign, shipped_policy(), MATCHER, made.as_of)


def changes(old: Any, new: Any, **spec: Any) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Return change and references on both sides."""
    return [(one.change, one.old, one.new) for one in diff(old, new, **spec).changes]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (SAME, SAME, "unchanged"),
        (SAME, {"statement": "Seals  are used, on EVERY unit"}, "unchanged"),
        (SAME, {"statement": "Each unit bears a seal."}, "reworded"),
        ({"parameters": {"interval": "12 months"}}, {"parameters": {"interval": "6 months"}}, "strengthened"),
        ({"parameters": {"interval": "6 months"}}, {"parameters": {"interval": "12 months"}}, "loosened"),
        ({"strength": "should"}, {"strength": "must"}, "strengthened"),
        ({"strength": "must"}, {"strength": "should"}, "loosened"),
        (
            {"parameters": {"interval": "12 months", "retention": "1 year"}},
            {"parameters": {"interval": "2 years", "retention": "2 years"}},
            "changed",
        ),
        ({"applies_if": "land_border"}, [], "dropped"),
        ({"scope": "solvency"}, {}, "set_aside"),
    ],
)  # fmt: skip
def test_what_became_of_a_criterion(old, new, change):
    """By what the engine says of the new edition measured against the old one."""
    assert diff(old, new).changes[0].change == change


def test_a_criterion_may_move_to_another_reference():
    """Maps tell where it went, not numbers."""
    assert changes([{"maps": "k1"}, {"maps": "k2"}], [{"maps": "k2"}, {"maps": "k1"}]) == [
        ("reworded", ("1",), ("A2",)),
        ("reworded", ("2",), ("A1",)),
    ]


def test_what_only_the_new_edition_asks_is_added():
    """It has no counterpart in the old one."""
    found = diff({"maps": "k1"}, [{"maps": "k1"}, {"maps": "k2", "statement": "Locks are used."}])
    assert [(one.change, one.old, one.new, one.new_text) for one in found.changes[1:]] == [
        ("added", (), ("A2",), "Locks are used.")
    ]
    assert found.counts == {"added": 1, "reworded": 1}


def test_what_the_old_edition_asks_no_longer_is_dropped():
    """Its text stays on record."""
    found = diff([{"maps": "k1"}, {"maps": "k2", "statement": "Locks are used."}], {"maps": "k1"})
    assert [(one.change, one.old, one.new, one.old_text) for one in found.changes[1:]] == [
        ("dropped", ("2",), (), "Locks are used.")
    ]


def test_a_dropped_obligation_of_a_criterion_that_stays_is_told():
    """The criterion is loosened, and what went is named."""
    old = {"obligations": [{"maps": "k1"}, {"maps": "k2", "text": "seals are counted"}]}
    [found] = diff(old, {"maps": "k1"}).changes
    assert (found.change, found.dropped) == ("loosened", ("seals are counted",))


def test_the_sides_of_a_change_are_told():
    """Baseline is the old edition."""
    [found] = diff(
        {"parameters": {"interval": "12 months"}}, {"parameters": {"interval": "6 months"}}
    ).changes
    assert [(one.code, one.baseline, one.foreign) for one in found.stricter] == [
        ("shorter_interval", "12 months", "6 months")
    ]


def test_changes_are_grouped_by_category():
    """In the order they come."""
    old = [{"category": "training", "maps": "k1"}, {"category": "seal", "maps": "k2"}]
    found = diff(old, [])
    assert [(name, len(listed)) for name, listed in by_category(found)] == [("training", 1), ("seal", 1)]
