"""The annotated copy marks each problem in its cell and holds no formula that the code did not write."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from tests.workbooks import builders
from tests.workbooks.builders import CRITERIA, Shape, csv_bytes
from workbooks.annotating import annotate
from workbooks.extracting import extract
from workbooks.layouts import propose
from workbooks.problem_codes import problem
from workbooks.reading import read

ROWS: list[list[object]] = [
    *CRITERIA,
    ["6.2", "Seals", '=HYPERLINK("http://x")', "@must", "+1", "-x"],
    ["6.3", "", "", "", "", ""],
]


def annotated(data: bytes, name: str):
    """Return the annotated copy of a file, opened, and what was extracted."""
    workbook = read(data, name)
    found = extract(workbook, propose(workbook))
    return openpyxl.load_workbook(io.BytesIO(annotate(workbook, found.problems))), found


@pytest.mark.parametrize("fmt", ["xls", "ods", "xlsb", "csv"])
def test_the_copy_is_xlsx_whatever_came_in_and_marks_every_cell(fmt):
    data = csv_bytes(ROWS) if fmt == "csv" else getattr(builders, fmt)({"Criteria": ROWS})
    book, found = annotated(data, f"Criteria.{fmt}")
    assert book.sheetnames == ["Problems", "Criteria"]
    sheet = book["Criteria"]
    cells = {p.cell.rpartition("!")[2] for p in found.problems if p.cell}
    assert cells == {"A5", "A6"}
    for address in cells:
        assert sheet[address].fill.fill_type == "solid"
        assert "Error:" in sheet[address].comment.text
    assert sheet["C3"].value == "Containers must be sealed."
    assert sheet["C3"].comment is None


def test_the_first_sheet_lists_every_problem_worst_first():
    book, found = annotated(
        builders.xlsx({"Criteria": [[*CRITERIA[1], "Score"], *[[*r, "7"] for r in ROWS[2:]]]}), "a.xlsx"
    )
    listed = [[cell.value for cell in row] for row in book["Problems"].iter_rows(min_row=2)]
    assert len(listed) == len(found.problems)
    severities = [row[0] for row in listed]
    assert severities == sorted(severities, key=["Error", "Warning", "Note"].index)
    assert all(row[6] and row[7] for row in listed)
    assert book["Problems"]["D2"].hyperlink.location == "'Criteria'!" + listed[0][3]
    assert book["Problems"].freeze_panes == "A2"


def test_no_text_becomes_a_formula():
    data = builders.csv_bytes(ROWS)
    book, _ = annotated(data, "a.csv")
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    assert book["a"]["C5"].value == '=HYPERLINK("http://x")'
    assert book["a"]["C5"].quotePrefix


def test_the_copy_keeps_what_the_sheet_says_beside_its_values():
    shape = Shape(merged=["A1:F1", "B3:B4"], hidden_rows=[4], hidden_columns=[6], struck=[(3, 3)],
                  bold=[(2, 1)], comments={(3, 4): "really?"}, right_to_left=True)  # fmt: skip
    rows = [*CRITERIA[:3], ["6.2", "", *CRITERIA[3][2:]]]
    book, _ = annotated(builders.xlsx({"Criteria": rows}, shape), "a.xlsx")
    sheet = book["Criteria"]
    assert sorted(str(r) for r in sheet.merged_cells.ranges) == ["A1:F1", "B3:B4"]
    assert sheet.row_dimensions[4].hidden
    assert sheet.column_dimensions["F"].hidden
    assert sheet["C3"].font.strike
    assert sheet["A2"].font.b
    assert "really?" in sheet["D3"].comment.text
    assert sheet.sheet_view.rightToLeft


def test_a_copy_that_returns_reads_like_the_file_it_came_from():
    data = builders.xlsx({"Criteria": ROWS[:4]})
    workbook = read(data, "a.xlsx")
    first = extract(workbook, propose(workbook))
    again = read(
        annotate(workbook, [problem("struck_out", sheet="Criteria", cell="C3", value="x")]), "b.xlsx"
    )
    second = extract(again, propose(again))
    assert [(c.ref, c.requirement, c.strength_text) for c in second.criteria] == [
        (c.ref, c.requirement, c.strength_text) for c in first.criteria
    ]
    assert second.sheets[0].skipped == "it is the list of problems of an annotated copy"


def test_a_refused_file_gives_the_list_alone():
    workbook = read(b"%PDF-1.7", "criteria.pdf")
    book = openpyxl.load_workbook(io.BytesIO(annotate(workbook)))
    assert book.sheetnames == ["Problems"]
    assert book["Problems"]["B2"].value == "pdf_file"


def test_sheet_names_that_excel_does_not_allow_are_replaced_and_kept_apart():
    name = "Problems/of:the*importers and exporters"
    workbook = read(builders.ods({name: CRITERIA, name + " 2": CRITERIA, "Problems": CRITERIA}), "a.ods")
    data = annotate(workbook, [problem("hidden_row", sheet=name, cell="C3")])
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert len(set(book.sheetnames)) == 4
    assert all(len(sheet) <= 31 for sheet in book.sheetnames)
    assert book.worksheets[1]["C3"].comment is not None


def test_macros_and_links_are_left_behind():
    data = builders.with_part(builders.xlsx({"Criteria": ROWS}), "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    workbook = read(data, "a.xlsm")
    with zipfile.ZipFile(io.BytesIO(annotate(workbook))) as archive:
        assert not [name for name in archive.namelist() if "vba" in name or "externalLink" in name]
