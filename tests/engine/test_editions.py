"""Which edition is read for a date, and what has to be said about it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from criteria.problems import UnknownName
from engine.editions import NoEdition, pick_edition
from mappings.library import Library
from tests.builders import criterion, edition, library_of, program

OLD, NEW = "demo-2006", "demo-2020"


def library(*periods: tuple[str, dict[str, Any]], current: str = "") -> Library:
    """Return a library of one program with these editions and periods."""
    editions = [
        edition(key, "demo", [criterion("1", "seal", "x")], in_force=period) for key, period in periods
    ]
    empty = program("empty", "Empty", current_edition="")
    return library_of([program("demo", "Demo", current_edition=current), empty], editions, {})


BOTH = library(
    (OLD, {"from": "2006-03-25", "until": "2020-01-01"}), (NEW, {"from": "2020-01-01"}), current=NEW
)


@pytest.mark.parametrize(
    ("day", "chosen"),
    [("2006-03-25", OLD), ("2019-12-31", OLD), ("2020-01-01", NEW), ("2026-11-24", NEW)],
)
def test_a_program_means_its_edition_in_force(day, chosen):
    """It begins on its first day and ends on the day its successor begins; nothing has to be said."""
    found, warnings = pick_edition(BOTH, "demo", date.fromisoformat(day))
    assert (found.key, warnings) == (chosen, ())


def test_before_the_first_edition_the_earliest_later_one_stands_in_and_is_told():
    """Never silently."""
    found, warnings = pick_edition(BOTH, "demo", date(2002, 1, 1))
    assert found.key == OLD
    [warning] = warnings
    assert warning.startswith(
        "demo-2006 came into force on 2006-03-25, after 2002-01-01; this later text stands in"
    )


def test_after_the_last_edition_ended_the_last_one_is_read_and_told():
    """There is nothing later."""
    ended = library((OLD, {"from": "2006-03-25", "until": "2010-01-01"}))
    found, warnings = pick_edition(ended, "demo", date(2015, 1, 1))
    assert found.key == OLD
    assert warnings == ("demo-2006 ended on 2010-01-01; it is read for 2015-01-01 all the same.",)


def test_an_edition_named_by_its_key_wins_and_is_told():
    """Naming it is a decision; that it came later is said."""
    found, warnings = pick_edition(BOTH, NEW, date(2015, 1, 1))
    assert found.key == NEW
    assert warnings == (
        "demo-2020 came into force on 2020-01-01, after 2015-01-01; it was named and is used.",
    )
    assert pick_edition(BOTH, OLD, date(2015, 1, 1)) == (BOTH.editions[OLD], ())


def test_of_several_editions_in_force_the_current_one_is_read():
    """Without a current one it is the latest."""
    periods = [(OLD, {"from": "2006-03-25"}), (NEW, {"from": "2020-01-01"})]
    assert pick_edition(library(*periods, current=OLD), "demo", date(2026, 1, 1))[0].key == OLD
    assert pick_edition(library(*periods), "demo", date(2026, 1, 1))[0].key == NEW


def test_an_edition_without_a_first_day_is_read_on_any_day_and_flagged_before_the_year_of_its_label():
    """What is not known is not held against it; that its text is a later one is told."""
    undated = library((OLD, {}))
    year = int(undated.editions[OLD].label)
    assert pick_edition(undated, "demo", date(year, 1, 1)) == (undated.editions[OLD], ())
    found, warnings = pick_edition(undated, "demo", date(1999, 1, 1))
    assert found.key == OLD
    assert warnings[0] == (
        f"The day from which {OLD} holds is not known; it was read as of {year} and stands in for what held "
        "on 1999-01-01."
    )


def test_a_program_without_edition_says_what_to_do():
    """It may be known by its profile only."""
    with pytest.raises(
        NoEdition, match=r"empty has no edition in the library\. Import its criteria with mra import"
    ):
        pick_edition(BOTH, "empty", date(2026, 1, 1))


def test_an_unknown_name_gives_the_nearest():
    """Programs and editions both."""
    with pytest.raises(UnknownName, match=r'"demmo" is not a known program or edition\. Did you mean demo'):
        pick_edition(BOTH, "demmo", date(2026, 1, 1))
