"""Rows become criteria: headings carried down, rows joined, bullets split, nothing lost without a word."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workbooks import builders
from tests.workbooks.builders import CRITERIA, Shape, xlsx
from workbooks.extracting import extract
from workbooks.layouts import propose
from workbooks.model import Cell, Sheet, rows_of
from workbooks.named_columns import name_columns
from workbooks.raw_criteria import HIDDEN_ROW, HIDDEN_SHEET, JOINED_ROWS, NO_REFERENCE, STRUCK_OUT, Extraction
from workbooks.reading import Workbook, read

HEAD = ["No", "Category", "Requirement", "Level", "Evidence"]
LONG = "The operator inspects every container before it is loaded"


def take(rows, shape=None, change=None, name="Criteria") -> Extraction:
    """Return what is extracted from a real file with one sheet."""
    workbook = read(xlsx({name: rows}, shape, change), "a.xlsx")
    return extract(workbook, propose(workbook))


def refs(found: Extraction) -> list[str]:
    return [criterion.ref for criterion in found.criteria]


def codes(found: Extraction) -> list[tuple[str, str]]:
    return [(p.code, p.cell) for p in found.problems]


@pytest.mark.parametrize("fmt", ["xlsx", "xls", "ods", "xlsb"])
def test_a_plain_sheet_gives_its_criteria_with_addresses_in_every_format(fmt):
    workbook = read(getattr(builders, fmt)({"Criteria": CRITERIA}), f"a.{fmt}")
    found = extract(workbook, propose(workbook))
    first, second = found.criteria
    assert (first.ref, first.category_text, first.strength_text) == ("6.1", "Seals", "must")
    assert (first.requirement, first.operators_text, first.operators_from) == (
        "Containers must be sealed.", "Importer", "column",
    )  # fmt: skip
    assert second.notes == "since 2020"
    assert second.cell("strength") == "Criteria!D4"
    assert dict(first.cells)["requirement"] == "C3"
    assert found.problems == ()
    summary = found.sheets[0]
    assert (summary.header_row, summary.rows, summary.layout) == (2, 2, "detected")
    assert summary.as_dict() == {
        "name": "Criteria", "header_row": 2, "layout": "detected", "rows": 2, "skipped": None,
    }  # fmt: skip


def test_headings_are_carried_down_and_nested():
    rows = [
        HEAD,
        ["Part A. Security"],
        ["6. Seals"],
        ["6.1", "", LONG, "must"],
        ["7. Access"],
        ["7.1", "", LONG + " again", "must"],
        ["Part B. Validation"],
        ["8.1", "", LONG + " twice", "must"],
    ]
    found = take(rows, Shape(merged=["A2:E2", "A7:E7"]))
    assert [c.section_path for c in found.criteria] == [
        ("Part A. Security", "6. Seals"), ("Part A. Security", "7. Access"), ("Part B. Validation",),
    ]  # fmt: skip
    assert found.criteria[0].category_text == "Part A. Security"


def test_a_numbered_heading_in_the_columns_of_the_criteria_is_a_heading():
    rows = [
        HEAD,
        ["6", "", "Seal security"],
        ["6.1", "", LONG],
        ["6.2", "", LONG + "."],
        ["7", "Access"],
        ["7.1", "", LONG + "!"],
    ]
    found = take(rows)
    assert refs(found) == ["6.1", "6.2", "7.1"]
    assert [c.section_path for c in found.criteria] == [("6 Seal security",)] * 2 + [("7 Access",)]


def test_a_short_criterion_is_no_heading_because_it_is_short():
    found = take([HEAD, ["6", "", "Lock the gates", "must"], ["6.1", "", LONG, "must"]])
    assert refs(found) == ["6", "6.1"]


def test_a_category_is_carried_down_and_a_merged_one_holds_for_its_rows():
    rows = [
        HEAD,
        ["1", "Seals", LONG],
        ["2", "", LONG + "."],
        ["3", "Access", LONG + "!"],
        ["4", "", LONG + "?"],
    ]
    for shape in (None, Shape(merged=["B2:B3", "B4:B5"])):
        assert [c.category_text for c in take(rows, shape).criteria] == ["Seals", "Seals", "Access", "Access"]


def test_continuation_rows_are_joined_to_the_criterion_above():
    rows = [
        HEAD,
        ["6.1", "Seals", "The operator:", "must", "visit"],
        ["", "", "• seals trucks"],
        ["", "", "• seals ships", "", "logs"],
        ["", "", "", "", "photos"],
        ["6.2", "Seals", LONG, "should"],
    ]
    found = take(rows)
    first = found.criteria[0]
    assert (first.lead, first.bullets) == ("The operator:", ("seals trucks", "seals ships"))
    assert first.obligations == first.bullets
    assert first.evidence == "visit\nlogs\nphotos"
    assert first.flags == (JOINED_ROWS,)
    assert found.criteria[1].obligations == (LONG,)
    assert found.sheets[0].ledger == {"header": 1, "criterion": 2, "continuation": 3}


def test_rows_under_one_merged_reference_are_one_criterion():
    rows = [
        HEAD,
        ["6.1", "Seals", LONG, "must"],
        ["", "", "and keeps records of it", "must"],
        ["6.2", "Seals", LONG],
    ]
    found = take(rows, Shape(merged=["A2:A3"]))
    assert refs(found) == ["6.1", "6.2"]
    assert found.criteria[0].requirement == f"{LONG}\nand keeps records of it"
    assert found.criteria[0].strength_text == "must"


def test_a_row_with_its_own_strength_but_no_reference_is_a_criterion_of_its_own():
    found = take([HEAD, ["6.1", "Seals", LONG, "must"], ["", "Seals", "Records are kept.", "should"]])
    assert refs(found) == ["6.1", ""]
    assert NO_REFERENCE in found.criteria[1].flags
    assert codes(found) == [("missing_reference", "Criteria!C3")]


def test_a_header_that_is_repeated_for_printing_is_no_criterion():
    found = take([HEAD, ["1", "Seals", LONG], HEAD, ["2", "Seals", LONG + "."]])
    assert refs(found) == ["1", "2"]
    assert found.sheets[0].ledger["header"] == 2


def test_hidden_and_struck_out_rows_are_read_and_flagged():
    rows = [HEAD, ["1", "Seals", LONG], ["2", "Seals", "An old one"], ["3", "Seals", LONG + "."]]
    found = take(rows, Shape(hidden_rows=[2], struck=[(3, 3)], hidden_columns=[4]))
    assert [c.flags for c in found.criteria] == [(HIDDEN_ROW,), (STRUCK_OUT,), ()]
    assert codes(found) == [
        ("hidden_column", "Criteria!D1"), ("hidden_row", "Criteria!C2"), ("struck_out", "Criteria!C3"),
    ]  # fmt: skip
    workbook = read(
        xlsx({"Criteria": [HEAD, ["1", "Seals", LONG]], "Blank": []}, Shape(hidden=True)), "a.xlsx"
    )
    found = extract(workbook, propose(workbook))
    assert found.criteria[0].flags == (HIDDEN_SHEET,)
    assert [code for code, _ in codes(found)] == ["hidden_sheet", "sheet_skipped"]


def test_words_struck_out_inside_a_text_are_left_out_and_reported():
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    def change(book):
        gone = TextBlock(InlineFont(strike=True), "every year ")
        book.worksheets[0]["C2"] = CellRichText("Seals are checked ", gone, "before departure.")

    found = take([HEAD, ["1", "Seals", LONG]], change=change)
    assert found.criteria[0].requirement == "Seals are checked before departure."
    assert [(p.code, p.value) for p in found.problems] == [("partly_struck_out", "every year")]


def test_faulty_cells_are_reported_by_cell_all_at_once():
    import datetime as dt

    def change(book):
        sheet = book.worksheets[0]
        sheet["A2"] = dt.date(2026, 1, 3)
        sheet["C3"] = "=X1"
        sheet["D4"] = "#REF!"

    rows = [HEAD, ["?", "Seals", LONG], ["2", "Seals", "?"], ["3", "Seals", LONG, "?"],
            ["3", "Seals", LONG + "."], ["4", "Seals", "", "must"]]  # fmt: skip
    found = take(rows, change=change)
    assert codes(found) == [
        ("date_in_reference", "Criteria!A2"),
        ("formula_without_value", "Criteria!C3"),
        ("error_cell", "Criteria!D4"),
        ("empty_requirement", "Criteria!A6"),
        ("duplicate_reference", "Criteria!A5"),
    ]
    duplicate = found.problems[-1]
    assert "Criteria!A4" in duplicate.message
    assert (duplicate.field, duplicate.value) == ("ref", "3")
    assert refs(found) == ["2026-01-03", "3", "3"]
    assert found.criteria[1].strength_text == ""
    assert {p.code for p in found.errors} == {
        "formula_without_value", "error_cell", "empty_requirement", "duplicate_reference",
    }  # fmt: skip


def test_a_text_as_long_as_a_cell_can_be_may_have_been_cut():
    found = take([HEAD, ["1", "Seals", "x" * 32_767]])
    assert codes(found) == [("text_at_limit", "Criteria!C2")]


def test_columns_that_are_not_read_are_named():
    found = take([[*HEAD, "Internal score"], ["1", "Seals", LONG, "must", "", "7"]])
    assert codes(found) == [("column_not_read", "Criteria!F1")]
    assert found.problems[0].value == "Internal score"


def test_a_last_line_under_the_table_is_reported_and_is_no_criterion():
    found = take([HEAD, ["1", "Seals", LONG], ["Source: Official Gazette of 2020"]])
    assert refs(found) == ["1"]
    assert codes(found) == [("section_without_criteria", "Criteria!A3")]


def test_a_row_outside_every_column_that_is_read_is_reported():
    found = take([[*HEAD, "Score"], ["1", "Seals", LONG, "must", "", "7"], ["", "", "", "", "", "8"]])
    assert ("row_not_read", "Criteria!F3") in codes(found)


def test_sheets_named_after_operator_types_give_the_operator_types():
    sheets = {
        "Cover": [["Program criteria"]],
        "Importers": [HEAD, ["1", "Seals", LONG], ["2", "Seals", "Importers check."]],
        "Exporters": [HEAD, ["1", "Seals", LONG], ["2", "Seals", "Exporters check."]],
    }
    workbook = read(xlsx(sheets), "a.xlsx")
    found = extract(workbook, propose(workbook))
    both, importers, exporters = found.criteria
    assert (both.operators_text, both.operators_from) == ("Importers; Exporters", "sheet")
    assert both.also_in == ("Exporters!C2",)
    assert (importers.operators_text, exporters.operators_text) == ("Importers", "Exporters")
    assert codes(found) == [("sheet_skipped", ""), ("reference_differs_between_sheets", "Exporters!A3")]
    assert found.sheets[0].skipped == "its name is that of a sheet without criteria"
    assert [sheet.rows for sheet in found.sheets] == [0, 2, 2]


def test_ticked_columns_give_operator_types_and_strength():
    rows = [
        ["No", "Requirement", "Must", "Should", "Importer", "Exporter"],
        ["1", LONG, "x", "", "✓", "✓"],
        ["2", LONG + ".", "", "x", "", "✓"],
    ]
    first, second = take(rows).criteria
    assert (first.strength_text, first.operators_text) == ("must", "Importer; Exporter")
    assert (second.strength_text, second.operators_text) == ("should", "Exporter")
    assert first.operators_from == "ticks"
    assert first.cells["operators"] == "E2"


def test_a_cross_beside_circles_says_no():
    rows = [["번호", "요건", "수출업체", "수입업체"], ["1", LONG, "O", "X"], ["2", LONG + ".", "O", "O"]]
    assert [c.operators_text for c in take(rows).criteria] == ["수출업체", "수출업체; 수입업체"]


def test_references_are_taken_from_the_texts_where_no_column_holds_them():
    rows = [
        ["Category", "Requirement"],
        ["Seals", "6.1 " + LONG],
        ["Seals", "6.2. " + LONG],
        ["Seals", "6.3) " + LONG],
    ]
    found = take(rows)
    assert refs(found) == ["6.1", "6.2", "6.3"]
    assert found.criteria[0].requirement == LONG
    assert [p.code for p in found.problems] == ["reference_in_text"]
    found = take([["Category", "Requirement"], ["Seals", LONG], ["Seals", LONG + "."]])
    assert [p.code for p in found.problems] == ["no_reference_column"]
    assert len(found.criteria) == 2


def test_a_right_to_left_sheet_and_a_translation_are_read():
    rows = [
        ["الرقم", "المجال", "المتطلب", "الترجمة الإنجليزية", "درجة الإلزام"],
        [
            "١",
            "الأختام",
            "يجب ختم الحاويات:\n- الأبواب\n- النوافذ",
            "Containers must be sealed:\n• doors\n• windows",
            "إلزامي",
        ],
    ]
    found = take(rows, Shape(right_to_left=True))
    only = found.criteria[0]
    assert (only.ref, only.category_text, only.strength_text) == ("١", "الأختام", "إلزامي")
    assert only.translation == "Containers must be sealed:\n• doors\n• windows"
    assert only.translated_obligations == ("doors", "windows")
    assert only.bullets == ("الأبواب", "النوافذ")


def test_columns_the_analyst_named_are_read_without_a_header():
    workbook = read(xlsx({"Criteria": [["x1", LONG, "must"], ["x2", LONG + ".", "should"]]}), "a.xlsx")
    layout, _ = name_columns(workbook, "Criteria", {"A": "ref", "B": "requirement", "C": "strength"})
    assert layout is not None
    found = extract(workbook, propose(workbook, given=[layout]))
    assert refs(found) == ["x1", "x2"]
    assert (found.sheets[0].header_row, found.sheets[0].layout) == (0, "given")


def test_comments_stay_with_their_criterion():
    found = take([HEAD, ["1", "Seals", LONG]], Shape(comments={(2, 3): "to be revised"}))
    assert found.criteria[0].comments == ("to be revised",)


def test_a_refused_file_gives_its_problem_and_nothing_else():
    workbook = read(b"%PDF-1.7", "a.pdf")
    found = extract(workbook, propose(workbook))
    assert (found.criteria, found.sheets) == ((), ())
    assert [p.code for p in found.problems] == ["pdf_file"]


WORDS = st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=1, max_size=12)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "1", "1.1", "2.4", "A"]),
        st.sampled_from(["", "Seals", "Access"]),
        st.one_of(st.just(""), WORDS, st.lists(WORDS, min_size=2, max_size=4).map("\n• ".join)),
        st.sampled_from(["", "must", "x"]),
        st.one_of(st.just(""), WORDS),
    ),
    max_size=12,
)


def _rows_reported(found: Extraction, table) -> set[int]:
    """Return the rows with a problem, and those that stand or fall with them."""
    reported = {problem.cell.rpartition("!")[2] for problem in found.problems}
    rows_reported = {int("".join(filter(str.isdigit, address))) for address in reported if address}
    for row, (ref, category, *_) in enumerate(table, 1):
        # What continues a criterion that is reported as a whole goes with it.
        if row - 1 in rows_reported and not ref and not category:
            rows_reported.add(row)
    for row, (_, _, requirement, *_) in reversed(list(enumerate(table, 1))):
        # So does a heading above it.
        if row + 1 in rows_reported and not requirement:
            rows_reported.add(row)
    return rows_reported


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_every_filled_row_is_counted_once_and_no_text_is_lost_without_a_problem(rows):
    table = [HEAD, ["0", "Seals", LONG, "must", "visit"], *rows]
    cells = [
        Cell(r, c, text) for r, row in enumerate(table, 1) for c, text in enumerate(row, 1) if text.strip()
    ]
    workbook = Workbook("a.xlsx", "xlsx", (Sheet("Criteria", rows_of(cells, frozenset())),))
    found = extract(workbook, propose(workbook))
    summary = found.sheets[0]
    assert sum(summary.ledger.values()) == len({cell.row for cell in cells})
    kept: Counter[str] = Counter()
    for criterion in found.criteria:
        for text in (criterion.ref, criterion.requirement, criterion.evidence, criterion.strength_text,
                     criterion.category_text, *criterion.section_path):  # fmt: skip
            kept.update(text.replace(";", " ").split())
    rows_reported = _rows_reported(found, table)
    for cell in cells:
        if cell.row > 1 and cell.row not in rows_reported:
            assert all(word in kept for word in cell.text.split()), cell
