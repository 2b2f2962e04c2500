"""The other direction: what the foreign program asks that the baseline does not, and why."""

from __future__ import annotations

from typing import Any

import pytest

from engine.matching import DirectMatcher
from tests.worlds import world

MATCHER = DirectMatcher()


def rows(**spec: Any) -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Return class, baseline criteria and note of every foreign criterion, by reference."""
    made = world(spec).compare(MATCHER)
    return {row.provision: (row.kind, row.matched, row.note) for row in made.reverse}


def test_what_reaches_a_baseline_criterion_is_matched():
    """Also partly, also beside a better path, also by a heading that counts for nothing."""
    foreign = [{}, {"maps": {"control": "subset-of"}}, {"thin": True}]
    assert rows(baseline=[{}, {}], foreign=foreign) == {
        "A1": ("matched", ("1", "2"), ""),
        "A2": ("matched", ("1", "2"), ""),
        "A3": ("matched", ("1", "2"), ""),
    }


def test_members_of_a_joint_group_are_matched_by_what_the_group_reaches():
    """They answer nothing alone."""
    foreign = [{"maps": {"no_control": "only a part"}}, {"maps": {"no_control": "only a part"}}]
    found = rows(baseline={}, foreign=foreign, jointly=[{"members": ["A1.a", "A2.a"]}])
    assert found == {"A1": ("matched", ("1",), ""), "A2": ("matched", ("1",), "")}


def test_a_control_that_the_baseline_does_not_ask_for_is_beyond():
    """It has a reviewed map, and nothing on the other side of it."""
    assert rows(baseline={}, foreign={"maps": "another"}) == {"A1": ("beyond", (), "")}


@pytest.mark.parametrize(
    ("directions", "direction", "kind"),
    [
        ({"baseline": "import", "foreign": "export"}, None, "legal_limit"),
        ({"baseline": "import", "foreign": "both"}, "export", "legal_limit"),
        ({"baseline": "import", "foreign": "export"}, "both", "beyond"),
        ({"baseline": "import", "foreign": "both"}, None, "beyond"),
        ({"baseline": "both", "foreign": "export"}, None, "beyond"),
    ],
)
def test_export_only_demands_meet_the_legal_limit_of_an_import_program(directions, direction, kind):
    """Only where the baseline edition has no export component."""
    foreign = {"maps": "another", **({"direction": direction} if direction else {})}
    assert rows(baseline={}, foreign=foreign, directions=directions)["A1"][0] == kind


def test_how_an_export_program_validates_is_no_legal_limit():
    """The administration's own procedure is no demand on exports."""
    foreign = {"maps": "another", "category": "validation"}
    directions = {"baseline": "import", "foreign": "export"}
    assert rows(baseline={}, foreign=foreign, directions=directions)["A1"][0] == "beyond"


def test_the_conclusion_tells_the_legal_limit():
    """How many demands it is about; without any it says nothing."""
    directions = {"baseline": "import", "foreign": "export"}
    foreign = [{}, {"maps": "another"}, {"maps": "a third"}]
    [note] = (
        world({"baseline": {}, "foreign": foreign, "directions": directions})
        .compare(MATCHER)
        .conclusion.notes
    )
    assert note.startswith("Legal limit: home-2025 has no export component")
    assert "no counterpart in it (2)." in note
    assert world({"baseline": {}, "foreign": foreign}).compare(MATCHER).conclusion.notes == ()


@pytest.mark.parametrize("scope", ["compliance", "records", "solvency", "benefits"])
def test_what_is_not_security_is_out_of_scope(scope):
    """Mutual recognition rests on security only."""
    assert rows(baseline={}, foreign={"scope": scope, "maps": "another"}) == {
        "A1": ("out_of_scope", (), f"not security ({scope})")
    }


def test_background_is_told_as_such():
    """A definition asks for nothing."""
    assert rows(baseline={}, foreign={"strength": "info", "maps": "another"})["A1"][0] == "background"


def test_what_answers_no_control_tells_the_reason():
    """The encoder's reason is the note."""
    foreign = {"maps": {"no_control": "keeps data in step"}}
    assert rows(baseline={}, foreign=foreign) == {"A1": ("unmapped", (), "keeps data in step")}


@pytest.mark.parametrize("status", ["proposed", "stale", "rejected"])
def test_what_has_no_counting_map_is_unmapped(status):
    """A proposal is no counterpart yet."""
    foreign = {"maps": {"another": {"relationship": "equal-to", "status": status}}}
    assert rows(baseline={}, foreign=foreign) == {"A1": ("unmapped", (), "no reviewed map")}
