"""The three prerequisites before phase 1: an operational program, strong validation, strong security."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from criteria.problems import UnknownName
from engine.facts import provisions_of
from engine.findings import Prerequisite
from engine.matching import DirectMatcher
from engine.policy import Need
from engine.prerequisites import judge_prerequisites, status_on
from tests.builders import program, shipped_policy
from tests.worlds import HOME, world

MATCHER = DirectMatcher()
MODELS = {one.key: one for one in shipped_policy().tables["prerequisite"].model.prerequisites}
VALIDATION, SECURITY = MODELS["strong_validation"].needs, MODELS["strong_security"].needs


def meeting(need: Need, **more: Any) -> dict[str, Any]:
    """Return a foreign criterion that meets a need, unless told otherwise."""
    control = need.controls[0] if need.controls else f"{need.categories[0]}.made_up"
    category = need.categories[0] if need.categories else "validation"
    return {"category": category, "maps": control, "strength": need.strength, **more}


def judged(foreign: Iterable[Mapping[str, Any]], **spec: Any) -> dict[str, Prerequisite]:
    """Return the prerequisites of a program with these criteria, by key."""
    made = world({"foreign": list(foreign), **spec})
    provisions = provisions_of(made.library, made.foreign, HOME, made.as_of)
    found = judge_prerequisites(made.library, made.foreign, provisions, shipped_policy(), MATCHER, made.as_of)
    return {one.key: one for one in found}


def verdict_of(key: str, foreign: Iterable[Mapping[str, Any]], **spec: Any) -> str:
    """Return the verdict on one prerequisite."""
    return judged(foreign, **spec)[key].verdict


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ({}, "not_evidenced"),
        ({"2001-01-01": "operational"}, "met"),
        ({"2001-01-01": "pilot"}, "not_met"),
        ({"2001-01-01": "pilot", "2005-01-01": "operational"}, "met"),
        ({"2005-01-01": "operational", "2001-01-01": "pilot"}, "met"),
        ({"2001-01-01": "operational", "2020-01-01": "closed"}, "not_met"),
        ({"2001-01-01": "operational", "2030-01-01": "closed"}, "met"),
        ({"2030-01-01": "operational"}, "not_evidenced"),
    ],
)
def test_a_program_is_fully_operational_by_its_last_known_status(status, verdict):
    """A pilot, a plan or a closed program is not; without a known status it is not evidenced."""
    found = judged([], status=status)["fully_operational"]
    assert found.verdict == verdict
    assert found.reasons[0].startswith("status on 2026-11-24: ")


def test_the_status_on_a_day_is_the_last_one_begun_by_then():
    """The day on which it begins counts."""
    made = program("p", "P", status=({"from": "2005-01-01", "status": "pilot"},))
    assert status_on(made, date(2004, 12, 31)) is None
    begun = status_on(made, date(2005, 1, 1))
    assert begun is not None
    assert begun.status == "pilot"


@pytest.mark.parametrize("key", ["strong_validation", "strong_security"])
def test_all_needs_met_is_met(key):
    """Each need names what meets it."""
    found = judged([meeting(need) for need in MODELS[key].needs])[key]
    assert found.verdict == "met"
    assert all(": met (A" in reason for reason in found.reasons)
    assert len(found.facts) == len(MODELS[key].needs)
    assert found.sources == ("rules",)
    assert found.basis == "text"


def test_sixty_percent_of_the_needs_are_enough():
    """Four of six are, three of six with the rest open are not evidenced."""
    assert verdict_of("strong_validation", map(meeting, VALIDATION[:4])) == "met"
    assert (
        verdict_of("strong_validation", map(meeting, VALIDATION[:3]), completeness="partial")
        == "not_evidenced"
    )


def test_too_many_needs_absent_is_not_met():
    """Where everything was read, more than forty percent absent decides."""
    assert verdict_of("strong_validation", map(meeting, VALIDATION[:3])) == "not_met"


def test_an_essential_need_that_is_absent_is_not_met():
    """Without visits on site no validation is strong, whatever else there is."""
    assert verdict_of("strong_validation", map(meeting, VALIDATION[1:])) == "not_met"


def test_an_essential_need_that_is_open_is_not_evidenced():
    """Where not everything was read, visits may stand in what was not."""
    found = verdict_of("strong_validation", map(meeting, VALIDATION[1:]), completeness="partial")
    assert found == "not_evidenced"


def test_nothing_known_is_not_evidenced():
    """A program of which no text was read is never said to be weak."""
    found = judged([], completeness="none")
    assert [one.verdict for one in found.values()] == ["met", "not_evidenced", "not_evidenced"]
    assert found["strong_security"].basis == "unverified"


@pytest.mark.parametrize(
    "more",
    [
        {"strength": "may"},
        {"thin": True},
        {"maps": {"valid.on_site_validation": "subset-of"}},
        {"maps": {"valid.on_site_validation": {"relationship": "equal-to", "status": "proposed"}}},
        {"deeming": {"holder": "agents", "regime": "aviation", "regime_read": True}},
        {"scope": "benefits"},
    ],
)
def test_a_need_is_met_only_by_a_reviewed_provision_that_covers_it_firmly(more):
    """Weak, thin, partial, proposed or deemed is not met, and not absent either."""
    rows = [meeting(VALIDATION[0], **more), *map(meeting, VALIDATION[1:])]
    found = judged(rows)["strong_validation"]
    assert found.verdict == ("not_met" if more == {"scope": "benefits"} else "not_evidenced")
    assert ": met" not in found.reasons[0]


def test_the_best_read_provision_is_named():
    """Of several that meet a need, the one of the best basis stands for it."""
    need = SECURITY[0]
    rows = [meeting(need, basis="secondary"), meeting(need, basis="text"), *map(meeting, SECURITY[1:])]
    found = judged(rows)["strong_security"]
    assert found.reasons[0].endswith(": met (A2)")


@pytest.mark.parametrize("key", ["strong_validation", "strong_security"])
def test_a_recalled_text_shows_no_strength(key):
    """Provisions that were not read leave a need open, however plainly they are believed to meet it."""
    rows = [meeting(need, basis="unverified") for need in MODELS[key].needs]
    found = judged(rows)[key]
    assert found.verdict == "not_evidenced"
    assert all(": open (A" in reason for reason in found.reasons)


def test_what_only_goes_with_a_subject_meets_no_need():
    """A control that a need is without is no evidence for it, nor against it."""
    [(n, need)] = [(n, need) for n, need in enumerate(SECURITY) if need.categories == ("personnel",)]
    rows = [meeting(one, **({"maps": need.without[0]} if one is need else {})) for one in SECURITY]
    assert judged(rows)["strong_security"].reasons[n] == f"{need.name}: absent"


def test_the_basis_is_that_of_the_provisions_that_meet():
    """What is left open does not lower it."""
    rows = [meeting(SECURITY[0], basis="unverified"), *map(meeting, SECURITY[1:])]
    found = judged(rows)["strong_security"]
    assert (found.verdict, found.basis) == ("met", "text")


def test_a_control_that_the_policy_misspells_is_told_with_the_nearest():
    """A need on it could never be met."""
    policy = shipped_policy()
    table = policy.tables["prerequisite"]
    need = VALIDATION[0].model_copy(update={"controls": ("valid.on_site_validatoin",)})
    one = MODELS["strong_validation"].model_copy(update={"needs": (need,)})
    model = table.model.model_copy(update={"prerequisites": (one,)})
    wrong = replace(policy, tables={**policy.tables, "prerequisite": replace(table, model=model)})
    made = world({"foreign": []})
    with pytest.raises(UnknownName, match=r"not a known control\. Did you mean valid\.on_site_validation"):
        judge_prerequisites(made.library, made.foreign, (), wrong, MATCHER, made.as_of)
