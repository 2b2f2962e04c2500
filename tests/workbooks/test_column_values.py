"""Columns whose headers say nothing are known by their values, and a header never swallows a criterion."""

from __future__ import annotations

import pytest

from tests.workbooks.builders import xlsx
from workbooks.extracting import extract
from workbooks.layouts import propose
from workbooks.raw_criteria import Extraction
from workbooks.reading import read

TEXT = "Containers are checked before they are loaded, and a record of the check is kept."


def extracted(rows) -> Extraction:
    """Return what is read of a sheet with these rows."""
    workbook = read(xlsx({"Sheet": rows}), "a.xlsx")
    return extract(workbook, propose(workbook))


def columns(rows) -> dict[str, str]:
    """Return the field of each column letter."""
    workbook = read(xlsx({"Sheet": rows}), "a.xlsx")
    return {column.column: column.field for column in propose(workbook).layouts[0].columns}


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Tipo", ["Obrigatório", "Recomendado", "Obrigatório"]),
        ("M/R", ["M", "R", "M"]),
        ("达标要求", ["必须", "必须", "建议"]),
        ("zzz", ["Must", "Should", "must"]),
    ],
)
def test_a_column_of_strength_words_holds_the_strength(header, values):
    """Whatever stands above it."""
    rows = [["No", "Requirement", header], *([str(n), TEXT, value] for n, value in enumerate(values, 1))]
    assert columns(rows)["C"] == "strength"


def test_a_column_of_operator_types_holds_the_operators():
    """Lists of them and words for everybody included."""
    rows = [
        ["No", "Requirement", "zzz"],
        ["1", TEXT, "Importers, exporters"],
        ["2", TEXT, "All"],
        ["3", TEXT, "Customs broker"],
    ]
    assert columns(rows)["C"] == "operators"


def test_letters_without_an_m_are_no_strengths():
    """R, O, X may mean anything."""
    rows = [["No", "Requirement", "zzz"], ["1", TEXT, "R"], ["2", TEXT, "O"], ["3", TEXT, "R"]]
    assert "C" not in columns(rows)


def test_the_first_criterion_is_never_taken_for_the_second_row_of_the_header():
    """Even where its strength word names one field more than the header does (seen in a Korean sheet)."""
    rows = [
        ["연번", "분야", "공인기준", "구분", "적용대상"],
        ["4.1.1", "위험평가", "수출업체는 매년 위험요소를 평가하여야 한다.", "필수", "수출업체"],
        ["4.2.1", "거래업체", "수출업체는 거래업체를 확인하여야 한다.", "필수", "수출업체"],
    ]
    found = extracted(rows)
    assert [one.ref for one in found.criteria] == ["4.1.1", "4.2.1"]
    assert found.sheets[0].header_row == 1


def test_a_header_of_two_rows_is_still_found():
    """Its lower row holds neither references nor long texts."""
    rows = [
        ["No", "Standard", "", "Level"],
        ["", "Chapter", "Requirement", ""],
        ["1", "Seals", TEXT, "must"],
        ["2", "Seals", TEXT + " Always.", "must"],
    ]
    found = extracted(rows)
    assert (found.sheets[0].header_row, [one.ref for one in found.criteria]) == (2, ["1", "2"])


def test_a_row_that_numbers_the_columns_is_part_of_the_header():
    """As official forms have it: (1), (2), (3)."""
    rows = [["No", "Requirement", "Level"], ["(1)", "(2)", "(3)"], ["1", TEXT, "must"], ["2", TEXT, "must"]]
    found = extracted(rows)
    assert [one.ref for one in found.criteria] == ["1", "2"]
    assert found.sheets[0].ledger["header"] == 2


def test_a_sentence_joined_to_the_row_above_is_told():
    """A bullet or a broken line is not."""
    rows = [
        ["No", "Requirement", "Level"],
        ["1", "Guards must:", "must"],
        ["", "• patrol at night", ""],
        ["2", "Gates must be locked and", "must"],
        ["", "watched.", ""],
        ["3", TEXT, "must"],
        ["", "Source: Customs Act, section 41", ""],
    ]
    found = extracted(rows)
    assert [(one.code, one.cell) for one in found.problems] == [("row_joined", "Sheet!B7")]
    assert "section 41" in found.criteria[-1].requirement
