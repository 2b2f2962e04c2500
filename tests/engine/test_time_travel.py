"""The shipped library on a day in the past: January 2010 as CBP described it then, and what changed since."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from criteria.arrangements import ArrangementRow, arrangements_on, between_others_on, register
from engine.case import Scope
from engine.comparison import compare
from engine.editions import pick_edition
from engine.findings import Comparison
from engine.matching import DirectMatcher
from engine.prerequisites import status_on
from engine.recommending import musts
from mappings.library import Library, read_library
from tests.builders import shipped_policy

MATCHER = DirectMatcher()
JANUARY_2010 = date(2010, 1, 1)
LATER = date(2026, 6, 1)


@cache
def library() -> Library:
    """Return the shipped library, read once."""
    found, problems = read_library()
    assert not problems
    return found


@cache
def compared(program: str, day: date, *, forced_labor: bool = False) -> Comparison:
    """Return a program compared with C-TPAT on a day, the editions chosen by the day."""
    baseline, said_here = pick_edition(library(), "ctpat", day)
    foreign, said_there = pick_edition(library(), program, day)
    scope = Scope(count_forced_labor=forced_labor)
    warnings = (*said_here, *said_there)
    return compare(library(), baseline, foreign, shipped_policy(), MATCHER, day, scope, warnings)


@cache
def in_january_2010() -> dict[str, ArrangementRow]:
    """Return the register as it stood in January 2010, by partner."""
    return {row.partner: row for row in arrangements_on(JANUARY_2010)}


def prerequisites(comparison: Comparison) -> dict[str, str]:
    """Return the verdict on each prerequisite."""
    return {one.key: one.verdict for one in comparison.prerequisites}


def partners_in(state: str) -> set[str]:
    """Return the partners whose arrangement stood so in January 2010."""
    return {row.partner for row in in_january_2010().values() if row.state == state}


def test_in_january_2010_four_arrangements_were_signed():
    """New Zealand 2007, Canada and Jordan 2008, Japan 2009, all four in Brussels."""
    rows = in_january_2010()
    assert partners_in("signed") == {"New Zealand", "Canada", "Jordan", "Japan"}
    months = {row.partner: row.signed[:7] for row in rows.values() if row.state == "signed"}
    assert months == {"New Zealand": "2007-06", "Canada": "2008-06", "Jordan": "2008-06", "Japan": "2009-06"}
    assert {rows[partner].place for partner in months} == {"Brussels (WCO headquarters)"}
    assert {rows[partner].phases_reached for partner in months} == {3}


def test_the_conflict_over_jordan_is_shown():
    """CBP's page said June 2007, its list of questions June 2008; both stand in the row."""
    jordan = in_january_2010()["Jordan"]
    assert {"2007-06", "2008-06"} <= set(jordan.dates)
    assert jordan.conflict.startswith("Sources disagree: 2007-06 (CBP, Mutual Recognition (page)")
    assert not any(row.conflict for row in in_january_2010().values() if row.partner != "Jordan")


def test_in_january_2010_three_were_being_negotiated():
    """Korea, Singapore and the European Union; only the EU had phase 1 behind it."""
    assert partners_in("in_negotiation") == {"Korea", "Singapore", "European Union"}
    assert {p: in_january_2010()[p].phases_reached for p in partners_in("in_negotiation")} == {
        "Korea": 0,
        "Singapore": 0,
        "European Union": 1,
    }
    assert in_january_2010()["European Union"].note.startswith("Phase 1 done (compatible in principle)")
    assert {row.signed for row in in_january_2010().values() if row.state != "signed"} == {""}


def test_japan_and_new_zealand_had_one_of_their_own():
    """Signed in May 2008 between third parties, so it is no arrangement of CBP."""
    assert [(one.parties, one.signed) for one in between_others_on(JANUARY_2010)] == [
        (("Japan", "New Zealand"), "2008-05")
    ]


def test_an_arrangement_is_a_document_that_does_not_bind():
    """Under the customs mutual assistance agreement that both sides have."""
    natures = {row.legal_nature for row in in_january_2010().values()}
    assert len(natures) == 1
    assert natures.pop().startswith("A non-binding document (an arrangement, not an agreement)")


def test_in_january_2010_mexico_had_no_program():
    """The first prerequisite is not met, the others are not evidenced, and no comparison is claimed."""
    assert partners_in("no_program") == {"Mexico"}
    mexico = compared("mx-oea", JANUARY_2010)
    assert prerequisites(mexico) == {
        "fully_operational": "not_met",
        "strong_validation": "not_evidenced",
        "strong_security": "not_evidenced",
    }
    assert mexico.prerequisites[0].reasons == ("status on 2010-01-01: planned since 2010-01-01",)
    assert mexico.prerequisites[0].sources
    assert (mexico.findings, mexico.reverse, mexico.summary.total) == ((), (), 0)
    assert (mexico.conclusion.overall, mexico.conclusion.criteria) == ("not_ready", None)
    assert "No program then (planned): no comparison is claimed." in mexico.warnings


@pytest.mark.parametrize("day", [date(2012, 1, 1), date(2014, 10, 17)])
def test_once_mexico_had_a_program_it_is_compared(day):
    """From January 2012; its later text is flagged."""
    mexico = compared("mx-oea", day)
    assert prerequisites(mexico)["fully_operational"] == "met"
    assert mexico.findings
    assert any("stands in for" in warning for warning in mexico.warnings)


def test_the_united_kingdom_had_no_program_of_its_own_before_it_left():
    """Until then its operators stood under the program of the EU."""
    before, after = compared("uk-aeo", date(2020, 12, 30)), compared("uk-aeo", date(2020, 12, 31))
    assert (before.findings, prerequisites(before)["fully_operational"]) == ((), "not_met")
    assert "program of the EU" in before.prerequisites[0].facts[0]
    assert prerequisites(after)["fully_operational"] == "met"
    assert after.findings


@pytest.mark.parametrize(
    ("program", "day", "status"),
    [
        ("nz-ses", "2003-12-31", None),
        ("nz-ses", "2004-01-01", "operational"),
        ("jo-glp", "2008-06-28", "operational"),
        ("sg-stp", "2007-05-24", None),
        ("sg-stp", "2007-05-25", "operational"),
        ("kr-aeo", "2008-12-31", "pilot"),
        ("kr-aeo", "2009-04-01", "operational"),
        ("in-aeo", "2011-06-01", "pilot"),
        ("eu-aeo", "2008-01-01", "operational"),
        ("tw-aeo", "2010-01-01", "operational"),
        ("mx-oea", "2009-12-31", "none"),
        ("mx-oea", "2011-12-31", "planned"),
    ],
)
def test_the_status_of_a_program_by_day(program, day, status):
    """A pilot is not operational; before the first known status nothing is said."""
    found = status_on(library().programs[program], date.fromisoformat(day))
    assert (found.status if found else None) == status


def signatures() -> list[tuple[str, str]]:
    """Return program and first day of every signed arrangement with a program in the library."""
    rows = [row for row in arrangements_on(LATER) if row.state == "signed" and row.program]
    return [(row.program, (row.signed + "-01")[:10]) for row in rows]


@pytest.mark.parametrize(("program", "day"), signatures())
def test_whoever_signed_had_a_program_at_work(program, day):
    """The first prerequisite is met on the day of every signature, by a status with a source."""
    found = status_on(library().programs[program], date.fromisoformat(day))
    assert found is not None
    assert found.status == "operational"
    assert found.sources


def test_every_program_of_the_register_is_in_the_library_or_named_only():
    """Uruguay and Guatemala have an arrangement, but their criteria were not read."""
    rows = register().arrangements
    assert {row.program for row in rows if row.program} <= set(library().programs)
    assert {row.partner for row in rows if not row.program} == {"Uruguay", "Guatemala"}


def test_in_january_2010_the_baseline_is_the_program_of_imports():
    """The criteria of 2005 to 2009 held until those of 2019/2020, and had no export component."""
    for day, key, direction in (
        (JANUARY_2010, "ctpat-2006", "import"),
        (date(2019, 12, 31), "ctpat-2006", "import"),
        (date(2020, 1, 1), "ctpat-2020", "both"),
    ):
        edition, warnings = pick_edition(library(), "ctpat", day)
        assert (edition.key, edition.direction, warnings) == (key, direction, ())


def test_a_baseline_named_by_its_key_wins_and_is_flagged_where_it_is_later():
    """Holding January 2010 against the criteria of 2020 is a decision that is told."""
    edition, warnings = pick_edition(library(), "ctpat-2020", JANUARY_2010)
    assert edition.key == "ctpat-2020"
    assert warnings == (
        "ctpat-2020 came into force on 2020-01-01, after 2010-01-01; it was named and is used.",
    )


@pytest.mark.parametrize(("program", "day"), signatures())
def test_a_later_text_that_stands_in_on_the_day_of_signature_is_flagged(program, day):
    """Of the partners only India's text already held when it signed."""
    _, warnings = pick_edition(library(), program, date.fromisoformat(day))
    assert [("stands in for" in warning) for warning in warnings] == ([] if program == "in-aeo" else [True])


def test_what_new_zealand_asks_of_exports_meets_the_legal_limit_of_2010():
    """On the rows and in the conclusion; how it validates is no demand on exports."""
    then, now = compared("nz-ses", JANUARY_2010), compared("nz-ses", LATER)
    limited = [row for row in then.reverse if row.kind == "legal_limit"]
    assert limited
    assert {row.matched for row in limited} == {()}
    assert "validation" not in {row.category for row in limited}
    [note] = then.conclusion.notes
    assert note.startswith("Legal limit: ctpat-2006 has no export component")
    assert f"no counterpart in it ({len(limited)})." in note
    assert not [row for row in now.reverse if row.kind == "legal_limit"]
    assert now.conclusion.notes == ()


def test_programs_of_both_directions_meet_no_legal_limit():
    """Japan certifies importers and exporters."""
    assert not [row for row in compared("jp-aeo", JANUARY_2010).reverse if row.kind == "legal_limit"]


@pytest.mark.parametrize(
    ("day", "strength"),
    [("2020-01-01", "should"), ("2022-12-31", "should"), ("2023-01-01", "must"), ("2026-06-01", "must")],
)
def test_the_duty_against_forced_labor_became_a_must_in_2023(day, strength):
    """Criterion 3.9 was a should until then."""
    findings = compared("eu-aeo", date.fromisoformat(day)).findings
    assert next(one.strength for one in findings if one.criterion == "3.9") == strength


def test_forced_labor_is_outside_n_unless_asked_for():
    """It is judged and shown all the same."""
    usual, counted = compared("eu-aeo", LATER), compared("eu-aeo", LATER, forced_labor=True)
    assert "3.9" in {one.criterion for one in usual.findings}
    assert "3.9" not in {one.criterion for one in musts(usual.findings)}
    assert "3.9" in {one.criterion for one in musts(counted.findings)}
    assert usual.conclusion.criteria is not None
    assert counted.conclusion.criteria is not None
    more = counted.conclusion.criteria.numbers["musts"] - usual.conclusion.criteria.numbers["musts"]
    assert more == 1


def test_recalled_criteria_of_the_edition_before_count_in_no_total():
    """They are shown and judged, but no partner is measured by text that nobody read."""
    found = compared("eu-aeo", JANUARY_2010).findings
    recalled = [one for one in found if one.baseline_basis == "unverified"]
    assert recalled
    assert not any(one.counted for one in recalled)
