"""Columns that an analyst names correct what was detected, or stand alone; what is wrong is told at once."""

from __future__ import annotations

import pytest

from tests.workbooks.builders import xlsx
from workbooks.layouts import propose
from workbooks.named_columns import NamedColumns, settle
from workbooks.reading import read

ROWS = [
    ["Ref", "Requirement", "Level", "zzz"],
    ["1", "Gates must be locked when nobody watches them.", "must", "see the guide"],
    ["2", "Keys must be returned at the end of a shift.", "must", ""],
]
DUTCH = [["Zorg", "Voorwaarde"], ["X-1", "Bezoekers dragen een badge."], ["X-2", "Zegels volgens ISO 17712."]]


def settled(sheets, *named: NamedColumns):
    """Return the layouts and problems of columns named for a workbook with these sheets."""
    workbook = read(xlsx(sheets), "a.xlsx")
    return settle(workbook, named, propose(workbook).layouts)


def fields(layout) -> dict[str, str]:
    return {column.column: column.field for column in layout.columns}


def test_a_named_column_is_added_to_what_was_detected():
    layouts, problems = settled({"S": ROWS}, NamedColumns("S", {"d": "Notes"}))
    assert not problems
    assert fields(layouts[0]) == {"A": "ref", "B": "requirement", "C": "strength", "D": "notes"}
    assert (layouts[0].source, layouts[0].header_rows) == ("given", (1,))


def test_a_named_column_takes_its_field_from_the_one_detected_and_none_takes_a_column_out():
    layouts, _ = settled({"S": ROWS}, NamedColumns("S", {"D": "strength", "A": "none"}))
    assert fields(layouts[0]) == {"B": "requirement", "D": "strength"}


def test_without_a_header_the_columns_are_all_there_is():
    layouts, problems = settled({"S": DUTCH}, NamedColumns("S", {"A": "ref", "B": "requirement"}, 1))
    assert not problems
    assert fields(layouts[0]) == {"A": "ref", "B": "requirement"}
    assert layouts[0].headers == {"A": "Zorg", "B": "Voorwaarde"}


def test_the_only_sheet_need_not_be_named():
    layouts, problems = settled({"S": ROWS}, NamedColumns("", {"D": "notes"}))
    assert (layouts[0].sheet, problems) == ("S", ())


def test_the_only_sheet_with_criteria_need_not_be_named():
    layouts, _ = settled({"Cover": [["Program"]], "S": ROWS}, NamedColumns("", {"D": "notes"}))
    assert layouts[0].sheet == "S"


@pytest.mark.parametrize(
    ("named", "code"),
    [
        (NamedColumns("T", {"A": "ref"}), "sheet_not_found"),
        (NamedColumns("", {"A": "ref"}), "sheet_not_named"),
        (NamedColumns("S", {"A": "reff"}), "unknown_field"),
        (NamedColumns("S", {"A1": "ref"}), "unknown_column"),
        (NamedColumns("S", {"B": "none"}), "no_requirement_column"),
    ],
)
def test_what_cannot_be_used_is_told(named, code):
    layouts, problems = settled({"S": ROWS, "U": ROWS}, named)
    assert (layouts, [one.code for one in problems]) == ((), [code])
