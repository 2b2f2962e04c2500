"""Numbers and dates read as the sheet shows them."""

from __future__ import annotations

import datetime as dt

import pytest

from workbooks.number_texts import date_text, number_text


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [(1.1, "0.00", "1.10"), (7, "000", "007"), (1.1, "General", "1.1"), (1.1, "", "1.1"),
     (0.1 + 0.2, "", "0.3"),
     (1234.5, "#,##0.00", "1,234.50"), (0.256, "0%", "26%"), (5, '"S-"00', "S-05"), (-3, "0.0", "-3.0"),
     (6, r"\A0", "A6"), (1.5, "0.0#", "1.5"), (2.0, "0.##", "2"), (1e20, "", "1e+20"), (12, "yyyy", "12"),
     (3, "0.00;[Red]-0.00", "3.00")],
)  # fmt: skip
def test_a_number_reads_as_its_format_shows_it(value, shown, text):
    assert number_text(value, shown) == text


def test_a_date_reads_in_iso_order_with_a_time_only_where_there_is_one():
    assert date_text(dt.datetime(2026, 3, 1)) == "2026-03-01"  # noqa: DTZ001  # spreadsheets know no zones
    assert date_text(dt.datetime(2026, 3, 1, 9, 30)) == "2026-03-01 09:30:00"  # noqa: DTZ001  # the same
    assert date_text(dt.date(2026, 3, 1)) == "2026-03-01"
    assert date_text(dt.timedelta(hours=30)) == "1 day, 6:00:00"
