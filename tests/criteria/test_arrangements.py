"""Mutual recognition arrangements as they stood on a day; sources that disagree are both kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from criteria.arrangements import Arrangements, arrangements_on, between_others_on, register
from criteria.problems import DataError

SOURCES = {key: {"document": f"Document {key}"} for key in ("one", "two", "three")}


def found(signed: list[dict[str, Any]], **more: Any) -> Arrangements:
    """Return a register of one arrangement."""
    row = {"partner": "Freedonia", "administration": "Customs", "program_name": "OEA", "phase": 4, **more}
    return Arrangements.model_validate(
        {
            "sources": SOURCES,
            "legal_nature": "A non-binding document.",
            "phases": [{"number": 1, "name": "comparison"}],
            "arrangements": [{"signed": signed, **row}],
            "between_others": [
                {"parties": ["A", "B"], "signed": "2008-05", "sources": ["one"], "basis": "text"}
            ],
        }
    )


def signature(day: str, *sources: str, basis: str = "published") -> dict[str, Any]:
    """Return a date of signature with its sources."""
    return {"date": day, "sources": list(sources or ("one",)), "basis": basis}


@pytest.mark.parametrize(
    ("signed", "day", "state"),
    [
        ("2012-05-04", date(2012, 5, 3), []),
        ("2012-05-04", date(2012, 5, 4), ["signed"]),
        ("2012-05", date(2012, 4, 30), []),
        ("2012-05", date(2012, 5, 1), ["signed"]),
        ("2012", date(2011, 12, 31), []),
        ("2012", date(2012, 1, 1), ["signed"]),
    ],
)
def test_an_arrangement_is_signed_from_its_day_month_or_year_on(signed, day, state):
    """An open month or year counts from its first day."""
    assert [row.state for row in arrangements_on(day, found([signature(signed)]))] == state


def test_before_signature_the_way_to_it_is_told():
    """A negotiation with its phase and note; before that, that there was no program; before that, nothing."""
    before = {
        "negotiation_since": "2010-01",
        "phase_before_signature": 1,
        "before_signature": "Phase 1 done.",
    }
    known = found([signature("2012-05")], **before)
    [row] = arrangements_on(date(2010, 6, 1), known)
    assert (row.state, row.phases_reached, row.note, row.signed) == ("in_negotiation", 1, "Phase 1 done.", "")
    assert arrangements_on(date(2009, 12, 31), known) == []
    [row] = arrangements_on(date(2009, 1, 1), found([signature("2014")], no_program_before="2012"))
    assert (row.state, row.phases_reached) == ("no_program", 0)


def test_the_same_day_told_more_exactly_is_no_conflict():
    """A month and a day in it agree; the most exact date is shown."""
    [row] = arrangements_on(date(2020, 1, 1), found([signature("2012-05"), signature("2012-05-04", "two")]))
    assert (row.signed, row.conflict, row.dates) == ("2012-05-04", "", ("2012-05", "2012-05-04"))


def test_sources_that_disagree_are_all_told():
    """The month most sources give is shown, and each date with its documents."""
    known = found([signature("2007-06"), signature("2008-06", "two", "three")])
    [row] = arrangements_on(date(2020, 1, 1), known)
    assert row.signed == "2008-06"
    assert row.conflict == "Sources disagree: 2007-06 (Document one), 2008-06 (Document two; Document three)"
    assert row.sources == ("one", "two", "three")


def test_the_best_basis_of_the_dates_is_told():
    """One official text is enough for a signed arrangement."""
    known = found([signature("2008-06", basis="secondary"), signature("2008-06-01", "two", basis="text")])
    assert arrangements_on(date(2020, 1, 1), known)[0].basis == "text"


def test_a_note_is_told_from_its_own_day_on():
    """What happened later is not known earlier."""
    known = found([signature("2007-06")], note="Verified again.", note_since="2013-07")
    assert [arrangements_on(day, known)[0].note for day in (date(2013, 6, 30), date(2013, 7, 1))] == [
        "", "Verified again.",
    ]  # fmt: skip


def test_an_arrangement_works_from_the_day_a_source_shows_it():
    """Until then it is as far as signature, whatever came later."""
    known = found([signature("2007-06")], phase_since="2013-07", phase_sources=["two"])
    rows = [arrangements_on(day, known)[0] for day in (date(2013, 6, 30), date(2013, 7, 1))]
    assert [row.phases_reached for row in rows] == [3, 4]
    assert [row.sources for row in rows] == [("one",), ("one", "two")]


def test_arrangements_between_third_parties_by_day():
    """They are no arrangements of the administration, but its partners know each other."""
    known = found([signature("2010")])
    assert between_others_on(date(2008, 4, 30), known) == []
    assert [one.parties for one in between_others_on(date(2008, 5, 1), known)] == [("A", "B")]


def test_a_broken_register_is_told_with_its_keys(tmp_path):
    """Every fault in it, as in any other data file."""
    path = tmp_path / "arrangements.yaml"
    path.write_text("sources: {}\nphase: []\n", encoding="utf-8")
    with pytest.raises(DataError) as told:
        register(path)
    codes = {problem.code for problem in told.value.problems}
    assert codes == {"unknown-key", "missing-key"}


@pytest.mark.parametrize(
    ("day", "signed"),
    [
        (date(2007, 5, 31), []),
        (date(2007, 7, 1), ["New Zealand"]),
        (date(2009, 7, 1), ["Canada", "Japan", "Jordan", "New Zealand"]),
        (date(2010, 5, 1), ["Canada", "Japan", "Jordan", "New Zealand"]),
    ],
)
def test_the_shipped_register_knows_the_first_arrangements(day, signed):
    """New Zealand 2007, Jordan and Canada 2008, Japan 2009; Korea only from June 2010."""
    assert sorted(row.partner for row in arrangements_on(day) if row.state == "signed") == signed


def test_the_shipped_register_keeps_the_conflict_on_jordan():
    """Two CBP pages give 2007 and 2008."""
    jordan = next(row for row in arrangements_on(date(2026, 1, 1)) if row.partner == "Jordan")
    assert jordan.signed == "2008-06-28"
    assert jordan.conflict.startswith("Sources disagree: 2007-06 (")


def test_signed_arrangements_come_first_by_date():
    """Then negotiations, then those without a program."""
    rows = arrangements_on(date(2010, 2, 1))
    states = [row.state for row in rows]
    assert states == sorted(states, key=("signed", "in_negotiation", "no_program").index)
    assert set(states) == {"signed", "in_negotiation", "no_program"}


def test_every_source_of_the_shipped_register_exists():
    """No date without a document."""
    known = register()
    used = {key for row in known.arrangements for one in row.signed for key in one.sources}
    used |= {key for row in known.arrangements for key in (*row.note_sources, *row.phase_sources)}
    used |= {key for one in known.between_others for key in one.sources}
    assert used <= set(known.sources)
