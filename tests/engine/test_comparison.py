"""What a comparison holds besides its verdicts: scope, tallies, identity, programs not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from criteria.problems import UnknownName
from engine.clauses import version_of
from engine.comparison import compare
from engine.findings import Comparison
from engine.matching import Batch, DirectMatcher, Firing, MatcherError
from engine.policy import load_policy
from engine.presenting import comparison_as_dict
from mappings.library import load_library
from tests.worlds import finding_of, world

MATCHER = DirectMatcher()


def compared(**spec: Any) -> Comparison:
    """Return the comparison of a world."""
    return world(spec).compare(MATCHER)


def test_every_count_is_of_a_total():
    """Tallies by category and operator type add up, provisional verdicts are counted apart."""
    made = compared(
        baseline=[{"category": "seal"}, {"category": "training", "maps": "k2", "operators": ["importer"]}],
        foreign={"basis": "unverified"},
    )
    assert (made.summary.counts, made.summary.total, made.summary.provisional) == (
        {"meets": 1, "no_counterpart": 1}, 2, 1,
    )  # fmt: skip
    assert {key: tally.total for key, tally in made.categories.items()} == {"seal": 1, "training": 1}
    assert {key: tally.total for key, tally in made.operators.items()} == {"importer": 2, "exporter": 1}
    assert comparison_as_dict(made)["summary"] == {
        "meets": 1, "no_counterpart": 1, "provisional": 1, "total": 2,
    }  # fmt: skip


def test_an_operator_type_in_the_scope_leaves_out_what_does_not_bind_it():
    """And shows that type only; the headline still takes provisions of any type."""
    baseline = [{"operators": ["importer"]}, {"operators": ["exporter"], "maps": "k2"}, {"maps": "k3"}]
    foreign = [{"operators": ["exporter"]}, {"maps": "k3", "operators": ["exporter"]}]
    made = compared(baseline=baseline, foreign=foreign, scope={"operators": ["importer"]})
    assert [one.criterion for one in made.findings] == ["1", "3"]
    assert (made.findings[1].verdict, made.findings[1].operators) == ("meets", {"importer": "no_counterpart"})
    assert list(made.operators) == ["importer"]


def test_an_unknown_operator_type_gives_the_nearest():
    """A misspelt type is no empty result."""
    with pytest.raises(UnknownName, match=r'"importr" is not a known operator type\. Did you mean importer'):
        compared(scope={"operators": ["importr"]})


@pytest.mark.parametrize("status", ["none", "planned"])
def test_no_comparison_is_claimed_before_there_was_a_program(status):
    """A later text is no evidence of what was then."""
    made = compared(status={"2000-01-01": status})
    assert (made.findings, made.reverse) == ((), ())
    assert made.conclusion.overall == "not_ready"
    assert any("No program then" in text for text in made.warnings)


def test_a_pilot_is_compared_and_not_ready():
    """Its criteria are known; the prerequisite is not met."""
    made = compared(status={"2000-01-01": "pilot"})
    assert made.findings[0].verdict == "meets"
    assert made.conclusion.criteria is not None
    assert made.conclusion.criteria.recommendation == "not_ready"


@pytest.mark.parametrize(
    "other",
    [
        {"foreign": {"strength": "should"}},
        {"foreign": {"maps": {"control": "subset-of"}}},
        {"baseline": {"parameters": {"interval": "12 months"}}},
        {"completeness": "partial"},
        {"as_of": "2020-01-01"},
        {"scope": {"operators": ["importer"]}},
        {"scope": {"count_forced_labor": True}},
        {"direct": [{"foreign": "A1.a", "baseline": "1.a", "relationship": "subset-of"}]},
        {"certifies": ["importer"]},
    ],
)
def test_the_id_changes_with_every_input(other):
    """Two comparisons with one id are one and the same."""
    assert compared(**other).id != compared().id


def test_the_id_does_not_depend_on_the_order_of_operator_types():
    """They are a set."""
    one, other = ({"operators": ["importer", "exporter"]}, {"operators": ["exporter", "importer"]})
    assert compared(scope=one).id == compared(scope=other).id


def test_evidence_names_provision_map_rules_and_source():
    """What a verdict rests on can be looked up."""
    made = compared(
        baseline={"parameters": {"interval": "12 months"}}, foreign={"parameters": {"interval": "1 year"}}
    )
    [evidence] = finding_of(made, "1").evidence
    assert (evidence.provision, evidence.obligation, evidence.control) == ("A1", "A1.a", "control")
    assert (evidence.relationship, evidence.map_status, evidence.basis) == ("equal-to", "library", "text")
    assert evidence.source["reference"] == "art. A1"
    assert {"1.a:addressed", "1.a:covers", "1.a:binding", "1.a:interval"} <= set(evidence.rules)


def test_the_weakest_basis_behind_a_finding_is_told():
    """Nobody should build an argument on text that was not read."""
    made = compared(baseline={"basis": "excerpt"}, foreign={"basis": "secondary"})
    assert (made.findings[0].basis, made.findings[0].baseline_basis) == ("secondary", "excerpt")


def test_a_failing_matcher_is_an_error_and_never_an_empty_result():
    """Without firings everything would look absent."""

    class Broken:
        def match(self, batches: Sequence[Batch]) -> list[list[Firing]]:
            raise MatcherError("The matching process failed twice.")

    with pytest.raises(MatcherError, match="failed twice"):
        world({}).compare(Broken())


def test_days_between_which_no_strength_changes_share_what_is_prepared_and_others_do_not():
    """A server is asked for another day every day; C-TPAT's forced labor criterion became a must in 2023."""
    library, policy = load_library(), load_policy(MATCHER)
    here, there = library.editions["ctpat-2020"], library.editions["eu-aeo-2016"]
    days = [date(2022, 6, 1), date(2022, 12, 31), date(2023, 1, 1), date(2026, 1, 1)]
    made = [compare(library, here, there, policy, MATCHER, day) for day in days]
    assert [finding_of(one, "3.9").strength for one in made] == ["should", "should", "must", "must"]
    assert version_of(library, here, days[0]) == version_of(library, here, days[1])
    assert version_of(library, here, days[1]) != version_of(library, here, days[2])
    assert made[2].findings == made[3].findings
    assert len({one.id for one in made}) == len(days)
