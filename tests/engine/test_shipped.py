"""The shipped library as a whole: it loads without an error, and each edition is at least its own equal."""

from __future__ import annotations

from datetime import date

import pytest

from criteria.loading import SHIPPED
from engine.comparison import compare
from engine.findings import Comparison
from engine.matching import DirectMatcher
from mappings.library import Library, load_library
from tests.builders import shipped_policy
from tests.engine import oracle_verdicts

MATCHER = DirectMatcher()
DAY = date(2026, 11, 24)
EDITIONS = sorted(
    path.parent.parent.name.replace("_", "-") + "-" + path.parent.name
    for path in SHIPPED.glob("*/*/edition.yaml")
)
FOREIGN = [key for key in EDITIONS if not key.startswith("ctpat")]


@pytest.fixture(scope="module")
def library() -> Library:
    """The library, which raises where there is an error in it."""
    return load_library()


def compared(library: Library, baseline: str, foreign: str) -> Comparison:
    """Return the comparison of two editions."""
    sides = library.editions[baseline], library.editions[foreign]
    return compare(library, *sides, shipped_policy(), MATCHER, DAY)


def test_every_edition_folder_is_in_the_library(library):
    """An edition's key is the name of its folders."""
    assert sorted(library.editions) == EDITIONS
    assert {"ctpat-2006", "ctpat-2020", "eu-aeo-2016", "nz-ses-2024"} <= set(EDITIONS)


def test_ctpat_meets_itself(library):
    """Every criterion that asks for something is met by its own text; nothing is provisional."""
    made = compared(library, "ctpat-2020", "ctpat-2020")
    left = {f.criterion: (f.verdict, f.shortfall) for f in made.findings if f.verdict != "meets"}
    aside = {ref for ref, (verdict, _) in left.items() if verdict in ("out_of_scope", "not_applicable")}
    assert set(left) == aside
    informing = {f.criterion for f in made.findings if f.verdict == "not_applicable"}
    assert all(
        {reason.code for reason in f.reasons} == {"information_only"}
        for f in made.findings
        if f.criterion in informing
    )
    assert not any(f.counted and f.provisional and f.baseline_basis != "unverified" for f in made.findings)


@pytest.mark.parametrize("key", EDITIONS)
def test_no_edition_is_looser_than_itself(library, key):
    """Where an obligation's own text carries the verdict, no figure, list or strength of it falls short."""
    found = compared(library, key, key).findings
    own = [one for finding in found for one in finding.obligations if one.path == one.id]
    assert [
        (one.id, reason.code)
        for one in own
        for reason in one.reasons
        if reason.kind == "shortfall" and reason.dimension
    ] == []


@pytest.mark.parametrize("key", FOREIGN)
def test_the_engine_agrees_with_the_oracle_on_real_programs(library, key):
    """Against C-TPAT 2020, for the headline and every operator type."""
    made = compared(library, "ctpat-2020", key)
    sides = library.editions["ctpat-2020"], library.editions[key]
    wanted = oracle_verdicts.verdicts(library, *sides, DAY)
    found = {
        one.criterion: oracle_verdicts.Verdict(
            one.verdict,
            one.shortfall,
            one.provisional,
            {o.id: o.outcome for o in one.obligations},
            dict(one.operators),
            {o.id: dict(o.operators) for o in one.obligations},
        )
        for one in made.findings
    }
    assert {ref: found[ref] for ref in found if found[ref] != wanted[ref]} == {}
    assert set(found) == set(wanted)
